/**
 * Connection tracking: which entry a packet belongs to, and what it does to it (nf_conntrack_in and what follows).
 *
 *     tracker.setTime(packet.seconds, packet.nanoseconds)
 *     tracker.prepare(packet, tuple)            its tuple and hash
 *     tracker.track(packet, tuple, outcome)     at the tracker's hook: class, entry, state
 *     tracker.confirm(packet, tuple, outcome)   at the very end: a new entry enters the table
 *     tracker.discard(outcome)                  instead, where something in between dropped the packet
 */
import type { CaptureRecord } from '../packet/capture-record.ts'
import { type HeaderCheck, OffloadedHeaders } from '../packet/header-check.ts'
import type { Packet } from '../packet/packet.ts'
import {
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNKNOWN,
  DIRECTION_OUTGOING,
  FAMILY_IPV4,
  ISSUE_CHAIN,
  ISSUE_FRAGMENT,
  ISSUE_FRAGMENT_REFUSED,
  ISSUE_NONE,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  TCP_ACK,
  TCP_RST,
  TCP_SYN,
} from '../packet/packet.ts'
import { verifyChecksum } from '../packet/verify.ts'
import { Census, noteRefused } from './census.ts'
import { Clock, ticksOf } from './clock.ts'
import { DEADLINE, flowState, ID, PROTOCOL, STATUS, setFlowState } from './entry.ts'
import { Tracker24 } from './era-2.4/tracker.ts'
import {
  HANDLED_DELETE,
  HANDLED_INVALID,
  HANDLED_PASS,
  HANDLED_REPEAT,
  HANDLED_UNKNOWN,
  Handling,
} from './handling.ts'
import type { FillRandom } from './hash.ts'
import type { Rewritable } from './helper/helper.ts'
import { Helpers } from './helpers.ts'
import { IcmpErrors } from './icmp-error.ts'
import type { Outcome } from './outcome.ts'
import {
  CHANGED_ASSURED,
  CHANGED_MARK,
  CHANGED_NEW,
  CHANGED_REPLY,
  CHANGED_STATE,
  DROPPED_BY_CONNTRACK,
  DROPPED_BY_HELPER,
} from './outcome.ts'
import { handleProtocol, hasCheckedChecksum, headerLength } from './protocol.ts'
import { reasonNumber } from './reason.ts'
import { type LinuxEra, Settings } from './settings.ts'
import { Statistics } from './statistics.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_INVALID,
  CTINFO_NEW,
  CTINFO_NONE,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  ORIGINAL,
  REPLY,
  STATUS_ACCOUNTED,
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_DYING,
  STATUS_EXPECTED,
  STATUS_FIXED_TIMEOUT,
  STATUS_OWN_TIMEOUTS,
  STATUS_SEEN_REPLY,
  STATUS_SEQ_ADJUST,
} from './status.ts'
import { StateTable } from './table.ts'
import { OpeningPath } from './tcp/opening-path.ts'
import { PlainPath } from './tcp/plain-path.ts'
import { judged } from './tcp/sequence.ts'
import { CLOSE } from './tcp/state.ts'
import type { Template } from './template.ts'
import type { TimeoutPolicy } from './timeout-policy.ts'
import { Tuple } from './tuple.ts'

/** Expired entries taken away for each packet, so that none waits for all. */
const EXPIRY_BUDGET = 64
/**
 * The same where the table is full. Looking at a million entries that were refreshed since they were filed takes 30 ms
 * in one go; what is found too late counts as full, as it does in Linux until its collector comes by.
 */
const FULL_TABLE_BUDGET = 2_048
/** Deadlines are compared modulo 2^32: no jump of the clock may come near half of that. */
const LONGEST_JUMP = 2 ** 29

const reason = {
  chain: reasonNumber['l3-chain'],
  fragment6: reasonNumber['l3-frag6'],
  tupleShort: reasonNumber['tuple-short'],
  greNotPpp: reasonNumber['gre-not-ppp'],
  notQuery: reasonNumber['icmp-not-query'],
  full: reasonNumber['table-full'],
  earlyDrop: reasonNumber['early-drop'],
  clash: reasonNumber.clash,
  cut: reasonNumber['cut-transport'],
} as const

export const EVENT_NEW = 0
export const EVENT_UPDATE = 1
export const EVENT_DESTROY = 2

/**
 * Told of every change of the table. `changes` are CHANGED_* bits. A destroyed entry is still readable during the call.
 * `ticks` is the absolute time in clock ticks, or -1 for the time of the packet (see `Tracker.clock`).
 */
