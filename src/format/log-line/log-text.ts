/** The text of a line for the kernel log as it grows, and the packet that it is about. */

/**
 * Bytes of `struct nf_log_buf`, those of the level in front included. The field that overruns it is cut, and nothing
 * follows.
 */
const MOST = 1019 - 2

/** What to write, of what LOG's options choose. */
export interface LogChoice {
  readonly tcpSequence: boolean
  readonly tcpOptions: boolean
  readonly ipOptions: boolean
}

export class LogText {
  /** Bytes from the outer IP header on, as many as were captured. */
  readonly view: DataView
  /** Bytes that the packet has, captured or not. */
  readonly length: number
  readonly choice: LogChoice
  #text = ''
  #isFull = false

  constructor(view: DataView, length: number, choice: LogChoice) {
    this.view = view
    this.length = length
    this.choice = choice
  }

  /** Fields; each ends with a blank, as in the log. */
  add(text: string): void {
    if (this.#isFull) return
    const left = MOST - this.#text.length
    this.#isFull = text.length >= left
    this.#text += this.#isFull ? text.slice(0, left - 1) : text
  }

  /** `OPT (…) `: option bytes, as far as the packet has them. */
  addBytes(at: number, size: number): void {
    for (let i = at; i < at + size; i++) {
      this.add(this.view.getUint8(i).toString(16).toUpperCase().padStart(2, '0'))
    }
  }

  /**
   * Are there `size` bytes at an offset? If the packet ends before, `told` is written (the kernel's word for that); if
   * only the capture does, nobody knows what Linux wrote, and CUT stands there.
   */
  has(at: number, size: number, told: string): boolean {
    if (at + size > this.length) this.add(told)
    else if (at + size > this.view.byteLength) this.add('CUT ')
    else return true
    return false
  }

  /** `INCOMPLETE [n bytes] `: what there is from an offset on. */
  incomplete(at: number): string {
    return `INCOMPLETE [${(this.length - at) >>> 0} bytes] `
  }

  toString(): string {
    return this.#text
  }
}
