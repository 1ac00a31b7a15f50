/** Reads one line of a scenario from left to right; what does not fit is refused with its place. */
import { suggest } from '../diagnostic/suggest.ts'
import { Refusal, type Span } from './problem.ts'

/** A word and where it stands. */
export interface Word extends Span {
  readonly text: string
}

/** What ends a word beside a blank. */
const BREAKS = ' \t\r,()<>"{}'
const LONGEST_SHOWN = 40

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  '"': '"',
}

/** `\xNN` from 80 on, which is no letter: half of a surrogate pair that never stands alone in a text. */
const BYTE_ESCAPES = 0xdc00

export function isByteEscape(code: number): boolean {
  return code >= BYTE_ESCAPES + 0x80 && code <= BYTE_ESCAPES + 0xff
}

export class Scanner {
  readonly text: string
  /** Offset of the next character. */
  at: number
  /** Offset behind the last one that counts: blanks and the comment at the end do not. */
  readonly end: number

  constructor(text: string, start: number, end: number) {
    this.text = text
    this.at = start
    this.end = contentEnd(text, start, end)
  }

  /** Passes over blanks; true at the end of the line. */
  get done(): boolean {
    this.skip()
    return this.at >= this.end
  }

  skip(): void {
    while (this.at < this.end && isBlank(this.text[this.at]!)) this.at++
  }

  /** The next character, `''` at the end; blanks are not passed over. */
  get next(): string {
    return this.at < this.end ? this.text[this.at]! : ''
  }

  /** Takes this text if it is what comes next behind blanks. */
  take(text: string): boolean {
    this.skip()
    if (!this.text.startsWith(text, this.at) || this.at + text.length > this.end) return false
    this.at += text.length
    return true
  }

  /** @throws Refusal if something else comes. */
  expect(text: string, where: string): void {
    if (!this.take(text)) throw this.refusal(`expected "${text}" ${where}`)
  }

  /** The word that comes next behind blanks, which stays; null where none begins. */
  peekWord(): Word | null {
    this.skip()
    let end = this.at
    while (end < this.end && !BREAKS.includes(this.text[end]!)) end++
    return end === this.at ? null : { text: this.text.slice(this.at, end), start: this.at, end }
  }

  /** Takes the next word. @throws Refusal where none begins. */
  word(expected: string): Word {
    const found = this.peekWord()
    if (found === null) throw this.refusal(`expected ${expected}`)
    this.at = found.end
    return found
  }

  /** Takes the next word if it is this one. */
  takeWord(text: string): Word | null {
    const found = this.peekWord()
    if (found === null || found.text !== text) return null
    this.at = found.end
    return found
  }

  /** Takes what matches at the next character; the expression is sticky. */
  match(pattern: RegExp): Word | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null || this.at + found[0].length > this.end) return null
    const start = this.at
    this.at += found[0].length
    return { text: found[0], start, end: this.at }
  }

  /** Takes a text in double quotes, with `\n \r \t \0 \\ \" \xNN`; null where none begins. @throws Refusal */
  quoted(): Word | null {
    this.skip()
    if (this.text[this.at] !== '"' || this.at >= this.end) return null
    const start = this.at++
    let text = ''
    for (;;) {
      const letter = this.next
      if (letter === '') throw new Refusal({ start, end: this.end }, 'the quote is not closed')
      this.at++
      if (letter === '"') return { text, start, end: this.at }
      text += letter === '\\' ? this.#escape() : letter
    }
  }

  #escape(): string {
    const letter = this.next
    const start = this.at - 1
    this.at++
    if (letter === 'x') {
      const digits = this.match(/[0-9a-fA-F]{2}/y)
      if (digits !== null) {
        const byte = Number.parseInt(digits.text, 16)
        return String.fromCharCode(byte < 0x80 ? byte : BYTE_ESCAPES + byte)
      }
    }
    const found = escapes[letter]
    if (found !== undefined) return found
    throw new Refusal({ start, end: this.at }, 'in quotes there are \\n \\r \\t \\0 \\\\ \\" and \\xNN')
  }

  /** A line that is over. @throws Refusal if something is left. */
  finish(what: string): void {
    if (!this.done) throw this.refusal(`${what} ends here`)
  }

  /** About what comes next: a word, or the end of the line; for throwing. */
  refusal(message: string, known: Iterable<string> = []): Refusal {
    const found = this.peekWord()
    if (this.done) {
      return new Refusal({ start: this.end, end: this.end }, `${message}; the line ends here`)
    }
    const span = found ?? { start: this.at, end: this.at + 1 }
    return new Refusal(span, message, found === null ? null : suggest(found.text, known))
  }
}

function isBlank(letter: string): boolean {
  return letter === ' ' || letter === '\t' || letter === '\r'
}

/**
 * Where a line's content ends: ahead of a comment, which is a `#` at the beginning of the line or behind a blank.
 * Within a line `#` and a digit are a literal number.
 */
function contentEnd(text: string, start: number, end: number): number {
  let first = start
  while (first < end && isBlank(text[first]!)) first++
  let quoted = false
  let last = end
  for (let at = first; at < end; at++) {
    const letter = text[at]!
    if (quoted) {
      if (letter === '\\') at++
      else if (letter === '"') quoted = false
    } else if (letter === '"') quoted = true
    else if (
      letter === '#' &&
      (at === first || (isBlank(text[at - 1]!) && !/[0-9{]/.test(text[at + 1] ?? '')))
    ) {
      last = at
      break
    }
  }
  while (last > first && isBlank(text[last - 1]!)) last--
  return last
}

/** A word in a message: quoted, and not longer than needed. */
export function shown(text: string): string {
  return `"${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text}"`
}
