/** Ticks are counted exactly below 2^53; the rest up to there leaves room for deadlines ahead. */
const LAST_TICK = Number.MAX_SAFE_INTEGER - 2 ** 32

/**
 * The kernel's clock: jiffies, driven by packet times.
 *
 * A tick is 1/hz of a second since 1970. The clock never runs backwards: a packet with an earlier time than the one
 * before is taken at that one's time, and counted.
 */
export class Clock {
  /** Ticks a second (CONFIG_HZ). */
  readonly hz: number
  /** Ticks since 1970 UTC, below 2^53. */
  ticks = 0
  /** The same modulo 2^32, as a signed word. */
  now = 0
  /** Time of the packet that set the clock: whole seconds since 1970 UTC. */
  seconds = 0
  /** Nanoseconds behind `seconds`, 0–999,999,999. */
  nanoseconds = 0
  /** Packets whose time was before their predecessor's. */
  backwards = 0
  /** Nanoseconds of `seconds` at which the next tick begins, so that most packets need no division. */
  #nextTick = 0
  /** Nanoseconds of a tick, or 0 where that is no whole number. */
  readonly #tickLength: number

  /** @param hz 1 to 10,000; distributions build with 100, 250, 300 or 1000. */
  constructor(hz: number) {
    this.hz = hz
    this.#tickLength = 1_000_000_000 % hz === 0 ? 1_000_000_000 / hz : 0
  }

  /** Is this time before the clock's? */
  isBehind(seconds: number, nanoseconds: number): boolean {
    return seconds < this.seconds || (seconds === this.seconds && nanoseconds < this.nanoseconds)
  }

  /** Seconds since 1970 and nanoseconds. */
  set(seconds: number, nanoseconds: number): void {
    if (seconds === this.seconds && nanoseconds >= this.nanoseconds && nanoseconds < this.#nextTick) {
      this.nanoseconds = nanoseconds
      return
    }
    if (this.isBehind(seconds, nanoseconds)) {
      this.backwards++
      return
    }
    const length = this.#tickLength
    const nextTick = this.#nextTick
    if (seconds === this.seconds && nanoseconds < nextTick + length) {
      // The very next tick, as in most captures: without a division.
      this.nanoseconds = nanoseconds
      this.#nextTick = nextTick + length
      this.#reach(this.ticks + 1)
      return
    }
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    // A capture may claim any year up to 275,760: with many ticks a second the clock stops before that.
    const tick = length !== 0 ? (nanoseconds / length) | 0 : Math.floor((nanoseconds * this.hz) / 1e9)
    this.#nextTick = length !== 0 ? Math.imul(tick + 1, length) : Math.ceil(((tick + 1) * 1e9) / this.hz)
    this.#reach(seconds * this.hz + tick)
  }

  #reach(tick: number): void {
    this.ticks = Math.min(LAST_TICK, tick)
    this.now = this.ticks | 0
  }
}

/** The longest life of an entry, in ticks: deadlines are compared modulo 2^32 (INT_MAX in __nf_ct_set_timeout). */
const LONGEST_LIFE = 0x7fff_ffff

/** A lifetime in ticks. What is longer than the kernel can hold is cut to that. */
export function ticksOf(seconds: number, hz: number): number {
  // Nearly always, and without leaving 32-bit integers: 6 days at up to 4,095 ticks a second.
  if (seconds < 0x8_0000 && hz < 0x1000) return Math.imul(seconds, hz)
  return Math.min(seconds * hz, LONGEST_LIFE)
}
