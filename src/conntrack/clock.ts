/**
 * The kernel's clock: jiffies, driven by packet times.
 *
 * A tick is 1/hz of a second since 1970. The clock never runs backwards: a packet with an earlier time than the one
 * before is taken at that one's time, and counted.
 */
export class Clock {
  /** Ticks a second (CONFIG_HZ). */
  readonly hz: number
  /** Absolute, and the same modulo 2^32 as a signed word. */
  ticks = 0
  now = 0
  /** Time of the packet that set the clock. */
  seconds = 0
  nanoseconds = 0
  /** Packets whose time was before their predecessor's. */
  backwards = 0

  /** @param hz 1 to 10,000; distributions build with 100, 250, 300 or 1000. */
  constructor(hz: number) {
    this.hz = hz
  }

  /** Seconds since 1970 and nanoseconds. */
  set(seconds: number, nanoseconds: number): void {
    if (seconds < this.seconds || (seconds === this.seconds && nanoseconds < this.nanoseconds)) {
      this.backwards++
      return
    }
    this.seconds = seconds
    this.nanoseconds = nanoseconds
    this.ticks = seconds * this.hz + Math.floor((nanoseconds * this.hz) / 1e9)
    this.now = this.ticks | 0
  }
}