export type EventListener = (event: number, entry: number, changes: number, ticks: number) => void

/** How checksums are judged. */
export type ChecksumPolicy =
  /** As the kernel would. */
  | 'verify'
  /** The same, but a checksum that a network card was still to complete counts as good. */
  | 'auto'
  /** Never looked at. */
  | 'ignore'

/** What a tracker is made with; all of it has a default. */
export interface TrackerOptions {
  /**
   * Whose tracker it is: that of Linux 6.18, or that of 2.4, which knows IPv4 alone, no zones and one sysctl; that of
   * `settings` unless given.
   */
  readonly linux?: LinuxEra
  /**
   * The sysctls in force, kept and read as they are at each packet; those of a machine where nobody set any, unless
   * given.
   */
  readonly settings?: Settings
  /** Ticks a second (CONFIG_HZ), 1–10,000; default 250. Not checked. */
  readonly hz?: number
  /** How checksums are judged; 'auto' unless given. */
  readonly checksums?: ChecksumPolicy
  /** Zone of all packets (`-j CT --zone`), 0–65535; default 0. Not checked. */
  readonly zone?: number
  /** Secret of the hash table, so that nobody can choose tuples that collide; the platform's `crypto` unless given. */
  readonly fillRandom?: FillRandom
}

/**
 * Connection tracking in virtual time: the state table, its clock and its settings. It reads no clock and no randomness
 * but what it is given. `Firewall` leads packets through it; packet by packet it is used like this:
 *
 * ```ts
 * import { buildPacket, decodeNetwork, Outcome, Packet, reasonData, Tracker, Tuple } from 'sallyport'
 *
 * const tracker = new Tracker()
 * const [packet, tuple, outcome] = [new Packet(), new Tuple(), new Outcome()]
 * const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'SF' }
 * const bytes = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
 * decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
 *
 * tracker.setTime(1_700_000_000, 0)
 * tracker.prepare(packet, tuple)
 * tracker.track(packet, tuple, outcome)
 * tracker.confirm(packet, tuple, outcome)
 * console.log(reasonData(outcome.reasons))
 * ```
 */
export class Tracker {
  /** The sysctls in force. */
  readonly settings: Settings
  /** The time: that of the latest packet, in ticks of 1/hz s. */
  readonly clock: Clock
  /** The entries. They are numbers and words of memory: `tableOf` has them as data. */
  readonly table: StateTable
  /** What `conntrack -S` counts. */
  readonly statistics = new Statistics()
  /** What became of the entries. */
  readonly census = new Census()
  /** Helpers, expectations, and what else only few entries have. */
  readonly helpers: Helpers
  /** What `-j CT --timeout` may name: from `readTimeoutPolicies`. Rules look here when they are compiled. */
  timeoutPolicies: ReadonlyMap<string, TimeoutPolicy> = new Map()
  /** Packets whose transport checksum was still to be completed by a network card (policy `auto`). */
  offloadedChecksums = 0
  /** Packets whose IPv4 header was still to get its checksum from a network card (policy `auto`). */
  readonly offloadedHeaders: OffloadedHeaders = new OffloadedHeaders()
  /** Told of every change of the table, as numbers; `subscribe` sets it to tell them as data. */
  onEvent: EventListener | null = null
  /**
   * Told of every entry that leaves the table, whatever `nf_conntrack_events` says; it is still readable during the call.
   * `ticks` as in `EventListener`. Unlike events, expired entries are told when they are taken away.
   */
  onEnd: ((entry: number, ticks: number) => void) | null = null
  /** How checksums are judged: those of transport headers here, those of IPv4 headers by `headerCheck`. */
  readonly checksums: ChecksumPolicy
  /** What packets for this tracker are to be decoded with. The stack judges headers, whatever the sysctls say. */
  readonly headerCheck: HeaderCheck
  readonly #zones: number
  /** Judges in place of all that follows, where the tracker is that of Linux 2.4. */
  readonly #era24: Tracker24 | null
  readonly #icmpErrors: IcmpErrors
  readonly #handling = new Handling()
  readonly #reply = new Tuple()
  readonly #plain: PlainPath
  readonly #opening: OpeningPath

