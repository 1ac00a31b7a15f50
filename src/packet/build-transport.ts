/** Transport headers for `buildPacket`: one plan and one function a protocol. */
import { type ByteSource, bytesOf, concatBytes } from './byte-source.ts'
import { crc32c, internetChecksum } from './checksum.ts'
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE } from './packet.ts'
import { parseTcpFlags } from './tcp-flags.ts'

/** A field that is right unless given: a number as it stands in the header, or `bad` for a wrong one. */
export type ChecksumPlan = number | 'bad'

/** One TCP option; `raw` stands as it is, padding included. */
export type TcpOptionPlan =
  | 'nop'
  | 'sackPermitted'
  | { readonly mss: number }
  | { readonly windowScale: number }
  | { readonly timestamps: readonly [value: number, echo: number] }
  /** Left and right edge of each block. */
  | { readonly sack: readonly (readonly [left: number, right: number])[] }
  | { readonly raw: ByteSource }

/** A TCP segment (RFC 9293, 3.1). Ports 0–65535; sequence numbers 32 bits, 0 unless given. */
export interface TcpPlan {
  readonly sourcePort: number
  readonly destinationPort: number
  /** Letters S A F R P U E C (W means C, a dot A), or the byte itself. */
  readonly flags: string | number
  readonly sequence?: number
  readonly acknowledgment?: number
  /** 65535 unless given. */
  readonly window?: number
  readonly urgent?: number
  /** Padded with zeros (end of list) to a multiple of 4; at most 40 bytes. */
  readonly options?: readonly TcpOptionPlan[] | Uint8Array
  readonly payload?: ByteSource
  /** In words; overrides the field, not the header. */
  readonly dataOffset?: number
  readonly checksum?: ChecksumPlan
}

/** A UDP datagram (RFC 768). `length`, in bytes, overrides the length field. */
export interface UdpPlan {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload?: ByteSource
  readonly length?: number
  readonly checksum?: ChecksumPlan
}

/** A UDP-Lite datagram (RFC 3828). */
export interface UdplitePlan {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload?: ByteSource
  /** 0, the default, means everything. */
  readonly coverage?: number
  readonly checksum?: ChecksumPlan
  /** Protocol number in the pseudo header: 136, or 17 for what the kernel takes as right on input. */
  readonly pseudoProtocol?: number
}

/** A chunk (RFC 9260, 3.2): type and flags 0–255; the body is padded to a multiple of 4. */
export interface SctpChunkPlan {
  readonly type: number
  readonly flags?: number
  readonly body?: ByteSource
  /** Overrides the length field. */
  readonly length?: number
}

/** An SCTP packet (RFC 9260, 3). `vtag` is its verification tag, 32 bits, 0 unless given. */
export interface SctpPlan {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly vtag?: number
  readonly chunks?: readonly SctpChunkPlan[]
  /** As the wire's bytes read big-endian. */
  readonly checksum?: ChecksumPlan
}

/** An ICMP (RFC 792) or ICMPv6 (RFC 4443) message: type and code 0–255, the code 0 unless given. */
export interface IcmpPlan {
  readonly type: number
  readonly code?: number
  /** Bytes 4–5 and 6–7. */
  readonly id?: number
  readonly sequence?: number
  /** Bytes 4–7 at once, e.g. an MTU. */
  readonly rest?: number
  /** For an error: the packet it is about. */
  readonly payload?: ByteSource
  readonly checksum?: ChecksumPlan
}

/** A GRE packet (RFC 2784), or one of PPTP (RFC 2637). */
export interface GrePlan {
  /** 0 (RFC 2784) or 1 (PPTP, RFC 2637). */
  readonly version?: number
  /** EtherType; 0x0800 for version 0, 0x880b (PPP) for version 1. */
  readonly protocol?: number
  /** RFC 2890 key, version 0 only. */
  readonly key?: number
  /** Version 1 only. */
  readonly callId?: number
  readonly payload?: ByteSource
}

