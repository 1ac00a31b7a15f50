/**
 * NAT: which mapping a connection gets, and what that does to each of its packets (nf_nat_core, nf_nat_proto).
 *
 * A connection has two decisions to make, once each: its destination (PREROUTING, OUTPUT) and its source (POSTROUTING,
 * INPUT). Deciding changes the reply tuple of its entry, which is not yet confirmed; every packet of it is then made to look
 * like the inverse of the other direction's tuple. `hook/nat.ts` has the order in which a hook asks for this.
 */
import { STATUS } from '../conntrack/entry.ts'
import type { Follow } from '../conntrack/expectation.ts'
import type { HelperTranslation } from '../conntrack/helper/helper.ts'
import { entryOf, type Outcome, statusOf } from '../conntrack/outcome.ts'
import {
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_NEW,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  ORIGINAL,
  REPLY,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DST_NAT_DONE,
  STATUS_SRC_NAT,
  STATUS_SRC_NAT_DONE,
} from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import {
  CHECKSUM_BAD,
  CHECKSUM_UNKNOWN,
  FAMILY_IPV4,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
} from '../packet/packet.ts'
import { END_DESTINATION, END_SOURCE, translateEnd, translateError } from '../packet/translate.ts'
import { verifyChecksum } from '../packet/verify.ts'
import { type NatRange, rangeOfAddress } from './range.ts'
import { partOf } from './tuple-part.ts'
import { type PortSource, TupleSearch } from './tuple-search.ts'

const NAT_BITS = STATUS_SRC_NAT | STATUS_DST_NAT
const DONE_BITS = STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE

const ICMP_REDIRECT = 5
const ICMPV6_REDIRECT = 137

/** The translations of one tracker's connections. An `end` is END_SOURCE or END_DESTINATION. */
export class Nat implements HelperTranslation {
  readonly #tracker: Tracker
  readonly #search: TupleSearch
  readonly #ports: PortSource
  readonly #reply = new Tuple()
  readonly #current = new Tuple()
  readonly #address = new Int32Array(4)
  readonly #here: NatRange

  constructor(tracker: Tracker, ports: PortSource) {
    this.#tracker = tracker
    this.#search = new TupleSearch(tracker, ports)
    this.#ports = ports
    tracker.helpers.translation = this
    this.#here = rangeOfAddress(this.#address)
  }

  /** The packet is an ICMP or ICMPv6 error that belongs to a connection: it is translated, and asks no rule. */
  isError({ ctinfo }: Outcome, { family, protocol }: Packet): boolean {
    return (
      (ctinfo === CTINFO_RELATED || ctinfo === CTINFO_RELATED_REPLY) &&
      protocol === (family === FAMILY_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6)
    )
  }

