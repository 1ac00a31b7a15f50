/**
 * Virtual time for a kernel that has only the real one. The state table is aged through netlink by what is to pass; real
 * time passes where nothing else moves a clock: that of a rule, and the two seconds after which UDP is a stream.
 */
import { deleteEntry, dumpEntries, type KernelEntry, setTimeout } from './conntrack-netlink.ts'
import { ageExpectations } from './expectation-netlink.ts'
import type { Netlink } from './netlink.ts'
import { pause } from './pause.ts'
import { noClock, type RuleClock } from './rule-clock.ts'

/** The machine was too slow, so that its clock and that of the test are apart. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
}

/** A rule's clock would have to go on for too long. */
export class TooLong extends Error {
  override readonly name = 'TooLong'

  constructor(milliseconds: number) {
    super(`a rule has a clock, for which ${Math.ceil(milliseconds / 1000)} s would really have to pass`)
  }
}

const LONGEST_WAIT_MS = 120_000
/** A clock tick at CONFIG_HZ 250, or a little more. */
const TICK_MS = 5
/** connlimit counts a connection that came to nothing until it is two ticks old. */
const THREE_TICKS_MS = 12
/** What has less than a second left shows 0: timers are set back before a second of real time is gone. */
const LATE_MS = 400
const TOO_LATE_MS = 900
const UDP_STREAM_MS = 2000
const UDP_MARGIN_MS = 20

const UDP = 17
const UDPLITE = 136

export class VirtualTime {
  readonly #netlink: Netlink
  #rules: RuleClock = noClock
  /** How often rules of `limit` have taken a packet since they were full. */
  readonly #uses = new Map<string, number>()
  /** Microseconds since 1970 UTC. */
  #now: number
  /** Microseconds by which the table has not been aged yet. */
  #owed = 0
  /** When its timers last stood where they should; real time, milliseconds. */
  #aligned = performance.now()
  /** Real time at which the clocks of rules stand where they should. */
  #ruleTime = performance.now()
  /** So long passed at once that rules with a clock are as they were at first. */
  #isFull = false
  /** UDP was sent: when in virtual time (µs), when in real time (ms). */
  #datagrams: { readonly virtual: number; readonly real: number }[] = []

  constructor(netlink: Netlink, start: number) {
    this.#netlink = netlink
    this.#now = start
  }

  /** Whatever time it took until now does not count. */
  begin(): void {
    this.#aligned = performance.now()
    this.#ruleTime = this.#aligned
  }

  /** UDP is sent now. */
  onDatagram(): void {
    const last = this.#datagrams.at(-1)
    if (last?.virtual !== this.#now) this.#datagrams.push({ virtual: this.#now, real: performance.now() })
  }

  /** Lets time pass until then, in the state table. */
  advance(time: number): void {
    const span = Math.max(0, time - this.#now)
    this.#now += span
    this.#owed += span
    const { memory, counts } = this.#rules
    if (memory > 0) {
      const latest = performance.now() + memory
      this.#ruleTime += span / 1000
      // What is full does not get fuller.
      if (span / 1000 >= memory || this.#ruleTime >= latest) this.#isFull = true
      this.#ruleTime = Math.min(this.#ruleTime, latest)
    }
    if (counts && span > 0) this.#wait(Math.min(span / 1000, THREE_TICKS_MS))
    if (this.#owed >= 1e6 || performance.now() - this.#aligned > LATE_MS) this.#age()
    this.#waitForStreams()
  }

  /** And for the clocks of rules, where the next packet may find one that looks at its own. `reload` loads the rules anew, with their counters. @throws TooLate, TooLong */
  setClocks(reload: () => void): void {
    const { memory, tolerance, always, keeps } = this.#rules
    if (memory === 0 || !this.#looksAtClock()) return
    const wait = this.#ruleTime - performance.now()
    if (-wait > tolerance) throw new TooLate(`${Math.round(-wait)} ms late, with a rule that has a clock`)
    // So long that all is as it was at first: rules that are loaded anew are so, too.
    if (this.#isFull && !always && !keeps) {
      reload()
      this.#isFull = false
      this.#uses.clear()
      this.#ruleTime = performance.now()
      return
    }
    if (wait > LONGEST_WAIT_MS) throw new TooLong(wait)
    this.#wait(wait)
    this.#isFull = false
    if (performance.now() - this.#aligned > LATE_MS) this.#age()
  }

  /** The next packet may find a rule whose answer depends on the time. */
  #looksAtClock(): boolean {
    const { always, bursts } = this.#rules
    return always || [...bursts].some(([key, burst]) => (this.#uses.get(key) ?? 0) >= burst)
  }

  /** A rule took a packet. */
  onRule(key: string): void {
    if (this.#rules.bursts.has(key)) this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1)
  }

  /** Other rules are in force, whose clocks begin anew; those of `limit` at least. */
  setRules(rules: RuleClock): void {
    this.#rules = rules
    this.#uses.clear()
  }

  /** Between what is sent and what is read: still within the second. @throws TooLate */
  check(): void {
    if (performance.now() - this.#aligned > TOO_LATE_MS) throw new TooLate('the machine is too slow')
  }

  #wait(milliseconds: number): void {
    if (milliseconds <= 0) return
    if (milliseconds < LATE_MS) {
      pause(milliseconds)
      return
    }
    this.#pause(milliseconds)
  }

  /** Real time passes, and for entries none does: they are given more than it, which is taken back. */
  #pause(milliseconds: number): void {
    const more = Math.ceil(milliseconds / 1000) + 1
    this.#setTimers(-more)
    pause(milliseconds)
    // Whole seconds are told apart by what is behind them.
    if ((performance.now() - this.#aligned) % 1000 < 2 * TICK_MS) pause(2 * TICK_MS)
    this.#setTimers(more)
  }

  /** Takes what is owed, as far as it is whole seconds, from what every entry has left. */
  #age(): void {
    const seconds = Math.floor(this.#owed / 1e6)
    this.#owed -= seconds * 1e6
    this.#setTimers(seconds)
  }

  #setTimers(seconds: number): void {
    // An entry touched in this very tick would show all that it was given, an older one a second less.
    pause(TICK_MS)
    const passed = Math.floor((performance.now() - this.#aligned) / 1000)
    for (const entry of dumpEntries(this.#netlink)) this.#setTimer(entry, seconds - passed)
    ageExpectations(this.#netlink, seconds - passed)
    this.#aligned = performance.now()
  }

  #setTimer({ timeout, key }: KernelEntry, seconds: number): void {
    const left = timeout + 1 - seconds
    if (left > 0) setTimeout(this.#netlink, key, left)
    else deleteEntry(this.#netlink, key)
  }

  /** A datagram that comes two seconds behind the first one makes a stream: what is two seconds old shall be so in truth. */
  #waitForStreams(): void {
    const old = this.#datagrams.filter(({ virtual }) => virtual + UDP_STREAM_MS * 1000 <= this.#now)
    if (old.length === 0) return
    const last = old.at(-1)!
    this.#datagrams = this.#datagrams.slice(old.length)
    const wait = last.real + UDP_STREAM_MS + UDP_MARGIN_MS - performance.now()
    if (wait <= 0) return
    const isThere = dumpEntries(this.#netlink).some(
      ({ protocol }) => protocol === UDP || protocol === UDPLITE,
    )
    if (!isThere) return
    this.#pause(wait)
  }
}
