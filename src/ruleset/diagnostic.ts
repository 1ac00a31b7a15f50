/** What is wrong with a ruleset's text, where, and what was probably meant. */
import { codeFrame } from '../diagnostic/code-frame.ts'
import { printable } from '../diagnostic/printable.ts'
import type { Place } from './model.ts'
import type { Source } from './source.ts'

/** Stable names of the mistakes. */
export type DiagnosticCode =
  // words and options
  | 'unknown-option'
  | 'unknown-match'
  | 'unknown-target'
  | 'unknown-chain'
  | 'unknown-table'
  | 'missing-value'
  | 'bad-value'
  | 'stray-word'
  | 'repeated-option'
  | 'not-invertible'
  | 'conflicting-options'
  | 'missing-option'
  | 'missing-match'
  | 'needs-protocol'
  | 'wrong-family'
  | 'wrong-table'
  | 'wrong-chain'
  // commands and files
  | 'bad-command'
  | 'bad-chain'
  | 'bad-line'
  | 'not-rules'
  | 'no-table'
  | 'no-commit'
  | 'repeated-table'
  | 'loop'
  | 'shell'
  | 'unset-variable'
  // what web pages and editors do to rules
  | 'typographic-dash'
  | 'typographic-quote'
  | 'odd-quote'
  | 'odd-blank'
  | 'single-dash'
  | 'lost-blank'
  | 'blank-in-list'
  | 'html-entity'
  | 'prompt'
  | 'byte-order-mark'
  | 'carriage-return'
  // accepted, and probably not meant
  | 'old-negation'
  | 'narrow-flags'
  | 'no-wildcard'
  | 'never-matches'
  | 'obsolete'
  | 'not-applied'
  | 'too-many'

/** Replaces a part of the text. */
export interface Fix {
  readonly position: number
  readonly length: number
  readonly text: string
}

/** Something that is wrong with a text of rules. */
export interface Diagnostic {
  /** With an error iptables would refuse the file; a warning is taken as told. */
  readonly severity: 'error' | 'warning'
  /** Which kind of mistake it is; stable. */
  readonly code: DiagnosticCode
  /** File, line and column. */
  readonly place: Place
  /** Offset into the text that was given. */
  readonly position: number
  /** How much of it is meant; 0 for a spot. */
  readonly length: number
  /** A sentence without a full stop. */
  readonly message: string
  /** What could stand there, or null. */
  readonly expected: string | null
  /** The word that was probably meant, or null. */
  readonly suggestion: string | null
  /** Changes that mend it. All fixes of a line together make its corrected form. */
  readonly fixes: readonly Fix[]
}

/** A part of the text as it is parsed. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Finding {
  readonly severity?: 'error' | 'warning'
  readonly code: DiagnosticCode
  readonly message: string
  readonly expected?: string | undefined
  readonly suggestion?: string | null | undefined
  readonly fixes?: readonly Fix[]
}

/** How many findings are kept of one text. */
const DEFAULT_LIMIT = 1000
const LONGEST_MESSAGE = 300

/** Collects the findings about one text, up to a limit, and knows its lines. */
export class DiagnosticLog {
  readonly file: string
  readonly #source: Source
  readonly #lineStarts: readonly number[]
  readonly #found: Diagnostic[] = []
  /** A line that a script runs many times is reported once. */
  readonly #known = new Set<string>()
  readonly #limit: number
  #beyond = 0
  errors = 0

  constructor(source: Source, file: string, limit = DEFAULT_LIMIT) {
    const { text } = source
    this.file = file
    this.#source = source
    this.#limit = Math.max(1, limit)
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
  }

  place(position: number): Place {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#lineStarts[middle]! <= position) low = middle
      else high = middle - 1
    }
    return { file: this.file, line: low + 1, column: position - this.#lineStarts[low]! + 1 }
  }

  /** Nothing more is kept: what a finding costs can be saved. */
  get full(): boolean {
    return this.#found.length >= this.#limit
  }

