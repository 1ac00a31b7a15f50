/** Cuts a line of iptables-restore into words. Its quoting is its own, not a shell's. */
import type { Word } from './word.ts'

const TAB = 0x09
const BLANK = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

export interface Line {
  readonly text: string
  /** Part of `text` to read. */
  readonly from: number
  readonly to: number
  /** Where the characters of `text` stand in the file; null: where they stand in `text`. */
  readonly offsets: readonly number[] | null
}

export interface Lexed {
  readonly words: Word[]
  /** Where a quote stands that is never closed, or null. */
  readonly openQuote: number | null
}

/**
 * Words are parted by blanks and tabs. A double quote begins and ends quoting, and its end is the word's end; inside, a
 * backslash takes the next character as it is. Outside quotes a backslash is a character like others, and so is a
 * single quote everywhere.
 */
export function lexRestoreLine({ text, from, to, offsets }: Line): Lexed {
  const words: Word[] = []
  let openQuote: number | null = null
  const place = (at: number) => (offsets === null ? at : offsets[at]!)
  let at = from
  while (at < to) {
    const code = text.charCodeAt(at)
    if (code === BLANK || code === TAB) {
      at++
      continue
    }
    const start = at
    let end = at
    while (end < to) {
      const here = text.charCodeAt(end)
      if (here === BLANK || here === TAB || here === QUOTE) break
      end++
    }
    let word = text.slice(start, end)
    let quoted = false
    at = end
    if (at < to && text.charCodeAt(at) === QUOTE) {
      quoted = true
      const opened = at++
      let done = at
      for (; at < to; at++) {
        const here = text.charCodeAt(at)
        if (here === QUOTE) break
        if (here === BACKSLASH && at + 1 < to) {
          word += text.slice(done, at)
          done = ++at
        }
      }
      word += text.slice(done, at)
      if (at < to) at++
      else {
        // The real lexer goes on to the end of its line, the line feed included.
        openQuote = place(opened)
        word += '\n'
      }
    }
    words.push({ text: word, start: place(start), end: place(at - 1) + 1, quoted })
  }
  return { words, openQuote }
}
