/** All findings about a text of rules. */
import { suggest } from '../../diagnostic/suggest.ts'
import type { Diagnostic } from '../../ruleset/diagnostic.ts'
import { correctedLine } from '../../ruleset/diagnostic.ts'
import type { Place } from '../../ruleset/model.ts'
import type { ParsedRuleset } from '../../ruleset/parser.ts'
import { checks } from './checks.ts'
import { LintContext } from './context.ts'
import type { Severity } from './finding.ts'
import { readSilences, type Silence } from './silence.ts'

/** Something about rules that is probably not meant. */
export interface LintFinding {
  /** Which kind it is; stable. Those of reading the text keep the code of their diagnostic. */
  readonly code: string
  /** A note is worth a look; a warning is probably wrong. */
  readonly severity: Severity
  /** File, line and column. */
  readonly place: Place
  /** Offset into the text. */
  readonly position: number
  /** How much of it is meant, in UTF-16 units. */
  readonly length: number
  /** Null where the text itself is meant, not what it says. */
  readonly table: string | null
  /** Null likewise. */
  readonly chain: string | null
  /** Of the rule in its chain, from 1. */
  readonly number: number | null
  /** A sentence without a full stop. */
  readonly message: string
  /** What to do, or null. */
  readonly advice: string | null
  /** Lines that do it, as they stand in a file for iptables-restore. */
  readonly lines: readonly string[]
}

/** A rule of which the budget did not suffice to say whether it can match. */
export interface UndecidedRule {
  /** Where it begins. */
  readonly place: Place
  /** Its table. */
  readonly table: string
  /** Its chain. */
  readonly chain: string
  /** In its chain, from 1. */
  readonly number: number
}

/** All that lint has to say about a text of rules. */
export interface LintReport {
  /** In the order of the text. */
  readonly findings: readonly LintFinding[]
  /** Findings that a comment of the file silences. */
  readonly silenced: number
  /** Findings of a kind that are too many to be told, beside those that are. */
  readonly untold: readonly { readonly code: string; readonly findings: number }[]
  /** Rules of which nothing is told, because the budget did not suffice. */
  readonly undecided: readonly UndecidedRule[]
  /** How many rules there are. */
  readonly rules: number
  /** How many chains there are. */
  readonly chains: number
}

/** So many findings of one kind are told. */
const MOST_OF_A_KIND = 200

/**
 * What is wrong with rules, told without any traffic. The ruleset must have been read without errors.
 *
 * ```ts
 * import { lintRuleset, parseRuleset } from 'sallyport'
 *
 * const text = '*filter\n-A INPUT -p tcp -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n'
 * const parsed = parseRuleset(text, { family: 'ipv4', file: 'rules.v4' })
 * for (const { place, code, message } of lintRuleset(text, parsed).findings) console.log(place.line, code, message)
 * ```
 *
 * @throws TypeError for a ruleset whose text had mistakes
 */
export function lintRuleset(text: string, { ruleset, diagnostics }: ParsedRuleset): LintReport {
  if (ruleset.faulty === true) throw new TypeError('the rules have mistakes: see the diagnostics')
  const context = new LintContext(ruleset)
  const lines = new Lines(text)
  const untold: { code: string; findings: number }[] = []
  const all = [...ofReading(diagnostics, text), ...ofChecks(context, lines, untold)]
  const silences = readSilences(text, ruleset.tables[0]?.place.file ?? 'rules')
  const told = all.filter((finding) => !isSilenced(finding, silences))
  const findings = [...told, ...unused(silences)].sort((a, b) => a.position - b.position)
  const chains = ruleset.tables.flatMap((table) => table.chains)
  return {
    findings,
    silenced: all.length - told.length,
    untold,
    undecided: undecidedOf(context),
    rules: chains.reduce((sum, chain) => sum + chain.rules.length, 0),
    chains: chains.length,
  }
}

/** What the reader of the rules takes as told, and warns of. */
function ofReading(diagnostics: readonly Diagnostic[], text: string): LintFinding[] {
  return diagnostics.map(({ code, place, position, length, message, suggestion, fixes }) => {
    const corrected =
      fixes.length === 0
        ? null
        : correctedLine(
            text,
            position,
            diagnostics.filter((one) => one.position === position),
          )
    return {
      code,
      severity: 'warning',
      place,
      position,
      length,
      table: null,
      chain: null,
      number: null,
      message: suggestion === null ? message : `${message}; did you mean ${suggestion}?`,
      advice: corrected === null ? null : 'write',
      lines: corrected === null ? [] : [corrected.trim()],
    }
  })
}

function ofChecks(
  context: LintContext,
  lines: Lines,
  untold: { code: string; findings: number }[],
): LintFinding[] {
  return checks.flatMap((check) => {
    const { code, severity } = check
    const found: LintFinding[] = []
    let more = 0
    for (const { place, lines: fix = [], ...rest } of check.find(context)) {
      if (found.length >= MOST_OF_A_KIND) more++
      else found.push({ code, severity, place, ...lines.span(place), ...rest, lines: fix })
    }
    if (more > 0) untold.push({ code, findings: more })
    return found
  })
}

function isSilenced({ code, place }: LintFinding, silences: readonly Silence[]): boolean {
  let is = false
  for (const silence of silences) {
    if (silence.code !== code || (silence.line !== null && silence.line !== place.line)) continue
    silence.isUsed = true
    is = true
  }
  return is
}

function unused(silences: readonly Silence[]): LintFinding[] {
  return silences
    .filter(({ isUsed }) => !isUsed)
    .map(({ code, place, position, line }) => ({
      code: UNUSED_SILENCE,
      severity: 'note',
      place,
      position,
      length: code.length,
      table: null,
      chain: null,
      number: null,
      message: `nothing is silenced by this: ${line === null ? 'the file' : 'the line that it is about'} has no finding ${code}`,
      advice: adviceOn(code),
      lines: [],
    }))
}

function adviceOn(code: string): string {
  const codes = checks.map((check) => check.code)
  const near = codes.includes(code) ? null : suggest(code, codes)
  return near === null ? 'delete it, or put it in front of the line that is meant' : `did you mean ${near}?`
}

/** The code of the finding about a silencing comment that silences nothing. */
export const UNUSED_SILENCE = 'unused-silence'

function undecidedOf({ tables }: LintContext): UndecidedRule[] {
  return tables.flatMap(({ node, fates }) =>
    [...fates].flatMap(([{ rule, chain, number }, { kind }]) =>
      kind === 'undecided' ? [{ place: rule.place, table: node.table.name, chain: chain.name, number }] : [],
    ),
  )
}

/** Where lines begin in the text. */
class Lines {
  readonly #text: string
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#text = text
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  /** From a place to the end of its line. */
  span({ line, column }: Place): { readonly position: number; readonly length: number } {
    const start = this.#starts[line - 1] ?? this.#text.length
    const next = this.#starts[line] ?? this.#text.length + 1
    const position = Math.min(start + column - 1, this.#text.length)
    return { position, length: Math.max(0, next - 1 - position) }
  }
}
