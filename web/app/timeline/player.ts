/** Moves the cursor on by itself, in the capture's own time at some speed, or packet by packet. Long gaps are stepped over. */
import type { Store } from '../store.ts'

/** `packets`: so many a second, whatever their times; `whole`: all that is looked at in so many seconds; else times real time. */
export type Speed =
  | { readonly kind: 'packets' | 'whole'; readonly value: number }
  | { readonly kind: 'times'; readonly value: number }

/** A gap that would take longer than this is stepped over. */
const PATIENCE_MS = 1500
/** For so long it is said that there was one. */
const GAP_MS = 600

export interface Playing {
  readonly isPlaying: boolean
  /** Seconds of the capture that are being stepped over; 0: none. */
  readonly gap: number
}

export class Player {
  speed: Speed = { kind: 'packets', value: 4 }
  readonly #store: Store
  readonly #tell: (playing: Playing) => void
  #frame = 0
  #last = 0
  /** The capture's time, and the packet that was moved to last. */
  #time = 0
  #packet = 0
  /** What is left of the pause at a gap, or before the next packet. */
  #wait = 0
  #isAsking = false

  constructor(store: Store, tell: (playing: Playing) => void) {
    this.#store = store
    this.#tell = tell
  }

  get isPlaying(): boolean {
    return this.#frame !== 0
  }

  /** From the cursor; at the end of what is looked at, from its start. */
  start(): void {
    const { packet, span, overview } = this.#store.state
    if (overview === null || this.isPlaying) return
    const first = span?.first ?? 1
    const last = span?.last ?? overview.packets
    if (last < first) return
    if (packet < first || packet >= last) void this.#store.move(first)
    this.#packet = 0
    this.#wait = 0
    this.#last = performance.now()
    this.#frame = requestAnimationFrame(this.#step)
    this.#tell({ isPlaying: true, gap: 0 })
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#store.showClock(null)
    this.#tell({ isPlaying: false, gap: 0 })
  }

  readonly #step = (now: number): void => {
    this.#frame = requestAnimationFrame(this.#step)
    // A page that was out of sight goes on where it was.
    const passed = Math.min(100, Math.max(0, now - this.#last))
    this.#last = now
    const { packet, place, span, overview } = this.#store.state
    const last = span?.last ?? overview?.packets ?? 0
    // Somebody moved the cursor: on from there.
    if (packet !== this.#packet) {
      if (place?.packet !== packet) return
      this.#packet = packet
      this.#time = Number(place.time)
      this.#wait = this.speed.kind === 'packets' ? 1000 / this.speed.value : 0
    }
    if (packet >= last) {
      this.stop()
      return
    }
    if (this.#wait > 0) {
      this.#wait -= passed
      if (this.#wait > 0) return
      this.#tell({ isPlaying: true, gap: 0 })
    }
    if (this.speed.kind === 'packets') {
      this.#moveTo(packet + 1)
      this.#wait = 1000 / this.speed.value
      return
    }
    this.#time += (passed / 1000) * this.#rate()
    this.#store.showClock(this.#time)
    void this.#seek(last)
  }

  /** Seconds of the capture in a second. */
  #rate(): number {
    const { kind, value } = this.speed
    const { span, overview } = this.#store.state
    if (kind === 'times') return value
    const length = span === null ? (overview?.end ?? 0) - (overview?.start ?? 0) : span.to - span.from
    return Math.max(1e-6, length / value)
  }

  async #seek(last: number): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    const from = this.#packet
    const time = this.#time
    const found = await this.#store.link.ask('seek', { time }).catch(() => null)
    this.#isAsking = false
    if (found === null || !this.isPlaying || this.#store.state.packet !== from) return
    if (found.packet > from) {
      this.#moveTo(Math.min(last, found.packet))
      return
    }
    if (found.next === null) return
    const gap = found.next - this.#time
    if (gap <= 0 || gap / this.#rate() < PATIENCE_MS / 1000) return
    this.#time = found.next
    this.#wait = GAP_MS
    this.#tell({ isPlaying: true, gap })
  }

  #moveTo(packet: number): void {
    this.#packet = packet
    void this.#store.move(packet)
  }
}
