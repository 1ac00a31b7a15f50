/** Cuts a shell script into words, operators and here-documents: the part of POSIX sh that rulesets are written in. */
import type { DiagnosticLog, Span } from './diagnostic.ts'
import { mendLine } from './hazard.ts'

/** A piece of a word: text as it is, or a variable to be put in. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable'
      /** `1` to `9` for what a function is called with. */
      readonly name: string
      /** `${NAME:-text}`; null if there is none. */
      readonly fallback: string | null
      readonly quoted: boolean
      readonly source: string
    }
  /** A value that only a running shell knows: `$(…)`, `$@`, backticks. */
  | { readonly kind: 'unknown'; readonly source: string }

export interface ShellWord extends Span {
  readonly pieces: readonly Piece[]
}

/** The part of the text that a here-document takes, without its last line. */
export interface HereDocument {
  from: number
  to: number
  /** The word that ends it is not quoted: a shell puts variables in. */
  readonly expands: boolean
}

export type ShellToken =
  | { readonly kind: 'word'; readonly word: ShellWord }
  /** `;`, also at the end of a line; `&&`, `||`, `|`, `&`, `(`, `)`, `;;`. */
  | ({ readonly kind: 'operator'; readonly text: string } & Span)
  | { readonly kind: 'here'; readonly document: HereDocument }
  /** `> FILE`, `>> FILE`. */
  | { readonly kind: 'output'; readonly file: ShellWord }
  /** A line that holds nothing else. */
  | { readonly kind: 'comment'; readonly text: string }

interface LogicalLine {
  readonly text: string
  readonly place: (at: number) => number
}

interface PendingHere {
  readonly delimiter: string
  /** `<<-`: tabs in front of its lines do not count. */
  readonly indented: boolean
  readonly document: HereDocument
}

const nameStart = /[A-Za-z_]/
const nameCharacters = /[A-Za-z0-9_]*/y
/** A quote that is never closed must not take the whole of a long text for each of its lines. */
const LONGEST_LOGICAL = 2_000_000

export function lexShell(text: string, log: DiagnosticLog): ShellToken[] {
  return new ShellLexer(text, log).run()
}

class ShellLexer {
  readonly #text: string
  readonly #log: DiagnosticLog
  readonly #tokens: ShellToken[] = []
  #at = 0
  #pending: PendingHere[] = []

  constructor(text: string, log: DiagnosticLog) {
    this.#text = text
    this.#log = log
  }

  run(): ShellToken[] {
    while (this.#at < this.#text.length) {
      const line = this.#logicalLine()
      const end = line.place(line.text.length)
      new LineLexer(line, this.#tokens, this.#log, (delimiter, indented, expands) => {
        const document = { from: 0, to: 0, expands }
        this.#pending.push({ delimiter, indented, document })
        return document
      }).run()
      this.#tokens.push({ kind: 'operator', text: ';', start: end, end })
      for (const pending of this.#pending) this.#skipHere(pending)
      this.#pending = []
    }
    return this.#tokens
  }