  /** The packet's connection has still to decide about this end, so the rules are to be asked (nf_nat_inet_fn). */
  isOpen(outcome: Outcome, packet: Packet, end: number): boolean {
    const { entry, ctinfo } = outcome
    if (entry < 0 || (ctinfo !== CTINFO_NEW && ctinfo !== CTINFO_RELATED && ctinfo !== CTINFO_RELATED_REPLY))
      return false
    if (this.isError(outcome, packet)) return false
    return (this.#status(entry) & doneBit(end)) === 0
  }

  /** Decides that the end stays as it is, if its tuple is free: no rule said otherwise. */
  bindAsIs(entry: number, end: number): void {
    const { table } = this.#tracker
    table.readTuple(entry, REPLY, this.#reply)
    const at = end === END_SOURCE ? 4 : 0
    for (let i = 0; i < 4; i++) this.#address[i] = this.#reply.addresses[at + i]!
    this.setUp(entry, this.#here, end)
  }

  /**
   * Decides about an end, which must be open (nf_nat_setup_info). An entry that is confirmed already stays as it is, and the
   * decision stays open.
   */
  setUp(entry: number, range: NatRange, end: number): void {
    const { table } = this.#tracker
    if ((this.#status(entry) & STATUS_CONFIRMED) !== 0) return
    const reply = this.#reply
    const current = this.#current
    table.readTuple(entry, REPLY, reply)
    current.invert(reply)
    this.#search.choose(current, range, entry, end)
    let bits = doneBit(end)
    if (!isInverse(current, reply)) {
      reply.invert(current)
      table.setReply(entry, reply)
      bits |= end === END_SOURCE ? STATUS_SRC_NAT : STATUS_DST_NAT
    }
    const words = table.words(entry)
    const at = table.at(entry)
    words[at + STATUS] = words[at + STATUS]! | bits
  }

  /** A connection that a translated one expected is translated as that is, whatever the rules say (nf_nat_follow_master). */
  follow(entry: number, master: number, { direction, port }: Follow): void {
    const like = new Tuple()
    this.#tracker.table.readTuple(master, direction, like)
    this.setUp(entry, rangeOfAddress(like.addresses.slice(4, 8)), END_SOURCE)
    const ports = { from: port, to: port }
    this.setUp(entry, rangeOfAddress(like.addresses.slice(0, 4), { ports, random: false }), END_DESTINATION)
  }

  firstPort(from: number, size: number): number {
    return this.#ports.first(from, size, END_DESTINATION)
  }

  /** MASQUERADE: the connection may leave by this interface only, from 1. */
  tieTo(entry: number, interfaceNumber: number): void {
    this.#tracker.table.setMasqueradeInterface(entry, interfaceNumber)
  }

  /** A masqueraded connection's packet leaves by another interface: the connection is over, and the packet dropped. */
  leavesElsewhere(outcome: Outcome, outInterface: number): boolean {
    const { table } = this.#tracker
    const { entry, ctinfo } = outcome
    if (entry < 0 || ctinfo >= CTINFO_ESTABLISHED_REPLY) return false
    const tied = table.masqueradeInterface(entry)
    return tied !== 0 && tied !== outInterface
  }

  /** Takes the packet's connection, of which `leavesElsewhere` is true, out of the table. */
  end(outcome: Outcome, packet: Packet): void {
    this.#tracker.killWith(outcome, packet)
  }

  /** Must this packet's end be rewritten? A connection that the packet itself ended counts (nf_nat_packet). */
  concerns(outcome: Outcome, end: number): boolean {
    const status = statusOf(this.#tracker.table, outcome)
    const source = (end === END_SOURCE) === outcome.ctinfo < CTINFO_ESTABLISHED_REPLY
    return (status & (source ? STATUS_SRC_NAT : STATUS_DST_NAT)) !== 0
  }

  /** Rewrites it. False: it is too short for that, and Linux drops it. */
  translate(packet: Packet, outcome: Outcome, end: number): boolean {
    const part = this.#readTarget(outcome, end)
    return translateEnd(packet, end, this.#address, 0, part)
  }

  /** An error is dropped when its checksum is wrong, and a redirect when it speaks of addresses that are not the other side's. */
  mayPassError(packet: Packet, outcome: Outcome): boolean {
    if (this.#hasBadChecksum(packet)) return false
    if (packet.icmpType !== (packet.family === FAMILY_IPV4 ? ICMP_REDIRECT : ICMPV6_REDIRECT)) return true
    return (statusOf(this.#tracker.table, outcome) & (NAT_BITS | DONE_BITS)) === DONE_BITS
  }

  /** As `translate`, for what `isError` says is one. */
  translateError(packet: Packet, outcome: Outcome, end: number): boolean {
    const part = this.#readTarget(outcome, end)
    return translateError(packet, end, this.#address, 0, part)
  }

  /** Where the tracker did not look (a sysctl), NAT does all the same. */
  #hasBadChecksum(packet: Packet): boolean {
    const known = packet.checksum !== CHECKSUM_UNKNOWN || this.#tracker.checksums === 'ignore'
    if (!known) verifyChecksum(packet)
    const { checksum } = packet
    if (!known) packet.checksum = CHECKSUM_UNKNOWN
    return checksum === CHECKSUM_BAD
  }

  /** Fills `#address` with what the end shall be, and answers its part: the inverse of the other direction's tuple. */
  #readTarget(outcome: Outcome, end: number): number {
    const { table } = this.#tracker
    const reply = this.#reply
    const direction = outcome.ctinfo < CTINFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL
    table.readTuple(entryOf(outcome), direction, reply, statusOf(table, outcome))
    const other = end === END_SOURCE ? END_DESTINATION : END_SOURCE
    const at = other === END_SOURCE ? 0 : 4
    for (let i = 0; i < 4; i++) this.#address[i] = reply.addresses[at + i]!
    return partOf(reply.ports, reply.protocol, other)
  }

  #status(entry: number): number {
    const { table } = this.#tracker
    return table.words(entry)[table.at(entry) + STATUS]!
  }
}

function doneBit(end: number): number {
  return end === END_SOURCE ? STATUS_SRC_NAT_DONE : STATUS_DST_NAT_DONE
}

function isInverse(tuple: Tuple, reply: Tuple): boolean {
  if (tuple.ports !== reply.inversePorts) return false
  for (let i = 0; i < 8; i++) if (tuple.addresses[i] !== reply.addresses[i ^ 4]) return false
  return true
}
