/**
 * The search for a tuple that a mapping allows and no other entry has (get_unique_tuple).
 *
 * Tuples here are as the packets leave: the inverse of an entry's reply. One is taken when its inverse is a tuple of a
 * confirmed entry, in whichever direction. What Linux draws at random comes from a seeded source, so that a run can be
 * repeated: any port it finds is one that Linux might have found.
 */
import { flowState, PROTOCOL_IPV6_BIT, STATUS, TCP_END } from '../conntrack/entry.ts'
import {
  ORIGINAL,
  REPLY,
  STATUS_DST_NAT,
  STATUS_DYING,
  STATUS_FIXED_TIMEOUT,
  STATUS_SEQ_ADJUST,
  STATUS_SRC_NAT,
} from '../conntrack/status.ts'
import { SYN_SENT, TIME_WAIT } from '../conntrack/tcp/state.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { PROTOCOL_TCP } from '../packet/packet.ts'
import { END_DESTINATION, END_SOURCE } from '../packet/translate.ts'
import { chooseAddress } from './address-choice.ts'
import { holdsAddress, type NatRange } from './range.ts'
import { hasPorts, isGre, isIcmp, partOf, setPart } from './tuple-part.ts'

/** Where the search for a free port, key or identifier begins. */
export interface PortSource {
  /** One of the `size` numbers from `from` on, for END_SOURCE or END_DESTINATION. */
  first(from: number, size: number, end: number): number
}

/** Candidates of the first round; each later round tries half as many, but no fewer than LEAST_ATTEMPTS. */
const MOST_ATTEMPTS = 128
const LEAST_ATTEMPTS = 16
/** Among the last so many of a round a connection that is over may be put out of the way. */
const HARDER = 32

export class TupleSearch {
  readonly #tracker: Tracker
  readonly #ports: PortSource
  readonly #reply = new Tuple()
  readonly #mapped = new Tuple()

  constructor(tracker: Tracker, ports: PortSource) {
    this.#tracker = tracker
    this.#ports = ports
  }