  #physicalLine(): { start: number; end: number } {
    const start = this.#at
    const found = this.#text.indexOf('\n', start)
    const end = found < 0 ? this.#text.length : found
    this.#at = end + 1
    return { start, end }
  }

  /** A line with those that continue it, by a backslash or an open quote. */
  #logicalLine(): LogicalLine {
    const first = this.#physicalLine()
    const { text, offsets } = mendLine(this.#text.slice(first.start, first.end), first.start, true, this.#log)
    let state = quoteAtEnd(text, '')
    if (!state.continued && state.quote === '') {
      return { text, place: offsets ? (at) => offsets[at]! : (at) => first.start + at }
    }
    const parts = [text]
    const places: number[] = []
    const note = (start: number, known: readonly number[] | null, length: number) => {
      for (let i = 0; i < length; i++) places.push(known ? known[i]! : start + i)
    }
    let size = text.length
    const join = (line: string, start: number, known: readonly number[] | null) => {
      const kept = state.continued ? line.length - 1 : line.length
      parts[parts.length - 1] = line.slice(0, kept)
      note(start, known, kept)
      if (!state.continued) {
        parts.push('\n')
        places.push(start + line.length)
      }
    }
    let line = text
    let start = first.start
    let known = offsets
    while (
      (state.continued || state.quote !== '') &&
      this.#at < this.#text.length &&
      size < LONGEST_LOGICAL
    ) {
      join(line, start, known)
      const next = this.#physicalLine()
      const mended = mendLine(this.#text.slice(next.start, next.end), next.start, true, this.#log)
      line = mended.text
      start = next.start
      known = mended.offsets
      parts.push(line)
      size += line.length
      state = quoteAtEnd(line, state.quote)
    }
    note(start, known, line.length)
    places.push(known ? known[line.length]! : start + line.length)
    return { text: parts.join(''), place: (at) => places[Math.min(at, places.length - 1)]! }
  }

  #skipHere({ delimiter, indented, document }: PendingHere): void {
    document.from = Math.min(this.#at, this.#text.length)
    document.to = document.from
    while (this.#at < this.#text.length) {
      const { start, end } = this.#physicalLine()
      const line = this.#text.slice(start, end)
      document.to = start
      if ((indented ? line.replace(/^\t+/, '') : line) === delimiter) return
      document.to = Math.min(this.#at, this.#text.length)
    }
  }
}

/** Whether a line goes on in the next, and in which quote. */
function quoteAtEnd(line: string, before: string): { quote: string; continued: boolean } {
  let quote = before
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (character === '\\' && quote !== "'") {
      if (i === line.length - 1) return { quote, continued: true }
      i++
    } else if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '#' && (i === 0 || /\s/.test(line[i - 1]!))) break
  }
  return { quote, continued: false }
}

class LineLexer {
  readonly #text: string
  readonly #place: (at: number) => number
  readonly #tokens: ShellToken[]
  readonly #log: DiagnosticLog
  readonly #here: (delimiter: string, indented: boolean, expands: boolean) => HereDocument
  #at = 0

  constructor(
    line: LogicalLine,
    tokens: ShellToken[],
    log: DiagnosticLog,
    here: (delimiter: string, indented: boolean, expands: boolean) => HereDocument,
  ) {
    this.#text = line.text
    this.#place = line.place
    this.#tokens = tokens
    this.#log = log
    this.#here = here
  }