  /**
   * @throws TypeError where the platform has no Web Crypto and no `fillRandom` is given, where `settings` are those of
   * another Linux, and for a zone in Linux 2.4.
   */
  constructor(options: TrackerOptions = {}) {
    this.settings = options.settings ?? new Settings(options.linux)
    const { linux } = this.settings
    if (options.linux !== undefined && options.linux !== linux)
      throw new TypeError(
        `the settings are those of Linux ${linux}, the tracker is to be that of ${options.linux}`,
      )
    if (linux === '2.4' && (options.zone ?? 0) !== 0) throw new TypeError('Linux 2.4 had no zones')
    this.clock = new Clock(options.hz ?? 250)
    this.table = new StateTable(options.fillRandom ?? platformRandom)
    this.helpers = new Helpers(this.table, this.clock, this.settings)
    this.checksums = options.checksums ?? 'auto'
    this.headerCheck = this.checksums === 'auto' ? this.offloadedHeaders : this.checksums === 'verify'
    this.#plain = new PlainPath(this.table, this.clock, this.settings)
    this.#opening = new OpeningPath(this.table, this.clock, this.settings, this.helpers, this.census)
    this.#zones = ((options.zone ?? 0) << 16) | (options.zone ?? 0)
    this.#icmpErrors = new IcmpErrors(this.table)
    this.#era24 = linux === '2.4' ? new Tracker24(this) : null
  }

  /**
   * Leaves the memory of the table to trackers that are made later, for whoever makes a great many: the least table takes
   * megabytes. This one is not to be used any more.
   */
  dispose(): void {
    this.table.dispose()
  }

  /**
   * Moves the clock to a packet's time, whole seconds since 1970 UTC and nanoseconds 0–999,999,999, and takes away what
   * has expired by then: without a listener 64 entries at most, the rest as they are met. An earlier time than the clock's
   * leaves the clock where it is and is counted.
   */
  setTime(seconds: number, nanoseconds: number): void {
    const clock = this.clock
    // Once told, a time is over: nothing else is due by then.
    if (nanoseconds === clock.nanoseconds && seconds === clock.seconds) return
    clock.set(seconds, nanoseconds)
    const wheel = this.table.wheel
    if (clock.ticks === wheel.cursor) return
    wheel.until = clock.ticks
    if (wheel.skip()) return
    if (wheel.size === 0) {
      wheel.start(clock.ticks)
      return
    }
    // A listener is told in order; without one, what has expired may wait: nobody can see it.
    wheel.budget = this.onEvent === null ? EXPIRY_BUDGET : Number.POSITIVE_INFINITY
    if (wheel.until - wheel.cursor > LONGEST_JUMP) this.#drain(clock.ticks)
    else this.#expireDue()
  }

  /** Takes away all that has expired by now: for a look at the whole table. */
  settle(): void {
    this.#drain(this.clock.ticks)
  }

