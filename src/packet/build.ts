/**
 * Packets made by hand: tests, scenarios, example captures, and the answers of REJECT.
 *
 * Lengths, offsets and checksums are filled in; each can be overridden to make a malformed packet.
 *
 * ```ts
 * const syn = buildPacket({
 *   source: '10.0.0.2', destination: '192.0.2.9',
 *   tcp: { sourcePort: 40000, destinationPort: 80, flags: 'S', sequence: 1000, options: [{ mss: 1460 }] },
 * })
 * ```
 */
import { parseAddress } from './address.ts'
import {
  buildGre,
  buildIcmp,
  buildIcmpv6,
  buildSctp,
  buildTcp,
  buildUdp,
  buildUdplite,
  type GrePlan,
  type IcmpPlan,
  type SctpPlan,
  type TcpPlan,
  type UdplitePlan,
  type UdpPlan,
} from './build-transport.ts'
import { type ByteSource, bytesOf, concatBytes } from './byte-source.ts'
import { addSum, internetChecksum } from './checksum.ts'
import {
  FAMILY_IPV4,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'

/** One IPv6 extension header, in front of the transport header in the order given. */
export type ExtensionPlan =
  /** Options as bytes; padded with PadN to a multiple of 8. `length` overrides the length field's byte. */
  | { readonly hopByHop: ByteSource; readonly length?: number }
  | { readonly destination: ByteSource; readonly length?: number }
  /** Type-specific data of a routing header, behind the fields `type` and `segmentsLeft`. */
  | {
      readonly routing: ByteSource
      readonly type?: number
      readonly segmentsLeft?: number
      readonly length?: number
    }
  | {
      readonly fragment: {
        readonly offset?: number
        readonly more?: boolean
        readonly identification?: number
      }
    }
  /** Authentication header: SPI, sequence and integrity check value as bytes (a multiple of 4). */
  | { readonly authentication: ByteSource; readonly length?: number }
  /** Anything: protocol number and bytes; byte 0 is overwritten with the next header. */
  | { readonly protocol: number; readonly raw: ByteSource }

interface NetworkPlan {
  /** Text of an address; both of one family, which is the packet's. */
  readonly source: string
  /** Text of an address of the same family. */
  readonly destination: string
  /** TTL or hop limit, 0–255; 64 unless given. */
  readonly ttl?: number
  /** TOS byte or traffic class, 0–255; 0 unless given. */
  readonly tos?: number
  /** Overrides the version field, 0–15. */
  readonly version?: number

  /** IPv4 only: 0–65535; 0 unless given. */
  readonly identification?: number
  /** IPv4 only: the DF bit. */
  readonly dontFragment?: boolean
  /** IPv4 only: the MF bit. */
  readonly moreFragments?: boolean
  /** IPv4 only: in bytes, 0–65528, rounded down to a multiple of 8. */
  readonly fragmentOffset?: number
  /** IPv4 only: options, at most 40 bytes; padded with zeros (end of list) to a multiple of 4. */
  readonly ipOptions?: ByteSource
  /** IPv4 only: in bytes, 0–60; overrides the header length field, not the header. */
  readonly headerLength?: number
  /** IPv4 only: in bytes; overrides the total length field. */
  readonly totalLength?: number
  /** IPv4 only: overrides the header checksum, 0–65535. */
  readonly headerChecksum?: number

  /** IPv6 only: 0–1,048,575; 0 unless given. */
  readonly flowLabel?: number
  /** IPv6 only: extension headers in their order (RFC 8200, 4). */
  readonly extensions?: readonly ExtensionPlan[]
  /** IPv6 only: in bytes; overrides the payload length field. */
  readonly payloadLength?: number
}

interface TransportPlan {
  /** A TCP segment (RFC 9293). */
  readonly tcp?: TcpPlan
  /** A UDP datagram (RFC 768). */
  readonly udp?: UdpPlan
  /** A UDP-Lite datagram (RFC 3828). */
  readonly udplite?: UdplitePlan
  /** An SCTP packet (RFC 9260). */
  readonly sctp?: SctpPlan
  /** An ICMP message (RFC 792). */
  readonly icmp?: IcmpPlan
  /** An ICMPv6 message (RFC 4443). */
  readonly icmpv6?: IcmpPlan
  /** A GRE packet (RFC 2784, RFC 2637). */
  readonly gre?: GrePlan
  /** Protocol number: with `payload` instead of a plan above; beside one, it overrides the field only. */
  readonly protocol?: number
  /** What follows the IP header where none of the plans above is given. */
  readonly payload?: ByteSource
}

/** What `buildPacket` makes a packet from. Numbers are not checked against their fields. */
export interface PacketPlan extends NetworkPlan, TransportPlan {}

/**
 * A raw IP packet, with the lengths and checksums that are not given filled in.
 *
 * ```ts
 * import { buildPacket } from 'sallyport'
 *
 * const syn = buildPacket({
 *   source: '10.0.0.2',
 *   destination: '192.0.2.9',
 *   tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S', sequence: 1000, options: [{ mss: 1460 }] },
 * })
 * console.log(syn.length)
 * ```
 *
 * @throws RangeError if an address cannot be read, the families differ, or TCP flags have an unknown letter.
 */
export function buildPacket(plan: PacketPlan): Uint8Array {
  const source = parseAddress(plan.source)
  const destination = parseAddress(plan.destination)
  if (source === null || destination === null || source.family !== destination.family) {
    throw new RangeError(`not two addresses of one family: ${plan.source}, ${plan.destination}`)
  }
  const words = source.family === FAMILY_IPV4 ? 1 : 4
  const addresses = new DataView(new ArrayBuffer(words * 8))
  for (let i = 0; i < words; i++) {
    addresses.setInt32(i * 4, source.words[i]!)
    addresses.setInt32((words + i) * 4, destination.words[i]!)
  }
  const { protocol, bytes } = transport(plan, addSum(addresses, 0, addresses.byteLength, 0))
  const addressBytes = new Uint8Array(addresses.buffer)
  return source.family === FAMILY_IPV4
    ? buildIPv4(plan, addressBytes, protocol, bytes)
    : buildIPv6(plan, addressBytes, protocol, bytes)
}

function transport(plan: PacketPlan, addressSum: number): { protocol: number; bytes: Uint8Array } {
  const made = (protocol: number, bytes: Uint8Array) => ({ protocol: plan.protocol ?? protocol, bytes })
  if (plan.tcp) return made(PROTOCOL_TCP, buildTcp(plan.tcp, addressSum))
  if (plan.udp) return made(PROTOCOL_UDP, buildUdp(plan.udp, addressSum))
  if (plan.udplite) return made(PROTOCOL_UDPLITE, buildUdplite(plan.udplite, addressSum))
  if (plan.sctp) return made(PROTOCOL_SCTP, buildSctp(plan.sctp))
  if (plan.icmp) return made(PROTOCOL_ICMP, buildIcmp(plan.icmp))
  if (plan.icmpv6) return made(PROTOCOL_ICMPV6, buildIcmpv6(plan.icmpv6, addressSum))
  if (plan.gre) return made(PROTOCOL_GRE, buildGre(plan.gre))
  return made(255, bytesOf(plan.payload ?? []))
}

function buildIPv4(
  plan: NetworkPlan,
  addresses: Uint8Array,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  const options = bytesOf(plan.ipOptions ?? [])
  const length = 20 + ((options.length + 3) & ~3)
  const bytes = new Uint8Array(length + payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = ((plan.version ?? 4) << 4) | ((plan.headerLength ?? length) >> 2)
  bytes[1] = plan.tos ?? 0
  view.setUint16(2, plan.totalLength ?? bytes.length)
  view.setUint16(4, plan.identification ?? 0)
  const flags = (plan.dontFragment ? 0x4000 : 0) | (plan.moreFragments ? 0x2000 : 0)
  view.setUint16(6, flags | ((plan.fragmentOffset ?? 0) >> 3))
  bytes[8] = plan.ttl ?? 64
  bytes[9] = protocol
  bytes.set(addresses, 12)
  bytes.set(options, 20)
  // The kernel sums as many bytes as the header length field says.
  const summed = Math.min(Math.max((bytes[0] & 15) * 4, 20), bytes.length)
  bytes.set(payload, length)
  view.setUint16(10, plan.headerChecksum ?? internetChecksum(view, 0, summed))
  return bytes
}

function buildIPv6(
  plan: NetworkPlan,
  addresses: Uint8Array,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  // Each header names the next one, so they are made from the back.
  let next = protocol
  const parts = [payload]
  for (const extension of [...(plan.extensions ?? [])].reverse()) {
    const bytes = extensionBytes(extension)
    if (bytes.length > 0) bytes[0] = next
    next = extensionProtocol(extension)
    parts.unshift(bytes)
  }
  const rest = concatBytes(parts)
  const bytes = new Uint8Array(40 + rest.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, (((plan.version ?? 6) << 28) | ((plan.tos ?? 0) << 20) | (plan.flowLabel ?? 0)) >>> 0)
  view.setUint16(4, plan.payloadLength ?? rest.length)
  bytes[6] = next
  bytes[7] = plan.ttl ?? 64
  bytes.set(addresses, 8)
  bytes.set(rest, 40)
  return bytes
}

function extensionProtocol(plan: ExtensionPlan): number {
  if ('hopByHop' in plan) return 0
  if ('routing' in plan) return 43
  if ('fragment' in plan) return 44
  if ('authentication' in plan) return 51
  if ('destination' in plan) return 60
  return plan.protocol
}

/** The header's bytes with byte 0, the next header, left open. */
function extensionBytes(plan: ExtensionPlan): Uint8Array {
  if ('raw' in plan) return bytesOf(plan.raw).slice()
  if ('fragment' in plan) {
    const { offset = 0, more = false, identification = 0 } = plan.fragment
    const bytes = new Uint8Array(8)
    const view = new DataView(bytes.buffer)
    view.setUint16(2, (offset & ~7) | (more ? 1 : 0))
    view.setUint32(4, identification >>> 0)
    return bytes
  }
  if ('authentication' in plan) {
    const body = bytesOf(plan.authentication)
    const bytes = concatBytes([new Uint8Array(4), body])
    bytes[1] = plan.length ?? (bytes.length >> 2) - 2 // RFC 4302, 2.2: in words, minus 2
    return bytes
  }
  if ('routing' in plan) {
    const body = bytesOf(plan.routing)
    const bytes = new Uint8Array((4 + body.length + 7) & ~7)
    bytes.set([0, plan.length ?? (bytes.length >> 3) - 1, plan.type ?? 0, plan.segmentsLeft ?? 0])
    bytes.set(body, 4)
    return bytes
  }
  const options = bytesOf('hopByHop' in plan ? plan.hopByHop : plan.destination)
  const bytes = new Uint8Array((2 + options.length + 7) & ~7)
  const padding = bytes.length - 2 - options.length
  bytes[1] = plan.length ?? (bytes.length >> 3) - 1
  bytes.set(options, 2)
  // Pad1 is the single byte 0, PadN type 1 with a length (RFC 8200, 4.2).
  if (padding > 1) bytes.set([1, padding - 2], bytes.length - padding)
  return bytes
}
