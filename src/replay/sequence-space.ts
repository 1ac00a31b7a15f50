/** Sequence numbers of one side of a TCP connection, told from where it began. */
export class SequenceSpace {
  #start: number | null = null
  /** Relative: the end of what it sent so far; -1 before anything. */
  #end = -1

  /** A SYN: a new beginning, unless it is the one known. */
  begin(sequence: number): void {
    if (this.#start === sequence) return
    this.#start = sequence
    this.#end = -1
  }

  /** Forgets everything: another connection follows. */
  reset(): void {
    this.#start = null
    this.#end = -1
  }

  /** Of a sequence or acknowledgment number, 0 to 2^32 - 1; where no SYN was seen, the first number met is 1. */
  relative(number: number): number {
    if (this.#start === null) this.#start = (number - 1) | 0
    return (number - this.#start) >>> 0
  }

  /** A segment of `length` (payload, SYN and FIN count one each) from here on: has all of it been sent before? */
  isRepeated(relative: number, length: number): boolean {
    const end = relative + length
    if (length > 0 && end <= this.#end) return true
    if (end > this.#end && end < 0x8000_0000) this.#end = end
    return false
  }
}
