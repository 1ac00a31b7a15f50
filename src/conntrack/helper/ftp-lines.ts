/** Where lines start in both directions of an FTP control connection: up to two sequence numbers each. */
const REMEMBERED = 2

export class FtpLines {
  readonly #starts: [number[], number[]] = [[], []]
  /** A connection loaded in mid-stream: one packet of each direction is read wherever it stands. */
  readonly #free: [boolean, boolean] = [false, false]

  pickUp(): void {
    this.#free.fill(true)
  }

  /** Whether a packet with this sequence number is to be read as the start of a line. May use up a free reading. */
  mayStartLine(direction: number, sequence: number): boolean {
    const side = direction === 0 ? 0 : 1
    if (this.#starts[side].includes(sequence | 0)) return true
    const free = this.#free[side]
    this.#free[side] = false
    return free
  }

  /** Remembers a line start; the older of two gives way to a later one. */
  add(direction: number, sequence: number): void {
    const starts = this.#starts[direction === 0 ? 0 : 1]
    const start = sequence | 0
    if (starts.includes(start)) return
    if (starts.length < REMEMBERED) {
      starts.push(start)
      return
    }
    const older = ((starts[0]! - starts[1]!) | 0) < 0 ? 0 : 1
    if (((start - starts[older]!) | 0) > 0) starts[older] = start
  }
}
