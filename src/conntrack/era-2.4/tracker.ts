/**
 * The tracker of Linux 2.4 (ip_conntrack_in and what it calls, 2.4.20 to 2.4.37). It knows IPv4 alone, and TCP, UDP and
 * ICMP; INVALID is a packet without an entry, and nothing else.
 */
import {
  FAMILY_IPV4,
  ISSUE_NONE,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../packet/packet.ts'
import { type Clock, ticksOf } from '../clock.ts'
import { DEADLINE, STATUS } from '../entry.ts'
import { HANDLED_DELETE, HANDLED_INVALID, HANDLED_PASS, HANDLED_REFRESH, Handling } from '../handling.ts'
import type { Helpers } from '../helpers.ts'
import { isIcmpError } from '../icmp-type.ts'
import {
  CHANGED_ASSURED,
  CHANGED_REPLY,
  CHANGED_STATE,
  DROPPED_BY_CONNTRACK,
  DROPPED_BY_HELPER,
  type Outcome,
} from '../outcome.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import type { Settings } from '../settings.ts'
import type { Statistics } from '../statistics.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_INVALID,
  CTINFO_NEW,
  CTINFO_RELATED,
  ORIGINAL,
  REPLY,
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DYING,
  STATUS_EXPECTED,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
} from '../status.ts'
import type { StateTable } from '../table.ts'
import type { Tuple } from '../tuple.ts'
import { openIcmp, trackIcmp, trackUdp } from './datagram.ts'
import { ERROR_RELATED, ERROR_UNKNOWN, IcmpErrors } from './icmp-error.ts'
import { Seniority } from './seniority.ts'
import { openTcp, trackTcp } from './tcp.ts'
import { GENERIC_SECONDS } from './timeouts.ts'
import { fillTuple, isKnown, LEAST_BYTES } from './tuple.ts'

const reason = {
  cut: reasonNumber['cut-transport'],
  tupleShort: reasonNumber['tuple-short'],
  notQuery: reasonNumber['icmp-not-query'],
  full: reasonNumber['table-full'],
  earlyDrop: reasonNumber['early-drop'],
} as const

const NAT_BITS = STATUS_SRC_NAT | STATUS_DST_NAT

/** What this tracker works on: the state table and what stands around it. A `Tracker` is that. */
export interface Surroundings {
  readonly table: StateTable
  readonly clock: Clock
  readonly settings: Settings
  readonly statistics: Statistics
  readonly helpers: Helpers
  readonly checksums: 'verify' | 'auto' | 'ignore'
  /** The living entry of a tuple: number × 2 + direction, or -1. */
  find(tuple: Tuple): number
  /** Takes away what has expired. */
  settle(): void
  /** Takes a confirmed entry out of the table. */
  kill(number: number): void
  /** Forgets an entry that is not confirmed. */
  discard(outcome: Outcome): void
}

export class Tracker24 {
  readonly #around: Surroundings
  readonly #icmpErrors: IcmpErrors
  readonly #seniority: Seniority
  readonly #handling = new Handling()

  constructor(around: Surroundings) {
    this.#around = around
    this.#icmpErrors = new IcmpErrors(around.table)
    this.#seniority = new Seniority(around.table)
  }

  /** The tracker's hook, as `Tracker.track`. Leaves what is not IPv4, or no whole packet, without a class. */
  track(packet: Packet, tuple: Tuple, outcome: Outcome, isSent: boolean): void {
    if (packet.family !== FAMILY_IPV4 || packet.issue !== ISSUE_NONE) return
    const { table, clock, checksums } = this.#around
    const { protocol, transportLength, transportCaptured } = packet
    const needed = Math.min(headerLength(protocol), transportLength)
    if (transportCaptured < needed) {
      outcome.reasons.add(reason.cut, transportCaptured, needed)
      return
    }
    if (!fillTuple(packet, tuple)) {
      outcome.reasons.add(reason.tupleShort, transportLength, LEAST_BYTES)
      this.#invalid(outcome)
      return
    }
    tuple.computeHash(table.flowHash)
    tuple.ahead = 0
    if (protocol === PROTOCOL_ICMP && isIcmpError(packet.icmpType)) {
      const judged = this.#icmpErrors.judge(packet, checksums !== 'ignore', isSent, clock.now, outcome)
      if (judged === ERROR_RELATED || judged === ERROR_UNKNOWN) return
    }
    this.#resolve(packet, tuple, outcome)
  }

  /** Did the entry's helper see the packet in the tracker's hook already? It does so unless NAT has a say. */
  hasHelped(status: number): boolean {
    return (status & (STATUS_CONFIRMED | NAT_BITS)) === STATUS_CONFIRMED
  }