  run(): void {
    const text = this.#text
    let first = true
    while (this.#at < text.length) {
      const character = text[this.#at]!
      if (/\s/.test(character)) {
        this.#at++
        continue
      }
      if (character === '#') {
        if (first) this.#tokens.push({ kind: 'comment', text: text.slice(this.#at) })
        return
      }
      first = false
      if (this.#redirection()) continue
      const operator = /^(?:&&|\|\||;;|[;|&()])/.exec(text.slice(this.#at, this.#at + 2))?.[0]
      if (operator !== undefined) {
        const start = this.#at
        this.#at += operator.length
        const span = { start: this.#place(start), end: this.#place(start) + operator.length }
        this.#tokens.push({ kind: 'operator', text: operator, ...span })
        continue
      }
      const word = this.#word()
      this.#tokens.push({ kind: 'word', word })
    }
  }

  /** `2>/dev/null`, `&> file`, `>&2`, `< file`, `<<EOF`: dropped, but for the document and where output goes. */
  #redirection(): boolean {
    const text = this.#text
    const found = /^(?:\d*|&)(<<-?|<<<|>>|[<>])(&[\d-]+|&)?/.exec(text.slice(this.#at, this.#at + 12))
    if (!found) return false
    this.#at += found[0].length
    if (found[2] !== undefined && found[2] !== '&') return true
    while (this.#at < text.length && /[ \t]/.test(text[this.#at]!)) this.#at++
    if (this.#at >= text.length || /[;|&()]/.test(text[this.#at]!)) return true
    const word = this.#word()
    if (found[1] === '<<' || found[1] === '<<-') {
      const delimiter = word.pieces
        .map((piece) => (piece.kind === 'text' ? piece.text : piece.source))
        .join('')
      const expands = !word.pieces.some((piece) => piece.kind === 'text' && piece.quoted)
      this.#tokens.push({ kind: 'here', document: this.#here(delimiter, found[1] === '<<-', expands) })
    } else if (/^1?>>?$/.test(found[0])) this.#tokens.push({ kind: 'output', file: word })
    return true
  }

  #word(): ShellWord {
    const text = this.#text
    const start = this.#at
    const pieces: Piece[] = []
    let plain = ''
    let quote = ''
    let quotedPlain = false
    const flush = () => {
      if (plain !== '' || quotedPlain) pieces.push({ kind: 'text', text: plain, quoted: quotedPlain })
      plain = ''
      quotedPlain = false
    }
    while (this.#at < text.length) {
      const character = text[this.#at]!
      if (quote === '' && /[\s;|&()<>]/.test(character)) break
      if (quote === "'") {
        if (character === "'") quote = ''
        else plain += character
        this.#at++
      } else if (character === '\\') {
        const next = text[this.#at + 1] ?? ''
        // Between double quotes a backslash stays in front of all but these.
        if (quote === '"' && !/["\\$`]/.test(next)) plain += '\\'
        plain += next
        if (quote === '') quotedPlain = true
        this.#at += 2
      } else if (character === quote || (quote === '' && (character === '"' || character === "'"))) {
        quote = quote === '' ? character : ''
        quotedPlain = true
        this.#at++
      } else if (character === '$' || character === '`') {
        const piece = this.#expansion(quote !== '')
        if (piece === null) plain += text[this.#at++]!
        else {
          flush()
          pieces.push(piece)
        }
      } else {
        plain += character
        this.#at++
      }
    }
    flush()
    if (quote !== '') {
      const at = this.#place(start)
      this.#log.add(
        { start: at, end: at + 1 },
        { code: 'shell', message: `this word has a ${quote} that is never closed` },
      )
    }
    return { pieces, start: this.#place(start), end: this.#place(Math.max(start, this.#at - 1)) + 1 }
  }

  /** What a `$` or backtick begins; null if it is only a character. */
  #expansion(quoted: boolean): Piece | null {
    const text = this.#text
    const start = this.#at
    const next = text[start + 1] ?? ''
    if (text[start] === '`') return this.#unknown(text.indexOf('`', start + 1) + 1)
    const isParameter = /[1-9]/.test(next)
    if (isParameter || nameStart.test(next)) {
      nameCharacters.lastIndex = start + 1
      const name = isParameter ? next : nameCharacters.exec(text)![0]
      this.#at = start + 1 + name.length
      return { kind: 'variable', name, fallback: null, quoted, source: text.slice(start, this.#at) }
    }
    if (next === '(') return this.#unknown(closing(text, start + 1, '(', ')') + 1)
    if (next === '{') {
      const end = closing(text, start + 1, '{', '}') + 1
      const inside = /^\{([A-Za-z_][A-Za-z0-9_]*|[1-9])(?::?[-=]([^${}`]*))?\}$/.exec(
        text.slice(start + 1, end || text.length),
      )
      if (!inside) return this.#unknown(end)
      this.#at = end
      const fallback = inside[2] ?? null
      return { kind: 'variable', name: inside[1]!, fallback, quoted, source: text.slice(start, end) }
    }
    return /[0@*#?$!-]/.test(next) ? this.#unknown(start + 2) : null
  }

  #unknown(end: number): Piece {
    const start = this.#at
    this.#at = end > start ? end : this.#text.length
    return { kind: 'unknown', source: this.#text.slice(start, this.#at) }
  }
}

function closing(text: string, from: number, open: string, close: string): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth++
    else if (text[at] === close && --depth === 0) return at
  }
  return -1
}
