/**
 * A rough idea of what the tracker remembers of a TCP flow, only good enough to aim at its bounds. What it
 * gets wrong costs aim, never correctness: the judge is the kernel.
 */

export interface Segment {
  /** 0 from the end that opened, 1 from the other. */
  readonly direction: 0 | 1
  readonly flags: string
  readonly sequence: number
  readonly acknowledgment: number
  readonly window: number
  readonly length: number
  readonly payload: Uint8Array | null
  readonly scale: number | null
  readonly options: Uint8Array
}

export class WindowSide {
  end = 0
  maxend = 0
  maxwin = 0
  maxack = 0
  scale = 0
}

const before = (a: number, b: number) => ((a - b) | 0) < 0

export class WindowGuess {
  readonly sides: readonly [WindowSide, WindowSide] = [new WindowSide(), new WindowSide()]
  lastEnd = 0

  reset(): void {
    for (const side of this.sides) Object.assign(side, new WindowSide())
  }

  see(segment: Segment): void {
    const S = this.sides[segment.direction]
    const R = this.sides[segment.direction === 0 ? 1 : 0]
    const syn = segment.flags.includes('S')
    const fin = segment.flags.includes('F')
    const ackSet = segment.flags.includes('A')
    const end = (segment.sequence + segment.length + (syn ? 1 : 0) + (fin ? 1 : 0)) | 0
    this.lastEnd = end
    if (segment.flags.includes('R')) return
    if (S.maxwin === 0 || (syn && before(S.end, end) && !ackSet)) {
      S.end = end
      S.maxend = end
      S.maxwin = Math.max(segment.window, 1)
      if (syn) S.scale = segment.scale ?? 0
      else S.maxend = (end + S.maxwin) | 0
      if (syn && !ackSet) return
    }
    const ack = ackSet ? segment.acknowledgment : R.end
    if (before(S.maxend, segment.sequence) || before(R.end, ack)) return
    const window = syn ? segment.window : segment.window << S.scale
    S.maxwin = Math.max(S.maxwin, window)
    if (before(S.end, end)) S.end = end
    if (ackSet && before(S.maxack, ack)) S.maxack = ack
    if (before(S.maxend, end)) R.maxwin += (end - S.maxend) | 0
    if (before((R.maxend - 1) | 0, (ack + window) | 0)) R.maxend = (ack + window + (window === 0 ? 1 : 0)) | 0
  }

  /** A sequence number worth trying from `direction`, given how much the segment takes up. */
  sequences(direction: 0 | 1, taken: number): number[] {
    const S = this.sides[direction]
    const R = this.sides[direction === 0 ? 1 : 0]
    return [
      S.maxend + 1,
      S.end - R.maxwin - 1 - taken,
      S.maxend + 1 + R.maxwin - taken, // as far as an overshoot may go
      R.maxack,
      this.lastEnd,
      S.end,
      S.end - 1,
    ]
  }

  acknowledgments(direction: 0 | 1): number[] {
    const S = this.sides[direction]
    const R = this.sides[direction === 0 ? 1 : 0]
    return [R.end, R.end + 1, R.end - Math.max(S.maxwin, 66_000) - 1, S.maxack, this.lastEnd, 0]
  }
}