/** Writes a 16-bit checksum over the whole message, whose field is still 0. */
function seal(bytes: Uint8Array, at: number, plan: ChecksumPlan | undefined, right: number): Uint8Array {
  if (bytes.length < at + 2) return bytes
  const value = plan === 'bad' ? right ^ 0x5a5a : (plan ?? right)
  new DataView(bytes.buffer).setUint16(at, value)
  return bytes
}

function checksumWith(bytes: Uint8Array, end: number, sum: number): number {
  return internetChecksum(new DataView(bytes.buffer), 0, end, sum)
}

/** Pseudo header: addresses, protocol, and the upper layer's length (RFC 9293, 3.1; RFC 8200, 8.1). */
function pseudo(addressSum: number, protocol: number, length: number): number {
  return addressSum + protocol + (length >>> 16) + (length & 0xffff)
}

export function buildTcp(plan: TcpPlan, addressSum: number): Uint8Array {
  const options = plan.options instanceof Uint8Array ? plan.options : tcpOptionBytes(plan.options ?? [])
  const length = 20 + ((options.length + 3) & ~3)
  const payload = bytesOf(plan.payload ?? [])
  const bytes = new Uint8Array(length + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, plan.sourcePort)
  view.setUint16(2, plan.destinationPort)
  view.setInt32(4, plan.sequence ?? 0)
  view.setInt32(8, plan.acknowledgment ?? 0)
  bytes[12] = (plan.dataOffset ?? length >> 2) << 4
  bytes[13] = typeof plan.flags === 'number' ? plan.flags : parseTcpFlags(plan.flags)
  view.setUint16(14, plan.window ?? 65_535)
  view.setUint16(18, plan.urgent ?? 0)
  bytes.set(options, 20)
  bytes.set(payload, length)
  const sum = pseudo(addressSum, PROTOCOL_TCP, bytes.length)
  return seal(bytes, 16, plan.checksum, checksumWith(bytes, bytes.length, sum))
}

/** The options' bytes, without padding. */
export function tcpOptionBytes(options: readonly TcpOptionPlan[]): Uint8Array {
  return concatBytes(options.map(tcpOption))
}

function tcpOption(option: TcpOptionPlan): Uint8Array {
  if (option === 'nop') return Uint8Array.of(1)
  if (option === 'sackPermitted') return Uint8Array.of(4, 2)
  if ('mss' in option) return Uint8Array.of(2, 4, option.mss >> 8, option.mss)
  if ('windowScale' in option) return Uint8Array.of(3, 3, option.windowScale)
  if ('raw' in option) return bytesOf(option.raw)
  const [kind, values] = 'sack' in option ? [5, option.sack.flat()] : [8, option.timestamps]
  const bytes = new Uint8Array(2 + values.length * 4)
  const view = new DataView(bytes.buffer)
  bytes[0] = kind
  bytes[1] = bytes.length
  values.forEach((value, index) => {
    view.setInt32(2 + index * 4, value)
  })
  return bytes
}

export function buildUdp(plan: UdpPlan, addressSum: number): Uint8Array {
  const bytes = ports(plan, plan.payload)
  const length = plan.length ?? bytes.length
  new DataView(bytes.buffer).setUint16(4, length)
  const covered = Math.min(Math.max(length, 8), bytes.length)
  // A computed 0 is sent as 0xffff, because 0 means "none" (RFC 768).
  const right = checksumWith(bytes, covered, pseudo(addressSum, PROTOCOL_UDP, length)) || 0xffff
  return seal(bytes, 6, plan.checksum, right)
}

export function buildUdplite(plan: UdplitePlan, addressSum: number): Uint8Array {
  const bytes = ports(plan, plan.payload)
  const coverage = plan.coverage ?? 0
  new DataView(bytes.buffer).setUint16(4, coverage)
  const covered = coverage === 0 ? bytes.length : Math.min(coverage, bytes.length)
  const sum = pseudo(addressSum, plan.pseudoProtocol ?? PROTOCOL_UDPLITE, bytes.length)
  return seal(bytes, 6, plan.checksum, checksumWith(bytes, covered, sum) || 0xffff)
}