  /**
   * Changes the end `end` of `tuple`, which an unconfirmed entry has now, to one within the range. Where none is free, what
   * was tried last stays: confirming it will fail.
   */
  choose(tuple: Tuple, range: NatRange, entry: number, end: number): void {
    const { ports, random } = range
    if (end === END_SOURCE && !random) {
      if (inRange(tuple, range)) {
        if (!this.#isTaken(tuple) || this.#isMirrored(tuple)) return
      } else if (this.#findMapped(tuple, range) && !this.#isTaken(this.#mapped)) {
        tuple.copy(this.#mapped)
        return
      }
    }
    // The number of a zone counts, even of one for the replies only.
    const zone = tuple.zones >>> 16 || tuple.zones & 0xffff
    chooseAddress(tuple.addresses, range, tuple.protocol >= PROTOCOL_IPV6_BIT, end, zone)
    if (!random) {
      if (ports === null) {
        if (!this.#isTaken(tuple)) return
      } else if (range.base < 0 && partInRange(tuple, ports, end)) {
        if (ports.from === ports.to || !this.#isTaken(tuple)) return
      }
    }
    this.#search(tuple, range, entry, end)
  }

  /** Goes through the ports, keys or identifiers (nf_nat_l4proto_unique_tuple). */
  #search(tuple: Tuple, range: NatRange, entry: number, end: number): void {
    const { protocol } = tuple
    const { ports } = range
    let from = ports === null ? 0 : ports.from
    let size = ports === null ? 0x1_0000 : ports.to - ports.from + 1
    const old = partOf(tuple.ports, protocol, end)
    if (isGre(protocol)) {
      // Only keys that the PPTP helper knows are anybody's to change.
      if (!this.#isExpected(entry)) return
      if (ports === null) {
        from = 1
        size = 65_535
      }
    } else if (hasPorts(protocol)) {
      if (ports === null) {
        if (end === END_DESTINATION) return
        // Ports below 512 and below 1024 tell who may have opened them.
        if (old < 512) {
          from = 1
          size = 511
        } else if (old < 1024) {
          from = 600
          size = 424
        } else {
          from = 1024
          size = 64_512
        }
      }
    } else if (!isIcmp(protocol)) return
    let offset = 0
    if (range.base >= 0) offset = (old - range.base) & 0xffff
    else if (range.random || end === END_SOURCE) offset = this.#ports.first(from, size, end) - from
    let attempts = Math.min(size, MOST_ATTEMPTS)
    for (;;) {
      for (let i = 0; i < attempts; i++) {
        setPart(tuple, end, from + ((offset + i) % size))
        if (!this.#isTakenHarder(tuple, entry, attempts - i)) return
      }
      if (attempts >= size || attempts < LEAST_ATTEMPTS) return
      attempts >>= 1
      offset = this.#ports.first(from, size, end) - from
    }
  }

  /** Whether packets that leave with this tuple would be answered into another entry (nf_nat_used_tuple). */
  #isTaken(tuple: Tuple): boolean {
    if (this.#find(tuple) < 0) return false
    this.#tracker.statistics.found++
    return true
  }

  #find(tuple: Tuple): number {
    const reply = this.#reply
    reply.invert(tuple)
    reply.ahead = 0
    reply.computeHash(this.#tracker.table.flowHash)
    return this.#tracker.findTaken(reply)
  }

  /**
   * The same flow the other way round, which zones of one direction keep apart, and which NAT leaves alone: both stay, until
   * confirm finds them to clash (nf_nat_used_tuple_new). `tuple` is that of the packet.
   */
  #isMirrored(tuple: Tuple): boolean {
    const found = this.#find(tuple)
    const { table } = this.#tracker
    const mask = STATUS_SRC_NAT | STATUS_DST_NAT | STATUS_SEQ_ADJUST
    return (found & 1) === ORIGINAL && (table.words(found >> 1)[table.at(found >> 1) + STATUS]! & mask) === 0
  }

  /**
   * The same, but a TCP connection that is over and whose sequence numbers the new one has left behind makes way for it
   * (nf_nat_used_tuple_harder).
   */
  #isTakenHarder(tuple: Tuple, entry: number, attemptsLeft: number): boolean {
    const { table } = this.#tracker
    const words = table.words(entry)
    const at = table.at(entry)
    const mayKill =
      attemptsLeft <= HARDER && (tuple.protocol & 0xff) === PROTOCOL_TCP && flowState(words, at) === SYN_SENT
    if (!mayKill) return this.#isTaken(tuple)
    const found = this.#find(tuple)
    if (found < 0) return false
    const other = found >> 1
    if ((found & 1) === ORIGINAL || !this.#isOver(other)) return true
    const advance = (words[at + TCP_END]! - table.words(other)[table.at(other) + TCP_END]!) | 0
    if (advance <= 0) return true
    this.#tracker.kill(other)
    return false
  }

  /** A connection with a translated source that is in TIME_WAIT or CLOSE, or behind them (nf_nat_may_kill). */
  #isOver(entry: number): boolean {
    const { table } = this.#tracker
    const words = table.words(entry)
    const at = table.at(entry)
    const mask = STATUS_SRC_NAT | STATUS_FIXED_TIMEOUT | STATUS_DYING
    return flowState(words, at) >= TIME_WAIT && (words[at + STATUS]! & mask) === STATUS_SRC_NAT
  }

  /**
   * What a living entry of the same source and source port was given, if the range allows it: fills `#mapped`
   * (find_appropriate_src). The youngest entry counts.
   */
  #findMapped(tuple: Tuple, range: NatRange): boolean {
    const { table, clock } = this.#tracker
    const mapped = this.#mapped
    const reply = this.#reply
    let entry = table.translations.firstOfSource(tuple)
    for (; entry >= 0; entry = table.translations.nextOfSource(entry)) {
      if (!table.isAlive(entry, clock.now)) continue
      table.readTuple(entry, REPLY, reply)
      mapped.copy(tuple)
      for (let i = 0; i < 4; i++) mapped.addresses[i] = reply.addresses[4 + i]!
      setPart(mapped, END_SOURCE, partOf(reply.ports, reply.protocol, END_DESTINATION))
      if (inRange(mapped, range)) return true
    }
    return false
  }

  #isExpected(entry: number): boolean {
    return (this.#tracker.helpers.attachments.get(entry)?.master ?? -1) >= 0
  }
}

/** The source is one that the range allows (nf_in_range). */
function inRange(tuple: Tuple, { addresses, ports }: NatRange): boolean {
  if (addresses !== null && !holdsAddress(addresses, tuple.addresses, 0)) return false
  return ports === null || partInRange(tuple, ports, END_SOURCE)
}

/** Protocols without ports are in every range. */
function partInRange(tuple: Tuple, { from, to }: NonNullable<NatRange['ports']>, end: number): boolean {
  const { protocol } = tuple
  if (!hasPorts(protocol) && !isIcmp(protocol) && !isGre(protocol)) return true
  const part = partOf(tuple.ports, protocol, end)
  return part >= from && part <= to
}
