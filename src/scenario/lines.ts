/** A text as lines with their indentation; empty ones and those of comments alone are passed over. */
import type { Span } from './problem.ts'

export interface Line extends Span {
  /** Columns of blanks in front; a tab reaches to the next multiple of 8. */
  readonly indent: number
}

/** Lines below a head, each indented deeper. */
export interface TextBlock {
  readonly span: Span
  readonly lines: readonly Line[]
  /** Their text without the blanks that all of them begin with. */
  readonly text: string
  /** Lines in front of it. */
  readonly before: number
}

const TAB = 8

export class Lines {
  readonly #text: string
  #at = 0
  #counted = 0
  #count = 0

  constructor(text: string) {
    this.#text = text
    // A byte order mark says nothing.
    if (text.startsWith('\ufeff')) this.#at = 1
  }

  get done(): boolean {
    return this.peek() === null
  }

  /** The next line that is not empty. */
  peek(): Line | null {
    for (let at = this.#at; at < this.#text.length; ) {
      const line = this.#lineAt(at)
      if (!this.#isEmpty(line, true)) return line
      at = line.end + 1
      this.#at = at
    }
    return null
  }

  take(): Line | null {
    const line = this.peek()
    if (line !== null) this.#at = line.end + 1
    return line
  }

  /** Passes over the lines that are indented deeper than this. */
  skipBelow(indent: number): void {
    for (let line = this.peek(); line !== null && line.indent > indent; line = this.peek()) this.take()
  }

  /** The lines indented deeper than this, comments in them included; null where none follows. */
  takeBlock(indent: number): TextBlock | null {
    const lines: Line[] = []
    let empty: Line[] = []
    const first = this.#at
    for (let at = first; at < this.#text.length; ) {
      const line = this.#lineAt(at)
      at = line.end + 1
      if (this.#isEmpty(line, false)) {
        empty.push(line)
        continue
      }
      if (line.indent <= indent) break
      for (const one of empty) lines.push(one)
      lines.push(line)
      empty = []
      this.#at = at
    }
    if (lines.length === 0) return null
    let shared = Number.POSITIVE_INFINITY
    for (const line of lines) {
      if (!this.#isEmpty(line, false)) shared = Math.min(shared, this.#blanks(line))
    }
    const texts = lines.map(({ start, end }) => this.#text.slice(Math.min(start + shared, end), end))
    const span = { start: lines[0]!.start, end: lines.at(-1)!.end }
    return { span, lines, text: `${texts.join('\n')}\n`, before: this.#linesBefore(span.start) }
  }

  /** Blocks come in the order of the text, so each line is counted once. */
  #linesBefore(position: number): number {
    for (let at = this.#text.indexOf('\n', this.#counted); at >= 0 && at < position; ) {
      this.#count++
      this.#counted = at + 1
      at = this.#text.indexOf('\n', this.#counted)
    }
    return this.#count
  }

  #lineAt(start: number): Line {
    const found = this.#text.indexOf('\n', start)
    const end = found < 0 ? this.#text.length : found
    let indent = 0
    for (let at = start; at < end; at++) {
      const letter = this.#text[at]
      if (letter === ' ') indent++
      else if (letter === '\t') indent += TAB - (indent % TAB)
      else break
    }
    return { start, end, indent }
  }

  /** Characters of blanks in front. */
  #blanks({ start, end }: Line): number {
    let at = start
    while (at < end && (this.#text[at] === ' ' || this.#text[at] === '\t')) at++
    return at - start
  }

  #isEmpty(line: Line, orComment: boolean): boolean {
    const at = line.start + this.#blanks(line)
    const letter = at < line.end ? this.#text[at] : ''
    return letter === '' || letter === '\r' || (orComment && letter === '#')
  }
}
