/**
 * Where the capture stands: in front of the firewall, packets that were captured behind it become what it received.
 *
 * A router translates and forwards. Captured on one side of it, half of the packets are seen as they leave, with addresses
 * that they did not come with; captured on both, each is there twice. Here the second copies are taken out, and what was
 * captured behind the translation is given back its addresses by the entry of its connection.
 */
import { STATUS } from '../conntrack/entry.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import { CTINFO_NEW, ORIGINAL, REPLY, STATUS_SRC_NAT } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Decision } from '../firewall/decision.ts'
import { type HostWay, SEEN_ELSEWHERE, SEEN_LEAVING } from '../firewall/host-way.ts'
import { HOOK_INPUT, VERDICT_DROP, VERDICT_REJECT } from '../hook/hook.ts'
import type { Host } from '../host/host.ts'
import { partOf } from '../nat/tuple-part.ts'
import {
  CHECKSUM_BAD,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNKNOWN,
  DIRECTION_INCOMING,
  FAMILY_IPV6,
  FAMILY_NONE,
  ISSUE_NONE,
  Packet,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
} from '../packet/packet.ts'
import { decodeQuoted, QUOTED_OK } from '../packet/quoted.ts'
import { setTtl } from '../packet/rewrite.ts'
import { END_DESTINATION, END_SOURCE, translateEnd, translateError } from '../packet/translate.ts'
import { verifyChecksum } from '../packet/verify.ts'
import { isErrorPacket } from './error-packet.ts'
import { wasForwarded } from './initial-ttl.ts'
import { Mappings } from './mappings.ts'
import { SecondCopies } from './second-copies.ts'
import { Unanswered } from './unanswered.ts'

/**
 * `Standpoint.captured`. `inside`, `outside`: on one side of a router that translates; `both`: on all its interfaces, so that
 * what it forwards is seen twice; `wire`: every packet once, as the host received or sent it.
 */
export type Captured = 'inside' | 'outside' | 'both' | 'wire'

/** `Standpoint.take`: as it was captured. */
export const TAKEN_AS_SEEN = 0
/** It was rewritten into what the host received. */
export const TAKEN_READDRESSED = 1
/** The same, with an address that stands for one that nobody knows. */
export const TAKEN_STAND_IN = 2
/** A second copy: not for the firewall. `second` has its first one. */
export const TAKEN_AS_SECOND = 3
/** The same, of a packet that did not get through here. */
export const TAKEN_AGAINST = 4

const QUOTE_OFFSET = 8
/** Of `HostWay.known`. */
const NOT_KNOWN = -1
const GOT_STOPPED = VERDICT_DROP
/** IPv6 header and payload; segments that were merged may be longer. */
const LONGEST_PACKET = 65_575

/** How many packets were taken as what. */
export interface StandpointCounts {
  /** Not judged: the first copy was. */
  secondCopies: number
  /** Second copies of packets that were not forwarded here. */
  against: number
  /** Judged with the addresses that they came with. */
  readdressed: number
  /** The same, of connections whose inner address nobody knows. */
  standIns: number
  /** Captured outside, of no connection that is known, and by their TTL not forwarded: the host's own. */
  own: number
}

/** For `StationOptions.standpoint`; made with the tracker and the way of the firewall. */
export class Standpoint {
  /** As it was told. */
  readonly captured: Captured
  /** What was done so far. */
  readonly counts: StandpointCounts = { secondCopies: 0, against: 0, readdressed: 0, standIns: 0, own: 0 }
  readonly #host: Host
  readonly #way: HostWay
  readonly #tracker: Tracker
  readonly #copies: SecondCopies
  readonly #mappings: Mappings
  readonly #unanswered: Unanswered
  readonly #inverse = new Tuple()
  readonly #target = new Tuple()
  readonly #came = new Tuple()
  readonly #quoted = new Packet()
  readonly #quotedTuple = new Tuple()
  #buffer = new Uint8Array(LONGEST_PACKET)
  #view = new DataView(this.#buffer.buffer)
  /** Of the packet in hand: it is seen as it leaves. */
  #leaves = false
  readonly #scratch = new Int32Array(4)

  /** The host, way and tracker are those of the firewall. */
  constructor(captured: Captured, host: Host, way: HostWay, tracker: Tracker) {
    this.captured = captured
    this.#host = host
    this.#way = way
    this.#tracker = tracker
    const { flowHash } = tracker.table
    this.#copies = new SecondCopies(flowHash)
    this.#mappings = new Mappings(flowHash)
    this.#unanswered = new Unanswered(flowHash)
  }

  /** Number of the packet that the last TAKEN_AS_SECOND or TAKEN_AGAINST is the second copy of. */
  get first(): number {
    return this.#copies.first
  }

