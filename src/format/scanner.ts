/** A word of a text, with the place it stands at. */
export interface Word {
  readonly text: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

/** Blanks as they come out of web pages and mails too: no-break, thin and ideographic ones, zero widths. */
function isBlank(code: number): boolean {
  if (code <= 0x20) return true
  if (code < 0xa0) return false
  return (
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200b) ||
    code === 0x202f ||
    code === 0x3000 ||
    code === 0xfeff
  )
}

/** Words of a text one by one, with one word of foresight; line ends are blanks like others. */
export class Scanner {
  /** The word to read, null at the end. */
  word: Word | null
  /** The one behind it. */
  following: Word | null
  /** The last one that was passed, to point at when the text ends too early. */
  last: Word = { text: '', line: 1, column: 1 }
  /** Where the word begins in the text; behind the text at its end. */
  offset: number
  readonly #text: string
  #followingOffset: number
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
    this.word = this.#read()
    this.offset = this.#offsetOf(this.word)
    this.following = this.#read()
    this.#followingOffset = this.#offsetOf(this.following)
  }

  advance(): void {
    if (this.word) this.last = this.word
    this.word = this.following
    this.offset = this.#followingOffset
    this.following = this.#read()
    this.#followingOffset = this.#offsetOf(this.following)
  }

  /** Of the word read last. */
  #offsetOf(word: Word | null): number {
    return word === null ? this.#text.length : this.#at - word.text.length
  }

  #read(): Word | null {
    const text = this.#text
    let at = this.#at
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (!isBlank(code)) break
      if (code === 10) {
        this.#line++
        this.#lineStart = at + 1
      }
    }
    const start = at
    while (at < text.length && !isBlank(text.charCodeAt(at))) at++
    this.#at = at
    if (at === start) return null
    return { text: text.slice(start, at), line: this.#line, column: start - this.#lineStart + 1 }
  }
}