  /** From a place to the end of its line. */
  spanFrom(place: Place): Span {
    const { text } = this.#source
    const start = (this.#lineStarts[place.line - 1] ?? 0) + place.column - 1
    const end = text.indexOf('\n', start)
    return { start, end: end < 0 ? text.length : end }
  }

  add(span: Span, finding: Finding): void {
    const severity = finding.severity ?? 'error'
    if (severity === 'error') this.errors++
    if (this.full) {
      this.#beyond++
      return
    }
    const key = `${span.start} ${span.end} ${finding.code} ${shorten(finding.message, LONGEST_MESSAGE)}`
    if (this.#known.has(key)) return
    this.#known.add(key)
    const position = this.#source.original(span.start)
    this.#found.push({
      severity,
      code: finding.code,
      place: this.place(span.start),
      position,
      length: Math.max(0, this.#source.original(span.end, true) - position),
      message: shorten(finding.message, LONGEST_MESSAGE),
      expected: finding.expected ?? null,
      suggestion: finding.suggestion ?? null,
      fixes: (finding.fixes ?? []).map((fix) => {
        const start = this.#source.original(fix.position, fix.length === 0)
        return {
          position: start,
          length: this.#source.original(fix.position + fix.length, true) - start,
          text: fix.text,
        }
      }),
    })
  }

  /** In the order of the text; a last one tells how many were left out. */
  all(): readonly Diagnostic[] {
    const sorted = [...this.#found].sort((a, b) => a.position - b.position)
    if (this.#beyond === 0) return sorted
    const last = sorted[sorted.length - 1]!
    const message = `${this.#beyond} more findings are not listed`
    return [
      ...sorted,
      { ...last, severity: 'warning', code: 'too-many', message, fixes: [], suggestion: null },
    ]
  }
}

export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

/** A word in a message: quoted, and not longer than needed. */
export function shown(text: string): string {
  return `"${shorten(text, 40)}"`
}

function lineAround(text: string, position: number): Span {
  const end = text.indexOf('\n', position)
  return { start: text.lastIndexOf('\n', position - 1) + 1, end: end < 0 ? text.length : end }
}

/** The line at `position` with all fixes of these diagnostics made, or null if none of them changes it. */
export function correctedLine(
  text: string,
  position: number,
  diagnostics: readonly Diagnostic[],
): string | null {
  const { start, end } = lineAround(text, position)
  const fixes = diagnostics
    .flatMap((diagnostic) => diagnostic.fixes)
    .filter((fix) => fix.position >= start && fix.position + fix.length <= end)
    // What is put in goes in front of what is replaced there; of two replacements the longer one: it writes the whole word anew.
    .sort(
      (a, b) => a.position - b.position || Number(a.length > 0) - Number(b.length > 0) || b.length - a.length,
    )
  if (fixes.length === 0) return null
  let line = ''
  let done = start
  for (const fix of fixes) {
    if (fix.position < done) continue // overlaps one that is made already
    line += text.slice(done, fix.position) + fix.text
    done = fix.position + fix.length
  }
  return line + text.slice(done, end)
}

/**
 * As the command prints it, without an end of line:
 * ```
 * rules.v4:37:24  error  unknown-option
 *   37 | -A INPUT -m conntrack --cstate NEW -j ACCEPT
 *      |                       ^^^^^^^^
 *   the conntrack match has no option --cstate; did you mean --ctstate?
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic, text: string, width = 80): string {
  const { place, severity, code, message, expected, suggestion } = diagnostic
  const { position, length } = diagnostic
  const frame = codeFrame({ text, position, length, margin: String(place.line), width })
  const told = suggestion === null ? message : `${message}; did you mean ${suggestion}?`
  const head = `${place.file}:${place.line}:${place.column}  ${severity}  ${code}`
  const lines = [printable(head), frame, `  ${printable(told)}`]
  if (expected !== null) lines.push(`  expected: ${printable(expected)}`)
  return lines.join('\n')
}

/**
 * All diagnostics as the command prints them, in their order; behind the last one of a line with corrections, the line as
 * it is meant.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], text: string, width = 80): string[] {
  return diagnostics.flatMap((diagnostic, index) => {
    const formatted = formatDiagnostic(diagnostic, text, width)
    const { line } = diagnostic.place
    if (diagnostics[index + 1]?.place.line === line) return [formatted]
    const ofLine = diagnostics.filter(({ place }) => place.line === line)
    const corrected = correctedLine(text, diagnostic.position, ofLine)
    return corrected === null ? [formatted] : [formatted, `  corrected: ${printable(corrected.trim())}`]
  })
}