  /** What the first copy of the last TAKEN_AGAINST came as. */
  get firstTuple(): Tuple {
    return this.#copies.tuple
  }

  /** Translations that second copies showed. */
  get learned(): number {
    return this.#mappings.learned
  }

  /**
   * Ahead of the firewall, for each packet, prepared; `number` counts packets from 1. Rewriting changes the packet's fields
   * and copies its bytes, until the next call; its tuple follows. TAKEN_*. Allocates nothing.
   */
  take(packet: Packet, tuple: Tuple, number: number): number {
    this.#way.known = NOT_KNOWN
    if (packet.family === FAMILY_NONE) return TAKEN_AS_SEEN
    if (this.captured === 'both') {
      if (this.#copies.isSecond(packet)) return this.#second(packet, tuple)
      this.#copies.remember(packet, tuple, number)
    }
    if (packet.issue !== ISSUE_NONE) return TAKEN_AS_SEEN
    const side = this.#way.side(packet)
    if (side === SEEN_ELSEWHERE) return TAKEN_AS_SEEN
    this.#leaves = side === SEEN_LEAVING
    if (this.captured !== 'wire') return this.#readdress(packet, tuple, this.#leaves)
    if (!tuple.usable || !tuple.invertible) return TAKEN_AS_SEEN
    this.#inverse.invert(tuple)
    this.#inverse.ahead = 0
    if (this.#leaves) return this.#ownAnswer(packet, tuple)
    return this.#asArriving(packet, tuple) ? this.#rewrite(packet, tuple, TAKEN_READDRESSED) : TAKEN_AS_SEEN
  }

  /** Behind the firewall: what became of the packet that was taken last. */
  judged({ verdict, way }: Decision, packet: Packet, tuple: Tuple, { ctinfo, entry }: Outcome): void {
    if (this.captured === 'both') {
      const isStopped = verdict === VERDICT_DROP || verdict === VERDICT_REJECT || way === HOOK_INPUT
      this.#copies.judged(isStopped ? GOT_STOPPED : verdict)
    } else if (this.captured !== 'wire') return
    if (ctinfo !== CTINFO_NEW || entry < 0) return
    const { table } = this.#tracker
    const status = table.words(entry)[table.at(entry) + STATUS]!
    if ((status & STATUS_SRC_NAT) !== 0) this.#unanswered.remember(packet, tuple)
  }

  #second(packet: Packet, tuple: Tuple): number {
    const copies = this.#copies
    this.counts.secondCopies++
    if (packet.issue === ISSUE_NONE && tuple.usable && tuple.invertible && !sameTuple(copies.tuple, tuple)) {
      copies.tuple.protocol = tuple.protocol
      this.#mappings.learn(tuple, copies.tuple)
    }
    if (copies.verdict !== GOT_STOPPED) return TAKEN_AS_SECOND
    copies.tuple.zones = tuple.zones
    copies.tuple.computeHash(this.#tracker.table.flowHash)
    this.counts.against++
    return TAKEN_AGAINST
  }

  #readdress(packet: Packet, tuple: Tuple, leaving: boolean): number {
    if (isErrorPacket(packet)) return this.#readdressError(packet, tuple, leaving)
    if (!tuple.usable || !tuple.invertible) return TAKEN_AS_SEEN
    this.#inverse.invert(tuple)
    this.#inverse.ahead = 0
    // Nothing to tell by: it may be seen as it leaves.
    const mayLeave = leaving || packet.direction !== DIRECTION_INCOMING
    if (mayLeave && this.#asLeaving(tuple)) {
      // With its own addresses again it does not look so any more.
      this.#way.known = SEEN_LEAVING
      return this.#rewrite(packet, tuple, TAKEN_READDRESSED)
    }
    if (!leaving)
      return this.#asArriving(packet, tuple) ? this.#rewrite(packet, tuple, TAKEN_READDRESSED) : TAKEN_AS_SEEN
    if (!this.#way.isFromHere(packet)) {
      this.#own(packet)
      this.#raiseTtl(packet)
      return TAKEN_AS_SEEN
    }
    // What belongs to an entry as it stands is the host's own, as its answer to what came in by INPUT.
    if (this.captured !== 'outside' || this.#lookup(this.#inverse) >= 0 || this.#lookup(tuple) >= 0)
      return TAKEN_AS_SEEN
    if (wasForwarded(packet) && this.#standIn(packet, tuple))
      return this.#rewrite(packet, tuple, TAKEN_STAND_IN)
    this.counts.own++
    return TAKEN_AS_SEEN
  }

  /** The host sends an answer, and what that answers was redirected to it: seen as it left, it was made with another source. */
  #ownAnswer(packet: Packet, tuple: Tuple): number {
    if (this.#lookup(tuple) >= 0 || this.#lookup(this.#inverse) < 0 || !this.#asLeaving(tuple))
      return TAKEN_AS_SEEN
    this.#way.known = SEEN_LEAVING
    return this.#rewrite(packet, tuple, TAKEN_READDRESSED)
  }

  /** `#target` is what the packet, seen as it leaves, came as. False: as it stands, or nobody knows. */
  #asLeaving(tuple: Tuple): boolean {
    const { table } = this.#tracker
    // Leaving, a packet looks like the inverse of the other direction's tuple (nf_nat_packet).
    const found = this.#lookup(this.#inverse)
    if (found >= 0) {
      table.readTuple(found >> 1, (found & 1) === ORIGINAL ? REPLY : ORIGINAL, this.#target)
      return !sameTuple(this.#target, tuple)
    }
    if (!this.#mappings.find(tuple, this.#came)) return false
    this.#target.copy(this.#came)
    return true
  }

  /** `#target` is what the packet came as, had the router translated as this one does. False: as it stands. */
  #asArriving(packet: Packet, tuple: Tuple): boolean {
    if (!this.#mappings.find(this.#inverse, this.#came) && !this.#isFirstAnswer(packet, tuple)) return false
    const found = this.#lookup(this.#came)
    if (found < 0) return false
    const other = (found & 1) === ORIGINAL ? REPLY : ORIGINAL
    this.#tracker.table.readTuple(found >> 1, other, this.#target)
    return !sameTuple(this.#target, tuple)
  }

  /** It answers a connection that has another port here: `#came` is what that came as. */
  #isFirstAnswer(packet: Packet, tuple: Tuple): boolean {
    if (this.#lookup(tuple) >= 0 || !this.#unanswered.take(packet, tuple, this.#came)) return false
    this.#mappings.learn(this.#inverse, this.#came)
    return this.#mappings.find(this.#inverse, this.#came)
  }

  /** An entry number × 2 + direction, or -1. */
  #lookup(tuple: Tuple): number {
    const { table, clock } = this.#tracker
    const found = table.lookup(tuple)
    return found >= 0 && table.isAlive(found >> 1, clock.now) ? found : -1
  }

  /** A packet of a masqueraded connection, seen outside: an address of the inner network for its sender. */
  #standIn(packet: Packet, tuple: Tuple): boolean {
    const ipv6 = packet.family === FAMILY_IPV6
    const inner = this.#innerAddress(ipv6, packet)
    if (!inner) return false
    this.#target.copy(tuple)
    const { addresses } = this.#target
    for (let i = 0; i < 4; i++) addresses[i] = this.#scratch[i]!
    this.#came.copy(this.#target)
    this.#mappings.learn(tuple, this.#came)
    return true
  }

  /** Fills `#scratch` with an address of the network of another interface than the packet leaves by; false: there is none. */
  #innerAddress(ipv6: boolean, packet: Packet): boolean {
    const host = this.#host
    const { destination0, destination1, destination2, destination3 } = packet
    const out = host.route(ipv6, destination0, destination1, destination2, destination3)
    const outInterface = out === null ? 0 : out.interface
    const { addresses } = host
    for (let i = 0; i < addresses.length; i++) {
      const { interface: device, words, length } = addresses[i]!
      if (device === host.loopback || device === outInterface) continue
      if ((words.length === 4) !== ipv6 || length > words.length * 32 - 2) continue
      const last = words.length - 1
      this.#scratch.fill(0)
      for (let k = 0; k <= last; k++) this.#scratch[k] = words[k]!
      // The lowest bit but one differs: in the network, and neither its first address nor its last one, where it has more.
      this.#scratch[last] = words[last]! ^ 3
      if (
        host.addressType(ipv6, this.#scratch[0]!, this.#scratch[1]!, this.#scratch[2]!, this.#scratch[3]!) !==
        'unicast'
      )
        this.#scratch[last] = words[last]! ^ 2
      return true
    }
    return false
  }

  /** Makes the packet what `#target` says. */
  #rewrite(packet: Packet, tuple: Tuple, taken: number): number {
    this.#own(packet)
    const isPartial = this.#isPartial(packet)
    this.#rewriteEnd(packet, tuple, END_SOURCE)
    this.#rewriteEnd(packet, tuple, END_DESTINATION)
    if (isPartial) complete(packet)
    packet.checksum = CHECKSUM_UNKNOWN
    this.#raiseTtl(packet)
    this.#tracker.prepare(packet, tuple)
    if (taken === TAKEN_STAND_IN) this.counts.standIns++
    else this.counts.readdressed++
    return taken
  }

  #rewriteEnd(packet: Packet, tuple: Tuple, end: number): void {
    const target = this.#target
    const { protocol } = tuple
    const at = end === END_SOURCE ? 0 : 4
    const part = partOf(target.ports, protocol, end)
    if (sameEnd(target, tuple, at, part, partOf(tuple.ports, protocol, end))) return
    translateEnd(packet, end, target.addresses, at, part)
  }

  /** Left to the network card, which would have completed it for the addresses that it has now. */
  #isPartial(packet: Packet): boolean {
    if (this.#tracker.checksums !== 'auto') return false
    verifyChecksum(packet)
    return packet.checksum === CHECKSUM_PARTIAL
  }

  /** Where it was forwarded before it was seen, and is not the host's own: one hop more was left. */
  #raiseTtl(packet: Packet): void {
    if (!this.#leaves || this.#way.isFromHere(packet)) return
    if (packet.ttl > 0 && packet.ttl < 255) setTtl(packet, packet.ttl + 1)
  }

  /** An ICMP error by the packet that it quotes: as that left, or as it is on the other side. */
  #readdressError(packet: Packet, tuple: Tuple, leaving: boolean): number {
    const quoted = this.#quoted
    const inner = this.#quotedTuple
    if (decodeQuoted(packet, QUOTE_OFFSET, quoted) !== QUOTED_OK || !inner.fromPacket(quoted))
      return TAKEN_AS_SEEN
    inner.zones = tuple.zones
    inner.ahead = 0
    inner.computeHash(this.#tracker.table.flowHash)
    const { table } = this.#tracker
    let found = leaving || packet.direction !== DIRECTION_INCOMING ? this.#lookup(inner) : -1
    const mayLeave = found >= 0
    if (found < 0 && this.#mappings.find(inner, this.#came)) found = this.#lookup(this.#came)
    if (found < 0) return TAKEN_AS_SEEN
    // On the wire it quotes the packet as that had left: the inverse of the other direction's tuple.
    table.readTuple(found >> 1, (found & 1) === ORIGINAL ? REPLY : ORIGINAL, this.#target)
    this.#inverse.invert(this.#target)
    const { addresses, ports, protocol } = this.#inverse
    if (
      sameEnd(
        this.#inverse,
        inner,
        0,
        partOf(ports, protocol, END_SOURCE),
        partOf(inner.ports, protocol, END_SOURCE),
      )
    )
      return TAKEN_AS_SEEN
    this.#own(packet)
    // The source of what is quoted, and with it the destination of the error.
    if (!translateError(packet, END_DESTINATION, addresses, 0, partOf(ports, protocol, END_SOURCE)))
      return TAKEN_AS_SEEN
    this.#raiseTtl(packet)
    this.#tracker.prepare(packet, tuple)
    this.counts.readdressed++
    if (mayLeave) this.#way.known = SEEN_LEAVING
    return TAKEN_READDRESSED
  }

  /** The packet's bytes become a copy, so that what was captured stays. */
  #own(packet: Packet): void {
    const { networkOffset, capturedEnd } = packet
    const length = capturedEnd - networkOffset
    if (length > this.#buffer.length) {
      this.#buffer = new Uint8Array(length)
      this.#view = new DataView(this.#buffer.buffer)
    }
    this.#buffer.set(packet.bytes.subarray(networkOffset, networkOffset + length))
    packet.bytes = this.#buffer
    packet.view = this.#view
    packet.transportOffset -= networkOffset
    packet.capturedEnd = length
    packet.networkOffset = 0
  }
}

/** Writes the checksum that the packet should have. */
function complete(packet: Packet): void {
  verifyChecksum(packet)
  if (packet.checksum !== CHECKSUM_BAD && packet.checksum !== CHECKSUM_PARTIAL) return
  const field = packet.protocol === PROTOCOL_TCP ? 16 : 6
  if (packet.protocol === PROTOCOL_SCTP)
    packet.view.setUint32(packet.transportOffset + 8, packet.checksumExpected)
  else packet.view.setUint16(packet.transportOffset + field, packet.checksumExpected)
}

function sameTuple(a: Tuple, b: Tuple): boolean {
  if (a.ports !== b.ports) return false
  for (let i = 0; i < 8; i++) if (a.addresses[i] !== b.addresses[i]) return false
  return true
}

function sameEnd(a: Tuple, b: Tuple, at: number, partA: number, partB: number): boolean {
  if (partA !== partB) return false
  for (let i = 0; i < 4; i++) if (a.addresses[at + i] !== b.addresses[at + i]) return false
  return true
}