  #drain(ticks: number): void {
    const wheel = this.table.wheel
    wheel.budget = Number.POSITIVE_INFINITY
    while (wheel.size > 0 && ticks - wheel.cursor > LONGEST_JUMP) {
      wheel.until = wheel.cursor + LONGEST_JUMP
      this.#expireDue()
    }
    wheel.until = ticks
    if (wheel.size === 0) wheel.start(ticks)
    else this.#expireDue()
  }

  /** Takes away what is due by `wheel.until`. */
  #expireDue(): void {
    const wheel = this.table.wheel
    if (this.onEvent === null) {
      for (let number = wheel.nextDue(); number >= 0; number = wheel.nextDue()) this.#expire(number)
      return
    }
    // A listener is told in the order of time; the wheel gives in the order of its slots.
    const due: number[] = []
    for (let number = wheel.nextDue(); number >= 0; number = wheel.nextDue()) due.push(number)
    const now = wheel.until | 0
    due.sort((a, b) => this.#deadlineAgo(b, now) - this.#deadlineAgo(a, now) || this.id(a) - this.id(b))
    for (const number of due) this.#expire(number)
  }

  /** How many ticks before `now` (modulo 2^32) an entry was due. */
  #deadlineAgo(number: number, now: number): number {
    return (now - this.table.words(number)[this.table.at(number) + DEADLINE]!) | 0
  }

  /** Takes away an entry that is due by `wheel.until`. */
  #expire(number: number): void {
    const { until } = this.table.wheel
    this.#destroy(number, until - this.#deadlineAgo(number, until | 0))
  }

  /** Fills the packet's tuple and its hash; `usable` says whether the packet has one (nf_ct_get_tuple). */
  prepare(packet: Packet, tuple: Tuple): void {
    tuple.zones = this.#zones
    tuple.hash = 0
    tuple.ahead = 0
    // A protocol whose header nobody reads has a tuple, however little of it was captured.
    const needed = Math.min(8, headerLength(packet.protocol), packet.transportLength)
    if (packet.issue === ISSUE_NONE && packet.transportCaptured >= needed) {
      tuple.usable = tuple.fromPacket(packet)
      if (tuple.usable) tuple.computeHash(this.table.flowHash)
    } else tuple.usable = false
  }

  /**
   * The tracker's hook (nf_conntrack_in): fills `outcome`, which the caller has reset. A new entry is in no table until
   * `confirm`. Never throws, whatever the packet's bytes. `template` is what a rule said about the packet before, if any.
   * `isSent`: this machine sends it; as the capture says unless told.
   */
  track(
    packet: Packet,
    tuple: Tuple,
    outcome: Outcome,
    template: Template | null = null,
    isSent = packet.direction === DIRECTION_OUTGOING,
  ): void {
    outcome.tick = this.clock.now
    if (this.#era24 !== null) {
      this.#era24.track(packet, tuple, outcome, isSent)
      return
    }
    if (template !== null) tuple.zones = template.zones(this.#zones)
    if (packet.issue !== ISSUE_NONE) {
      this.#judgeIssue(packet, outcome)
      return
    }
    if (this.#trackPlain(packet, tuple, outcome, isSent)) return
    const protocol = packet.protocol
    const needed = headerLength(protocol)
    if (packet.transportCaptured < needed && packet.transportCaptured < packet.transportLength) {
      outcome.reasons.add(reason.cut, packet.transportCaptured, Math.min(needed, packet.transportLength))
      return
    }
    const isIcmp = packet.family === FAMILY_IPV4 ? protocol === PROTOCOL_ICMP : protocol === PROTOCOL_ICMPV6
    if (isIcmp || hasCheckedChecksum(protocol)) this.#verify(packet, isSent)
    if (isIcmp && this.#icmpErrors.decide(packet, tuple.zones, this.clock.now, outcome)) {
      if (outcome.ctinfo === CTINFO_INVALID) this.statistics.error++
      return
    }
    if (!tuple.usable) {
      if (protocol === PROTOCOL_GRE)
        outcome.reasons.add(reason.greNotPpp, packet.view.getUint16(packet.transportOffset + 2))
      else outcome.reasons.add(reason.tupleShort, packet.transportLength, 4)
      this.#invalid(outcome)
      return
    }
    this.#resolve(packet, tuple, outcome, template)
  }

  /**
   * The short way of a frame: `PlainPath.track` is all that there is to do for a plain segment. Null while somebody has to
   * be told of more than that: a listener, a helper, or another Linux.
   */
  get plain(): PlainPath | null {
    const needsAll = this.onEvent !== null || this.helpers.attachments.size > 0 || this.#era24 !== null
    return needsAll ? null : this.#plain
  }

  /** Tracks a frame at the clock's time, as `PlainPath.trackFrame`. */
  trackFrame(record: CaptureRecord, network: number, reference: number): number {
    return this.#plain.trackFrame(
      record,
      network,
      reference,
      this.#zones,
      this.#verifies(record.direction === DIRECTION_OUTGOING),
    )
  }

  /** The same of a frame that may open a connection, as `OpeningPath.trackFrame`; only where no rules are asked. */
  openFrame(record: CaptureRecord, network: number, hash: number): number {
    return this.#opening.trackFrame(
      record,
      network,
      hash,
      this.#zones,
      this.#verifies(record.direction === DIRECTION_OUTGOING),
    )
  }

  /** The packet that nearly every packet is, by its short way. False: it is another one, and nothing was changed. */
  #trackPlain(packet: Packet, tuple: Tuple, outcome: Outcome, isSent: boolean): boolean {
    const { transportLength, transportCaptured } = packet
    if (
      tuple.protocol !== PROTOCOL_TCP ||
      tuple.ahead < 0 ||
      transportCaptured < 20 ||
      (packet.tcpFlags & (TCP_SYN | TCP_RST | TCP_ACK)) !== TCP_ACK ||
      packet.transportOffset - packet.networkOffset !== 20 ||
      packet.largestFragment !== 0
    )
      return false
    const reference = tuple.ahead === 0 ? this.table.referenceOf(tuple.hash) : tuple.ahead
    if (reference <= 0) return false
    const verifies = this.#verifies(isSent)
    const { view, bytes, networkOffset } = packet
    const found = this.#plain.track(
      view,
      bytes.length,
      networkOffset,
      transportLength,
      transportCaptured,
      reference,
      tuple.zones,
      verifies,
    )
    if (found < 0) return false
    packet.checksum = verifies && transportCaptured >= transportLength ? CHECKSUM_GOOD : CHECKSUM_UNKNOWN
    this.fillPlain(outcome, found)
    return true
  }

  /** Fills an outcome, which was reset, with what the short way answered last. */
  fillPlain(outcome: Outcome, found: number): void {
    outcome.tick = this.clock.now
    outcome.ctinfo = CTINFO_ESTABLISHED + (found & 1) * (CTINFO_ESTABLISHED_REPLY - CTINFO_ESTABLISHED)
    outcome.entry = found >> 1
    outcome.changes = this.#plain.changes
  }

  /** The same with what `openFrame` answered. */
  fillOpening(outcome: Outcome, found: number): void {
    const isAnswer = (found & 1) === REPLY
    outcome.tick = this.clock.now
    outcome.ctinfo = isAnswer ? CTINFO_ESTABLISHED_REPLY : CTINFO_NEW
    outcome.entry = found >> 1
    outcome.changes = isAnswer ? CHANGED_REPLY | CHANGED_STATE : CHANGED_NEW
  }

  #judgeIssue(packet: Packet, outcome: Outcome): void {
    if (packet.issue === ISSUE_CHAIN) outcome.reasons.add(reason.chain)
    else if (packet.issue === ISSUE_FRAGMENT_REFUSED || packet.issue === ISSUE_FRAGMENT) {
      outcome.reasons.add(reason.fragment6, packet.fragmentOffset, packet.transportLength)
    } else return
    this.#invalid(outcome)
  }

  /** Finds or makes the entry, and lets its protocol judge the packet. */
  #resolve(packet: Packet, tuple: Tuple, outcome: Outcome, template: Template | null): void {
    const table = this.table
    for (;;) {
      const found = this.#find(tuple)
      let number = found >> 1
      let direction = found & 1
      if (found < 0) {
        if (!tuple.invertible) {
          outcome.reasons.add(reason.notQuery, packet.icmpType)
          this.#invalid(outcome)
          return
        }
        number = this.#create(packet, tuple, outcome, template)
        if (number < 0) return
        direction = ORIGINAL
      }
      const words = table.words(number)
      const at = table.at(number)
      const statusBefore = words[at + STATUS]!
      outcome.ctinfo =
        direction === REPLY
          ? CTINFO_ESTABLISHED_REPLY
          : (statusBefore & STATUS_SEEN_REPLY) !== 0
            ? CTINFO_ESTABLISHED
            : (statusBefore & STATUS_EXPECTED) !== 0
              ? CTINFO_RELATED
              : CTINFO_NEW
      outcome.entry = number
      const deadlineBefore = words[at + DEADLINE]!
      const handling = this.#handling
      handling.stateChanged = false
      const clock = this.clock
      if ((statusBefore & STATUS_SEQ_ADJUST) !== 0)
        judged.adjustment = this.helpers.attachments.get(number)?.adjustment ?? null
      const result = handleProtocol(
        words,
        at,
        packet,
        direction,
        clock.now,
        clock.hz,
        this.#settingsOf(number, words, at),
        outcome.reasons,
        handling,
      )
      if (result === HANDLED_REPEAT) {
        this.#destroy(number, -1)
        continue
      }
      if (result === HANDLED_INVALID || result === HANDLED_UNKNOWN) {
        outcome.entry = -1
        if ((statusBefore & STATUS_CONFIRMED) === 0) this.#forget(number)
        else {
          if (packet.protocol === PROTOCOL_TCP) noteRefused(words, at, packet.tcpFlags, direction)
          if (words[at + DEADLINE] !== deadlineBefore) table.wheel.moved(number, words, at)
        }
        if (result === HANDLED_INVALID) this.#invalid(outcome)
        else outcome.ctinfo = CTINFO_NONE
        return
      }
      if (result === HANDLED_DELETE) {
        if ((statusBefore & STATUS_ACCOUNTED) !== 0) table.account(words, at, direction, packet.length)
        // Rules still see it: the packet belongs to it.
        outcome.ended = number
        outcome.endedStatus = statusBefore | STATUS_DYING | (direction === REPLY ? STATUS_SEEN_REPLY : 0)
        this.#destroy(number, -1)
        outcome.entry = -1
        return
      }
      if (result !== HANDLED_PASS) this.#refresh(number, words, at, direction, packet, handling.timeout)
      if (direction === REPLY && (statusBefore & STATUS_SEEN_REPLY) === 0) {
        words[at + STATUS] = words[at + STATUS]! | STATUS_SEEN_REPLY
        outcome.changes |= CHANGED_REPLY
      }
      if ((words[at + STATUS]! & ~statusBefore & STATUS_ASSURED) !== 0) outcome.changes |= CHANGED_ASSURED
      if (handling.stateChanged) outcome.changes |= CHANGED_STATE
      return
    }
  }

  /**
   * Number × 2 + direction of the living confirmed entry that has this tuple, whose hash is computed, or -1. Takes expired
   * entries away on the spot.
   */
  find(tuple: Tuple): number {
    return this.#find(tuple)
  }

  /**
   * The same for a new entry's reply tuple, which must be nobody else's (nf_conntrack_tuple_taken). Linux looks among the
   * tuples of the reply's zone only: an original direction is met there if both zones are one.
   */
  findTaken(reply: Tuple): number {
    const found = this.#find(reply)
    return (found & 1) === ORIGINAL && isSplit(reply.zones) ? -1 : found
  }

  /** The timeouts, and the other sysctls, that an entry goes by. */
  #settingsOf(number: number, words: Int32Array, at: number): Settings {
    if ((words[at + STATUS]! & STATUS_OWN_TIMEOUTS) === 0) return this.settings
    return this.helpers.attachments.get(number)?.policy?.settings ?? this.settings
  }

  #find(tuple: Tuple): number {
    for (;;) {
      const found = this.table.lookup(tuple)
      if (found < 0) return found
      const number = found >> 1
      const deadline = this.table.words(number)[this.table.at(number) + DEADLINE]!
      if (((deadline - this.clock.now) | 0) > 0) return found
      this.table.wheel.until = this.clock.ticks
      this.#expire(number)
    }
  }

  /** A new entry, or -1 when there is no room for it: the packet is dropped. */
  #create(packet: Packet, tuple: Tuple, outcome: Outcome, template: Template | null): number {
    const table = this.table
    const limit = this.settings.max
    if (limit !== 0 && table.count >= limit) {
      this.#makeRoom(limit)
      if (table.count >= limit) {
        const victim = table.evictable(this.#searched())
        if (victim < 0) {
          outcome.droppedBy = DROPPED_BY_CONNTRACK
          outcome.reasons.add(reason.full, table.count, limit)
          this.statistics.drop++
          return -1
        }
        this.#destroy(victim, -1)
        this.statistics.earlyDrop++
        outcome.reasons.add(reason.earlyDrop, 1, limit)
      }
    }
    const number = table.create(tuple)
    if (this.settings.acct !== 0) {
      const words = table.words(number)
      const at = table.at(number)
      words[at + STATUS] = words[at + STATUS]! | STATUS_ACCOUNTED
    }
    const { helpers } = this
    const helper = template === null ? null : template.helper
    if (helper !== null || helpers.expectations.size > 0 || helpers.assignments.length > 0)
      helpers.begin(packet, number, outcome, helper)
    if (template !== null && template.events !== 0) helpers.attach(number).events = template.events
    if (template !== null && template.policy !== null) {
      helpers.attach(number).policy = template.policy
      const words = table.words(number)
      const at = table.at(number)
      words[at + STATUS] = words[at + STATUS]! | STATUS_OWN_TIMEOUTS
    }
    return number
  }

  /** Entries in eight buckets, where each entry stands in two (early_drop, NF_CT_EVICTION_RANGE). */
  #searched(): number {
    return Math.max(1, Math.round((16 * this.table.count) / this.settings.buckets))
  }

  /** Takes expired entries away until one more fits. */
  #makeRoom(limit: number): void {
    const { wheel } = this.table
    wheel.budget = FULL_TABLE_BUDGET
    wheel.until = this.clock.ticks
    while (this.table.count >= limit) {
      const number = wheel.nextDue()
      if (number < 0) return
      this.#expire(number)
    }
  }

  #refresh(
    number: number,
    words: Int32Array,
    at: number,
    direction: number,
    packet: Packet,
    seconds: number,
  ): void {
    const status = words[at + STATUS]!
    const lifetime = ticksOf(seconds, this.clock.hz)
    if ((status & STATUS_CONFIRMED) === 0) words[at + DEADLINE] = lifetime
    else if ((status & STATUS_FIXED_TIMEOUT) === 0) {
      const deadline = (this.clock.now + lifetime) | 0
      const earlier = ((deadline - words[at + DEADLINE]!) | 0) < 0
      words[at + DEADLINE] = deadline
      if (earlier) this.table.wheel.moved(number, words, at)
    }
    if ((status & STATUS_ACCOUNTED) !== 0) this.table.account(words, at, direction, packet.length)
  }

  /**
   * The end of a packet's way: its helper looks at it, a new entry enters the table, and listeners are told what the
   * packet changed (nf_conntrack_confirm). What NAT writes into the packet goes to `rewritable`.
   */
  confirm(packet: Packet, tuple: Tuple, outcome: Outcome, rewritable: Rewritable | null = null): void {
    const number = outcome.entry
    if (number < 0) return
    if (this.helpers.attachments.size > 0 && !this.#help(packet, outcome, rewritable)) {
      outcome.droppedBy = DROPPED_BY_HELPER
      this.discard(outcome)
      return
    }
    const table = this.table
    const words = table.words(number)
    const at = table.at(number)
    if ((words[at + STATUS]! & STATUS_CONFIRMED) === 0) {
      // REJECT's answer to the packet that began the entry, which dies with it (__nf_conntrack_confirm).
      if (outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY) return
      if ((table.translations.count > 0 || this.table.hasSplitZones) && this.#clashes(number)) {
        outcome.droppedBy = DROPPED_BY_CONNTRACK
        outcome.reasons.add(reason.clash)
        this.statistics.drop++
        this.statistics.insertFailed++
        this.discard(outcome)
        return
      }
      table.confirm(number, tuple.hash, this.clock.now)
      this.#stamp(number)
      const events = eventBits(outcome.changes) | this.#birth(number)
      outcome.changes = CHANGED_NEW
      this.census.opened++
      if (this.onEvent !== null && this.#tells(number, events))
        this.onEvent(EVENT_NEW, number, outcome.changes, -1)
    } else if (outcome.changes !== 0 && this.onEvent !== null) {
      if (this.#tells(number, eventBits(outcome.changes)))
        this.onEvent(EVENT_UPDATE, number, outcome.changes, -1)
    }
  }

  /** False: the packet is dropped (nf_confirm). */
  #help(packet: Packet, outcome: Outcome, rewritable: Rewritable | null): boolean {
    // The segment that is changed first has its own numbers still.
    const { table, helpers } = this
    const status = table.words(outcome.entry)[table.at(outcome.entry) + STATUS]!
    if (this.#era24?.hasHelped(status)) return true
    if (!helpers.help(packet, outcome, rewritable)) return false
    const isAdjusted = (status & STATUS_SEQ_ADJUST) !== 0 && packet.protocol === PROTOCOL_TCP
    if (!isAdjusted || rewritable === null || outcome.ctinfo === CTINFO_RELATED_REPLY) return true
    if (helpers.adjustSequence(rewritable.writable(), outcome)) return true
    this.statistics.drop++
    return false
  }

  /** An answer to the new entry would be taken for one to another: only NAT and zones of one direction bring that about. */
  #clashes(number: number): boolean {
    const tuple = this.#reply
    this.table.readTuple(number, REPLY, tuple)
    tuple.computeHash(this.table.flowHash)
    return this.findTaken(tuple) >= 0
  }

  /** Takes a confirmed entry out of the table, for somebody who needs its tuple. */
  kill(number: number): void {
    this.#destroy(number, -1)
  }

  /** The packet ends its own entry (nf_ct_kill_acct): it is counted, and `outcome.ended` has the entry. */
  killWith(outcome: Outcome, packet: Packet): void {
    const number = outcome.entry
    const words = this.table.words(number)
    const at = this.table.at(number)
    const status = words[at + STATUS]!
    outcome.ended = number
    outcome.endedStatus = status | STATUS_DYING
    outcome.entry = -1
    if ((status & STATUS_CONFIRMED) === 0) this.#forget(number)
    else {
      const direction = outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL
      if ((status & STATUS_ACCOUNTED) !== 0) this.table.account(words, at, direction, packet.length)
      this.#destroy(number, -1)
    }
  }

  /**
   * Are listeners told, if any of these bits are among the events of the entry? `--ctevents` chooses them, and outdoes
   * nf_conntrack_events (nf_ct_ecache_ext_add).
   */
  #tells(number: number, events: number): boolean {
    const { attachments } = this.helpers
    const chosen = attachments.size > 0 ? (attachments.get(number)?.events ?? 0) : 0
    return chosen !== 0 ? (events & chosen) !== 0 : this.settings.events !== 0
  }

  /** The event of a new entry: announced by a helper, or not. */
  #birth(number: number): number {
    const { attachments } = this.helpers
    const isExpected = attachments.size > 0 && (attachments.get(number)?.master ?? -1) >= 0
    return isExpected ? EVENT_BIT_RELATED : EVENT_BIT_NEW
  }

  #stamp(number: number): void {
    if (this.settings.timestamp === 0) return
    const attachment = this.helpers.attach(number)
    attachment.stamped = true
    attachment.startSeconds = this.clock.seconds
    attachment.startNanoseconds = this.clock.nanoseconds
  }

  /**
   * A reset was sent for a packet of this entry (nf_conntrack_tcp_set_closing): TCP that is in the table is CLOSE at
   * once, and what is told of that is told with the reset. Whatever else the entry has, ASSURED too, stays.
   */
  setClosing(outcome: Outcome): void {
    const number = outcome.entry
    if (number < 0) return
    const words = this.table.words(number)
    const at = this.table.at(number)
    const status = words[at + STATUS]!
    if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP || (status & STATUS_CONFIRMED) === 0) return
    const before = flowState(words, at)
    setFlowState(words, at, CLOSE)
    if (before === CLOSE || (status & STATUS_FIXED_TIMEOUT) !== 0) return
    const settings = this.#settingsOf(number, words, at)
    words[at + DEADLINE] = (this.clock.now + ticksOf(settings.tcp[CLOSE]!, this.clock.hz)) | 0
    this.table.wheel.moved(number, words, at)
    outcome.changes |= CHANGED_STATE
  }

  /** The packet was dropped on its way: an entry that it began is forgotten. */
  discard(outcome: Outcome): void {
    const number = outcome.entry
    if (number < 0) return
    if ((this.table.words(number)[this.table.at(number) + STATUS]! & STATUS_CONFIRMED) !== 0) return
    this.#forget(number)
    outcome.entry = -1
  }

  /** Takes a confirmed entry out of the table and tells listeners. `ticks` as in EventListener. */
  #destroy(number: number, ticks: number): void {
    const words = this.table.words(number)
    const at = this.table.at(number)
    words[at + STATUS] = words[at + STATUS]! | STATUS_DYING
    this.census.end(words, at)
    if (this.onEnd !== null) this.onEnd(number, ticks)
    if (this.onEvent !== null && this.#tells(number, EVENT_BIT_DESTROY))
      this.onEvent(EVENT_DESTROY, number, 0, ticks)
    this.#forget(number)
  }

  #forget(number: number): void {
    if (this.helpers.attachments.size > 0) this.helpers.end(number, this.id(number) | 0)
    this.table.remove(number)
  }

  #invalid(outcome: Outcome): void {
    outcome.ctinfo = CTINFO_INVALID
    this.statistics.invalid++
  }

  #verifies(isSent: boolean): boolean {
    return this.checksums !== 'ignore' && this.settings.checksum !== 0 && !isSent
  }

  /** Transport checksums are verified in PREROUTING only: what this host sends is not complete yet. */
  #verify(packet: Packet, isSent: boolean): void {
    if (!this.#verifies(isSent)) {
      packet.checksum = CHECKSUM_UNKNOWN
      return
    }
    verifyChecksum(packet)
    if (packet.checksum !== CHECKSUM_PARTIAL) return
    if (this.checksums === 'auto') {
      packet.checksum = CHECKSUM_GOOD
      this.offloadedChecksums++
    } else packet.checksum = CHECKSUM_BAD
  }

  /** Unsigned id of an entry by its number: unique for the run, until 2^32 entries were made. */
  id(number: number): number {
    return this.table.words(number)[this.table.at(number) + ID]! >>> 0
  }

  /** TCP or SCTP state of an entry by its number: 0–9 or 0–8, as the places in `Settings.tcp` and `Settings.sctp`. */
  state(number: number): number {
    return flowState(this.table.words(number), this.table.at(number))
  }
}

/** `enum ip_conntrack_events`, as `--ctevents` counts them: new, related, destroy, reply, assured, protoinfo, …, mark. */
const EVENT_BIT_NEW = 1 << 0
const EVENT_BIT_RELATED = 1 << 1
const EVENT_BIT_DESTROY = 1 << 2

/** CHANGED_* but new, as those bits: reply 3, assured 4, protoinfo 5, mark 7. */
function eventBits(changes: number): number {
  return (changes & (CHANGED_REPLY | CHANGED_ASSURED | CHANGED_STATE | CHANGED_MARK)) << 2
}

/** A zone for one direction only. */
function isSplit(zones: number): boolean {
  return zones >>> 16 !== (zones & 0xffff)
}

/** Web Crypto, which browsers and Node have alike; where there is none, the caller has to bring a secret. */
export const platformRandom: FillRandom = (words) => {
  const { crypto } = globalThis as { crypto?: { getRandomValues(words: Uint32Array): void } }
  if (crypto === undefined) throw new TypeError('no Web Crypto here: give the tracker a fillRandom')
  crypto.getRandomValues(words)
}
