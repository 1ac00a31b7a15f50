/**
 * The second copies in a capture of a router: a forwarded packet is seen as it comes in, and again as it leaves, with other
 * addresses where it was translated. What forwarding and NAT leave alone tells the two are one: IP identification, length,
 * TCP's sequence numbers, the payload.
 */
import type { FlowHash } from '../conntrack/hash.ts'
import { Tuple } from '../conntrack/tuple.ts'
import {
  DIRECTION_INCOMING,
  DIRECTION_OUTGOING,
  DIRECTION_UNKNOWN,
  FAMILY_IPV6,
  ISSUE_NONE,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { NOWHERE, Recent } from './recent.ts'

/** So many packets that came in are remembered. */
const REMEMBERED = 16_384
/** Seconds that a packet may wait in the router (queues, shaping). */
const LONGEST = 2
/** Bytes of the payload that are compared. */
const COMPARED = 64
/** Candidates that are looked at; no ordinary traffic has so many alike. */
const MOST = 64
/** A payload from this length on is alike by chance only seldom. */
const TELLING = 16

/** Of the transport headers in which NAT changes something. */
const LONGEST_HEADER = 20

const TUPLE_WORDS = 10

export class SecondCopies {
  /** Behind `isSecond`: number of the packet whose second copy it is, and its tuple. */
  first = 0
  readonly tuple = new Tuple()
  /** What was made of the first copy: as told to `judged`. */
  verdict = -1
  readonly #flowHash: FlowHash
  readonly #secret: number
  readonly #recent = new Recent(REMEMBERED)
  readonly #numbers = new Float64Array(REMEMBERED)
  readonly #times = new Float64Array(REMEMBERED)
  readonly #interfaces = new Int32Array(REMEMBERED)
  readonly #directions = new Uint8Array(REMEMBERED)
  readonly #hops = new Uint8Array(REMEMBERED)
  readonly #verdicts = new Int8Array(REMEMBERED)
  readonly #tuples = new Int32Array(REMEMBERED * TUPLE_WORDS)
  #last = NOWHERE

  constructor(flowHash: FlowHash) {
    this.#flowHash = flowHash
    this.#secret = flowHash.hash4(0, 0, 0, 0)
  }

  /**
   * Looks for the first copy of a packet that may be leaving. It is forgotten once it is found: the next packet of its kind
   * is the second copy of another.
   */
  isSecond(packet: Packet): boolean {
    if (packet.direction === DIRECTION_INCOMING) return false
    const place = this.#find(packet)
    if (place === NOWHERE) return false
    this.first = this.#numbers[place]!
    this.verdict = this.#verdicts[place]!
    this.#read(place)
    this.#recent.remove(place)
    return true
  }

  /** Remembers a packet, `number` of the run, that came in, or may have. */
  remember(packet: Packet, tuple: Tuple, number: number): void {
    this.#last = NOWHERE
    if (packet.direction === DIRECTION_OUTGOING) return
    const place = this.#recent.add(this.#fingerprint(packet))
    this.#last = place
    this.#numbers[place] = number
    this.#times[place] = packet.seconds + packet.nanoseconds / 1e9
    this.#interfaces[place] = packet.interfaceIndex
    this.#directions[place] = packet.direction
    this.#hops[place] = packet.ttl
    this.#verdicts[place] = -1
    const at = place * TUPLE_WORDS
    // Not from the tuple, which fragments have none of.
    const { source0, source1, source2, source3 } = packet
    const { destination0, destination1, destination2, destination3 } = packet
    const isLong = packet.family === FAMILY_IPV6
    this.#tuples[at] = source0
    this.#tuples[at + 1] = isLong ? source1 : 0
    this.#tuples[at + 2] = isLong ? source2 : 0
    this.#tuples[at + 3] = isLong ? source3 : 0
    this.#tuples[at + 4] = destination0
    this.#tuples[at + 5] = isLong ? destination1 : 0
    this.#tuples[at + 6] = isLong ? destination2 : 0
    this.#tuples[at + 7] = isLong ? destination3 : 0
    this.#tuples[at + 8] = tuple.ports
    this.#tuples[at + 9] = tuple.inversePorts
    this.tuple.protocol = tuple.protocol
  }

  /** What became of the packet that was remembered last. */
  judged(verdict: number): void {
    if (this.#last !== NOWHERE) this.#verdicts[this.#last] = verdict
  }

  /** The oldest one that fits: a packet sent twice comes out twice, in that order. */
  #find(packet: Packet): number {
    let found = NOWHERE
    let left = MOST
    const recent = this.#recent
    for (
      let place = recent.first(this.#fingerprint(packet));
      place !== NOWHERE && left > 0;
      place = recent.older(place)
    ) {
      if (this.#fits(place, packet)) found = place
      left--
    }
    return found
  }

  #fits(place: number, packet: Packet): boolean {
    const time = packet.seconds + packet.nanoseconds / 1e9 - this.#times[place]!
    if (time < 0 || time > LONGEST) return false
    const elsewhere = this.#interfaces[place] !== packet.interfaceIndex
    const hops = this.#hops[place]! - packet.ttl
    if (packet.direction === DIRECTION_UNKNOWN || this.#directions[place] === DIRECTION_UNKNOWN) {
      // Nothing but where they were seen tells them apart: the hop has to be seen, or both sides are of a bridge.
      if (!elsewhere || hops < 0 || hops > 1) return false
    }
    const at = place * TUPLE_WORDS
    const isLong = packet.family === FAMILY_IPV6
    const tuples = this.#tuples
    const sameSource =
      tuples[at] === packet.source0 &&
      (!isLong ||
        (tuples[at + 1] === packet.source1 &&
          tuples[at + 2] === packet.source2 &&
          tuples[at + 3] === packet.source3))
    const sameDestination =
      tuples[at + 4] === packet.destination0 &&
      (!isLong ||
        (tuples[at + 5] === packet.destination1 &&
          tuples[at + 6] === packet.destination2 &&
          tuples[at + 7] === packet.destination3))
    return sameSource || sameDestination || (packet.identification !== 0 && payloadLength(packet) >= TELLING)
  }

  #read(place: number): void {
    const { tuple } = this
    const at = place * TUPLE_WORDS
    for (let i = 0; i < 8; i++) tuple.addresses[i] = this.#tuples[at + i]!
    tuple.ports = this.#tuples[at + 8]!
    tuple.inversePorts = this.#tuples[at + 9]!
  }

  /** What forwarding and NAT leave alone. */
  #fingerprint(packet: Packet): number {
    const { bytes, transportOffset, transportCaptured, protocol } = packet
    const start = transportOffset + Math.min(transportCaptured, payloadStart(packet))
    const end = Math.min(transportOffset + transportCaptured, start + COMPARED)
    let sum = this.#secret
    for (let i = start; i < end; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193)
    sum ^= (packet.family << 24) ^ (protocol << 16) ^ packet.length
    if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) sum ^= packet.icmpType << 8
    const pieces = packet.identification ^ (packet.fragmentOffset << 16)
    if (protocol !== PROTOCOL_TCP || packet.issue !== ISSUE_NONE)
      return this.#flowHash.hash4(sum, pieces, 0, 0)
    const flags = (packet.window << 8) | packet.tcpFlags
    return this.#flowHash.hash4(
      sum ^ Math.imul(pieces, 0x9e3779b1),
      packet.sequence,
      packet.acknowledgment,
      flags,
    )
  }
}

/** Behind the transport header, and what NAT changes in it. */
function payloadStart(packet: Packet): number {
  // Of the first piece the ports and the checksum change, the rest is as it came.
  if (packet.issue !== ISSUE_NONE) return packet.fragmentOffset === 0 ? LONGEST_HEADER : 0
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return packet.tcpHeaderLength
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
      return 8
    case PROTOCOL_SCTP:
      return 12
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      // Of an error the quoted packet is translated too.
      return isQuery(packet) ? 6 : packet.transportLength
    default:
      return 0
  }
}

function payloadLength(packet: Packet): number {
  return Math.max(0, packet.transportLength - payloadStart(packet))
}

function isQuery({ protocol, icmpType: type }: Packet): boolean {
  return protocol === PROTOCOL_ICMP ? type === 0 || type === 8 || (type >= 13 && type <= 18) : type >= 128
}
