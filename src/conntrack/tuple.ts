/**
 * One direction of a flow, as it is looked up: filled from a packet, reused.
 *
 * The protocol part is one word, source part << 16 | destination part (ports, GRE keys); for ICMP it is
 * identifier << 16 | type << 8 | code, where a direction's partner has the partner type.
 */
import type { Packet } from '../packet/packet.ts'
import {
  FAMILY_IPV6,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { PROTOCOL_IPV6_BIT } from './entry.ts'
import { greCallId } from './gre.ts'
import type { FlowHash } from './hash.ts'
import { invertedIcmpType, invertedIcmpv6Type } from './icmp-type.ts'

/** One direction of a flow, as it is looked up; filled from a packet by `Tracker.prepare`, and reused. */
export class Tuple {
  /** Source words 0–3, destination words 4–7; IPv4 addresses stand in 0 and 4, the rest 0. */
  readonly addresses: Int32Array = new Int32Array(8)
  /** Protocol part: source port << 16 | destination port; GRE keys likewise; ICMP id << 16 | type << 8 | code. */
  ports = 0
  /** Protocol part of the other direction; -1 with `invertible` false. */
  inversePorts = 0
  /** Transport protocol number; for IPv6 with PROTOCOL_IPV6_BIT. */
  protocol = 0
  /** The flow has another direction: false for ICMP types that are neither query nor answer. */
  invertible = true
  /** The packet had what a tuple needs. */
  usable = false
  /** Zone of the lookup: original << 16 | reply; equal halves for a zone of both directions. */
  zones = 0
  /** Keyed hash of the flow, as a signed 32-bit integer: the same for both directions; set by `computeHash`. */
  hash = 0
  /**
   * What the index named for the hash when it was read ahead: `lookup` tries that entry first. 0: it was not; -1: there was
   * nothing, or nothing that went the short way.
   */
  ahead = 0

  /**
   * Fills the tuple from a packet whose transport header is known as far as the protocol needs it. Returns false when
   * the packet has no tuple: its transport header is too short.
   */
  fromPacket(packet: Packet): boolean {
    const addresses = this.addresses
    const protocol = packet.protocol
    addresses[0] = packet.source0
    addresses[4] = packet.destination0
    if (packet.family === FAMILY_IPV6) {
      addresses[1] = packet.source1
      addresses[2] = packet.source2
      addresses[3] = packet.source3
      addresses[5] = packet.destination1
      addresses[6] = packet.destination2
      addresses[7] = packet.destination3
      this.protocol = protocol | PROTOCOL_IPV6_BIT
    } else {
      if (this.protocol >= PROTOCOL_IPV6_BIT) addresses.fill(0, 1, 4).fill(0, 5, 8)
      this.protocol = protocol
    }
    this.invertible = true
    if (
      protocol === PROTOCOL_TCP ||
      protocol === PROTOCOL_UDP ||
      protocol === PROTOCOL_SCTP ||
      protocol === PROTOCOL_UDPLITE
    ) {
      if (packet.transportLength < 4) return false
      this.ports = (packet.sourcePort << 16) | packet.destinationPort
      this.inversePorts = (packet.destinationPort << 16) | packet.sourcePort
      return true
    }
    return this.#fromOther(packet, protocol)
  }

  #fromOther(packet: Packet, protocol: number): boolean {
    const ipv6 = packet.family === FAMILY_IPV6
    if ((protocol === PROTOCOL_ICMP && !ipv6) || (protocol === PROTOCOL_ICMPV6 && ipv6)) {
      if (packet.transportLength < 8) return false
      const inverse = ipv6 ? invertedIcmpv6Type(packet.icmpType) : invertedIcmpType(packet.icmpType)
      const rest = (packet.icmpId << 16) | packet.icmpCode
      this.ports = rest | (packet.icmpType << 8)
      this.invertible = inverse >= 0
      this.inversePorts = this.invertible ? rest | (inverse << 8) : 0
      return true
    }
    const call = protocol === PROTOCOL_GRE ? greCallId(packet) : 0
    if (call < 0) return false
    this.ports = call
    this.inversePorts = call << 16
    return true
  }

  /** The other direction of `other`. */
  invert(other: Tuple): void {
    for (let i = 0; i < 4; i++) {
      this.addresses[i] = other.addresses[i + 4]!
      this.addresses[i + 4] = other.addresses[i]!
    }
    this.ports = other.inversePorts
    this.inversePorts = other.ports
    this.protocol = other.protocol
    this.invertible = other.invertible
    this.zones = other.zones
    this.hash = other.hash
  }

  /** What `other` has, but for its hash. */
  copy(other: Tuple): void {
    for (let i = 0; i < 8; i++) this.addresses[i] = other.addresses[i]!
    this.ports = other.ports
    this.inversePorts = other.inversePorts
    this.protocol = other.protocol
    this.invertible = other.invertible
    this.zones = other.zones
  }

  /** Protocol and its part, of a flow that has another direction; `protocol` with PROTOCOL_IPV6_BIT. */
  setParts(protocol: number, ports: number): void {
    this.protocol = protocol
    this.ports = ports
    this.inversePorts = inverseParts(ports, protocol)
    this.invertible = true
  }

  /** Computes `hash`: the same for both directions of a flow. */
  computeHash(flowHash: FlowHash): void {
    const { addresses, ports, protocol } = this
    if (protocol >= PROTOCOL_IPV6_BIT || protocol === PROTOCOL_ICMP) {
      this.hash = hashWords(flowHash, addresses, 0, 4, ports, protocol)
      return
    }
    this.hash = flowHash.flow4(addresses[0]!, addresses[4]!, ports, protocol)
  }
}

/** The protocol part of the other direction, of a flow that has one; `protocol` as a tuple's. */
export function inverseParts(ports: number, protocol: number): number {
  if (protocol === PROTOCOL_ICMP) return (ports & 0xffff00ff) | (invertedIcmpType((ports >>> 8) & 0xff) << 8)
  if (protocol === (PROTOCOL_ICMPV6 | PROTOCOL_IPV6_BIT))
    return (ports & 0xffff00ff) | (invertedIcmpv6Type((ports >>> 8) & 0xff) << 8)
  return (ports << 16) | (ports >>> 16)
}

/** Hash of a tuple whose addresses stand in `words` at `source` and `destination`. */
export function hashWords(
  flowHash: FlowHash,
  words: Int32Array,
  source: number,
  destination: number,
  ports: number,
  protocol: number,
): number {
  let order = 0
  const ipv6 = protocol >= PROTOCOL_IPV6_BIT
  for (let i = 0; order === 0 && i < (ipv6 ? 4 : 1); i++) {
    const a = words[source + i]!
    const b = words[destination + i]!
    if (a !== b) order = a >>> 0 < b >>> 0 ? -1 : 1
  }
  let part = ports
  const bare = protocol & 0xff
  if ((bare === PROTOCOL_ICMP && !ipv6) || (bare === PROTOCOL_ICMPV6 && ipv6)) {
    // Type differs between the directions, identifier and code do not.
    part = ports & 0xffff00ff
  } else {
    const swapped = (ports << 16) | (ports >>> 16)
    if (order === 0) part = ports >>> 16 <= (ports & 0xffff) ? ports : swapped
    else if (order > 0) part = swapped
  }
  const first = order <= 0 ? source : destination
  const last = order <= 0 ? destination : source
  return ipv6
    ? flowHash.hash6(words, first, last, part, protocol)
    : flowHash.hash4(words[first]!, words[last]!, part, protocol)
}