  #resolve(packet: Packet, tuple: Tuple, outcome: Outcome): void {
    const around = this.#around
    const { table } = around
    const found = around.find(tuple)
    const number = found < 0 ? this.#create(packet, tuple, outcome) : found >> 1
    if (number < 0) return
    const direction = found < 0 ? ORIGINAL : found & 1
    const words = table.words(number)
    const at = table.at(number)
    const status = words[at + STATUS]!
    outcome.ctinfo = classOf(direction, status)
    outcome.entry = number
    const handling = this.#handling
    handling.stateChanged = false
    const result = handleProtocol(words, at, packet, direction, outcome.reasons, handling)
    if (result === HANDLED_INVALID) {
      around.discard(outcome)
      outcome.entry = -1
      this.#invalid(outcome)
      return
    }
    if (result === HANDLED_DELETE) {
      outcome.ended = number
      outcome.endedStatus = status | STATUS_DYING | (direction === REPLY ? STATUS_SEEN_REPLY : 0)
      around.kill(number)
      outcome.entry = -1
      return
    }
    if (result !== HANDLED_PASS) this.#refresh(number, words, at, handling.timeout)
    if (!this.#help(packet, outcome, status)) return
    if (direction === REPLY && (status & STATUS_SEEN_REPLY) === 0) {
      words[at + STATUS] = words[at + STATUS]! | STATUS_SEEN_REPLY
      outcome.changes |= CHANGED_REPLY
    }
    if ((words[at + STATUS]! & ~status & STATUS_ASSURED) !== 0) outcome.changes |= CHANGED_ASSURED
    if (handling.stateChanged) outcome.changes |= CHANGED_STATE
  }

  /** A new entry (init_conntrack), or -1: `outcome` says whether the packet is dropped or INVALID. */
  #create(packet: Packet, tuple: Tuple, outcome: Outcome): number {
    const { table, helpers } = this.#around
    // Asked ahead of all else: a packet that cannot be tracked may cost another its entry.
    if (!this.#makeRoom(outcome)) return -1
    const { reasons } = outcome
    if (!tuple.invertible) {
      // Of an error there is a reason already.
      if (!isIcmpError(packet.icmpType)) reasons.add(reason.notQuery, packet.icmpType)
      this.#invalid(outcome)
      return -1
    }
    const number = table.create(tuple)
    if (!openProtocol(table.words(number), table.at(number), packet, reasons)) {
      table.remove(number)
      this.#invalid(outcome)
      return -1
    }
    if (helpers.expectations.size > 0 || helpers.assignments.length > 0)
      helpers.begin(packet, number, outcome, null)
    this.#seniority.add(number)
    return number
  }

  /** False: the table is full of ASSURED entries, and the packet is dropped. */
  #makeRoom(outcome: Outcome): boolean {
    const { table, settings, statistics } = this.#around
    const limit = settings.max
    if (limit === 0 || table.count < limit) return true
    this.#around.settle()
    if (table.count < limit) return true
    const victim = this.#seniority.oldest()
    if (victim < 0) {
      outcome.droppedBy = DROPPED_BY_CONNTRACK
      outcome.reasons.add(reason.full, table.count, limit)
      statistics.drop++
      return false
    }
    this.#around.kill(victim)
    statistics.earlyDrop++
    outcome.reasons.add(reason.earlyDrop, 1, limit)
    return true
  }

  #refresh(number: number, words: Int32Array, at: number, seconds: number): void {
    const { table, clock } = this.#around
    const lifetime = ticksOf(seconds, clock.hz)
    if ((words[at + STATUS]! & STATUS_CONFIRMED) === 0) {
      words[at + DEADLINE] = lifetime
      return
    }
    const deadline = (clock.now + lifetime) | 0
    const earlier = ((deadline - words[at + DEADLINE]!) | 0) < 0
    words[at + DEADLINE] = deadline
    if (earlier) table.wheel.moved(number, words, at)
  }

  /** False: the helper drops the packet. */
  #help(packet: Packet, outcome: Outcome, status: number): boolean {
    const { helpers } = this.#around
    if (helpers.attachments.size === 0 || !this.hasHelped(status)) return true
    if (helpers.help(packet, outcome, null)) return true
    outcome.droppedBy = DROPPED_BY_HELPER
    return false
  }

  #invalid(outcome: Outcome): void {
    outcome.ctinfo = CTINFO_INVALID
    this.#around.statistics.invalid++
  }
}

function classOf(direction: number, status: number): number {
  if (direction === REPLY) return CTINFO_ESTABLISHED_REPLY
  if ((status & STATUS_SEEN_REPLY) !== 0) return CTINFO_ESTABLISHED
  return (status & STATUS_EXPECTED) !== 0 ? CTINFO_RELATED : CTINFO_NEW
}

/** Transport bytes that are read, as far as the packet has them. */
function headerLength(protocol: number): number {
  if (!isKnown(protocol)) return 0
  return protocol === PROTOCOL_TCP ? 20 : LEAST_BYTES
}

/** May the packet begin an entry? */
function openProtocol(words: Int32Array, at: number, packet: Packet, reasons: Reasons): boolean {
  if (packet.protocol === PROTOCOL_TCP) return openTcp(words, at, packet, reasons)
  return packet.protocol !== PROTOCOL_ICMP || openIcmp(packet, reasons)
}

/** Judges a packet of an entry: HANDLED_*. */
function handleProtocol(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  reasons: Reasons,
  handling: Handling,
): number {
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return trackTcp(words, at, packet, direction, reasons, handling)
    case PROTOCOL_UDP:
      return trackUdp(words, at, handling)
    case PROTOCOL_ICMP:
      return trackIcmp(words, at, direction, reasons, handling)
    default:
      handling.timeout = GENERIC_SECONDS
      return HANDLED_REFRESH
  }
}
