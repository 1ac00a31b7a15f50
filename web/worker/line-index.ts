/** Where the lines of a text begin. */
export class LineIndex {
  readonly #starts: readonly number[]

  constructor(text: string) {
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts = starts
  }

  /** Of an offset, from 1. */
  lineOf(position: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= position) low = middle
      else high = middle - 1
    }
    return low + 1
  }

  /** Offset of its first character; `line` from 1. */
  startOf(line: number): number {
    return this.#starts[Math.min(line, this.#starts.length) - 1]!
  }
}