function ports(plan: { sourcePort: number; destinationPort: number }, payload: ByteSource = []): Uint8Array {
  const body = bytesOf(payload)
  const bytes = new Uint8Array(8 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, plan.sourcePort)
  view.setUint16(2, plan.destinationPort)
  bytes.set(body, 8)
  return bytes
}

export function buildSctp(plan: SctpPlan): Uint8Array {
  const bytes = concatBytes([new Uint8Array(12), ...(plan.chunks ?? []).map(sctpChunk)])
  const view = new DataView(bytes.buffer)
  view.setUint16(0, plan.sourcePort)
  view.setUint16(2, plan.destinationPort)
  view.setInt32(4, plan.vtag ?? 0)
  const right = crc32c(bytes, 0, bytes.length)
  if (typeof plan.checksum === 'number') view.setInt32(8, plan.checksum)
  else view.setInt32(8, plan.checksum === 'bad' ? right ^ 0x5a5a : right, true)
  return bytes
}

function sctpChunk(plan: SctpChunkPlan): Uint8Array {
  const body = bytesOf(plan.body ?? [])
  const bytes = new Uint8Array((4 + body.length + 3) & ~3)
  bytes[0] = plan.type
  bytes[1] = plan.flags ?? 0
  new DataView(bytes.buffer).setUint16(2, plan.length ?? 4 + body.length)
  bytes.set(body, 4)
  return bytes
}

/** Body of an SCTP INIT or INIT ACK chunk without parameters (RFC 9260, 3.3.2). */
export function sctpInitBody(tag: number, window = 65_535, streams = 10, tsn = 1): Uint8Array {
  const view = new DataView(new ArrayBuffer(16))
  view.setInt32(0, tag)
  view.setInt32(4, window)
  view.setUint16(8, streams)
  view.setUint16(10, streams)
  view.setInt32(12, tsn)
  return new Uint8Array(view.buffer)
}

function icmpMessage(plan: IcmpPlan): Uint8Array {
  const payload = bytesOf(plan.payload ?? [])
  const bytes = new Uint8Array(8 + payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = plan.type
  bytes[1] = plan.code ?? 0
  view.setInt32(4, plan.rest ?? 0)
  if (plan.id !== undefined) view.setUint16(4, plan.id)
  if (plan.sequence !== undefined) view.setUint16(6, plan.sequence)
  bytes.set(payload, 8)
  return bytes
}

export function buildIcmp(plan: IcmpPlan): Uint8Array {
  const bytes = icmpMessage(plan)
  return seal(bytes, 2, plan.checksum, checksumWith(bytes, bytes.length, 0))
}

export function buildIcmpv6(plan: IcmpPlan, addressSum: number): Uint8Array {
  const bytes = icmpMessage(plan)
  const sum = pseudo(addressSum, PROTOCOL_ICMPV6, bytes.length)
  return seal(bytes, 2, plan.checksum, checksumWith(bytes, bytes.length, sum))
}

export function buildGre(plan: GrePlan): Uint8Array {
  const payload = bytesOf(plan.payload ?? [])
  const version = plan.version ?? 0
  const keyed = version === 1 || plan.key !== undefined
  const header = new Uint8Array(keyed ? 8 : 4)
  const view = new DataView(header.buffer)
  view.setUint16(0, (keyed ? 0x2000 : 0) | version)
  view.setUint16(2, plan.protocol ?? (version === 1 ? 0x880b : 0x0800))
  if (version === 1) {
    // RFC 2637, 4.1: the key is the payload's length and the call id.
    view.setUint16(4, payload.length)
    view.setUint16(6, plan.callId ?? 0)
  } else if (plan.key !== undefined) {
    view.setInt32(4, plan.key)
  }
  return concatBytes([header, payload])
}
