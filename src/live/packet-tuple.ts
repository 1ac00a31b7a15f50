import type { TupleView } from '../conntrack/view.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'

/** The tuple of a packet, read independently of the engine: what the kernel is asked for after the packet. */
export interface RawTuple {
  /** 2 or 10 */
  readonly family: number
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly protocol: number
  readonly sourcePort: number | null
  readonly destinationPort: number | null
  /** ICMP, ICMPv6; else null. */
  readonly id: number | null
  readonly type: number
  readonly code: number
  /** Of its direction; absent for 0. */
  readonly zone?: number
}

const PORTS = new Set([6, 17, 132, 136])
const ICMP_QUERIES = new Set([0, 8, 13, 14, 15, 16, 17, 18])
const ICMPV6_QUERIES = new Set([128, 129, 139, 140])
const EXTENSIONS = new Set([0, 43, 60])
const NONE = 59
const FRAGMENT = 44
const AUTHENTICATION = 51

interface Layer {
  readonly family: number
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly protocol: number
  readonly bytes: Uint8Array
}

/** The transport part, or null: a later piece of a datagram, unreadable headers. */
function layer(packet: Uint8Array, moreFragments: boolean): Layer | null {
  const version = packet[0]! >> 4
  if (version === 4 && packet.length >= 20) {
    const header = (packet[0]! & 15) * 4
    const fragment = (packet[6]! & (moreFragments ? 0x1f : 0x3f)) | packet[7]!
    if (fragment !== 0) return null
    return {
      family: 2,
      source: packet.slice(12, 16),
      destination: packet.slice(16, 20),
      protocol: packet[9]!,
      bytes: packet.subarray(header),
    }
  }
  if (version !== 6 || packet.length < 40) return null
  let next = packet[6]!
  let at = 40
  for (;;) {
    if (next === FRAGMENT && moreFragments && at + 4 <= packet.length) {
      if (((packet[at + 2]! << 8) | packet[at + 3]!) >= 8) return null
    } else if (!EXTENSIONS.has(next) && next !== AUTHENTICATION) break
    // Like the kernel: two bytes of the header must be there, but not all that its length says.
    if (at + 2 > packet.length) return null
    const size = packet[at + 1]!
    const length = next === FRAGMENT ? 8 : next === AUTHENTICATION ? (size + 2) * 4 : (size + 1) * 8
    next = packet[at]!
    at += length
  }
  if (next === NONE || next === FRAGMENT) return null
  const [source, destination] = [packet.slice(8, 24), packet.slice(24, 40)]
  return { family: 10, source, destination, protocol: next, bytes: packet.subarray(at) }
}

/**
 * The tuple by which an entry may be found, or null: fragments, ICMP errors, unreadable packets.
 *
 * @param collected the packet has passed defragmentation, so a fragment header left in it is a second one
 */
export function packetTuple(packet: Uint8Array, collected = false): RawTuple | null {
  const found = layer(packet, collected)
  return found && transport(found.family, found.source, found.destination, found.protocol, found.bytes)
}

/** The tuple of the packet quoted in an ICMP error. */
export function quotedTuple(packet: Uint8Array): RawTuple | null {
  const outer = layer(packet, false)
  if (!outer || outer.protocol !== (outer.family === 2 ? 1 : 58) || outer.bytes.length < 8) return null
  const inner = layer(outer.bytes.subarray(8), true)
  return inner && transport(inner.family, inner.source, inner.destination, inner.protocol, inner.bytes)
}

function transport(
  family: number,
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  bytes: Uint8Array,
): RawTuple | null {
  const tuple = { family, source, destination, protocol, sourcePort: null, destinationPort: null }
  const word = (at: number) => (bytes[at]! << 8) | bytes[at + 1]!
  if (PORTS.has(protocol)) {
    if (bytes.length < 4) return null
    return { ...tuple, sourcePort: word(0), destinationPort: word(2), id: null, type: 0, code: 0 }
  }
  if (protocol === (family === 2 ? 1 : 58)) {
    const queries = family === 2 ? ICMP_QUERIES : ICMPV6_QUERIES
    if (bytes.length < 8 || !queries.has(bytes[0]!)) return null
    return { ...tuple, id: word(4), type: bytes[0]!, code: bytes[1]! }
  }
  if (protocol === 47) {
    const key = bytes.length >= 8 && (bytes[1]! & 7) === 1 ? word(6) : 0
    return { ...tuple, sourcePort: 0, destinationPort: key, id: null, type: 0, code: 0 }
  }
  return { ...tuple, id: null, type: 0, code: 0 }
}

/** Query types of ICMP and ICMPv6, and what answers them. */
const ANSWERS: ReadonlyMap<number, number> = new Map(
  [
    [8, 0],
    [13, 14],
    [15, 16],
    [17, 18],
    [128, 129],
    [139, 140],
  ].flatMap(([query = 0, answer = 0]): [number, number][] => [
    [query, answer],
    [answer, query],
  ]),
)

/** The tuple of an answer. */
export function invertTuple(tuple: RawTuple): RawTuple {
  const { source, destination, sourcePort, destinationPort, id, type } = tuple
  const turned = { ...tuple, source: destination, destination: source }
  if (id !== null) return { ...turned, type: ANSWERS.get(type) ?? type }
  return { ...turned, sourcePort: destinationPort, destinationPort: sourcePort }
}

/** A tuple as a key of a Map. */
export function tupleKey(tuple: RawTuple): string {
  return `${tuple.protocol} ${tuple.source} ${tuple.destination} ${tuple.sourcePort ?? tuple.id} ${tuple.destinationPort ?? `${tuple.type}.${tuple.code}`}`
}

/** The tuple as the engine shows it. */
export function tupleView(raw: RawTuple): TupleView {
  const addresses = { source: formatAddress(raw.source), destination: formatAddress(raw.destination) }
  if (raw.id !== null) return { ...addresses, type: raw.type, code: raw.code, id: raw.id }
  if (raw.sourcePort === null || raw.destinationPort === null) return addresses
  if (raw.protocol === 47) {
    return { ...addresses, sourceKey: raw.sourcePort, destinationKey: raw.destinationPort }
  }
  return { ...addresses, sourcePort: raw.sourcePort, destinationPort: raw.destinationPort }
}

/** A tuple as text, the same for a packet, the kernel's entry and the engine's. */
export function tupleText(protocol: number, tuple: TupleView): string {
  const from = tuple.sourcePort ?? tuple.sourceKey
  const to = tuple.destinationPort ?? tuple.destinationKey
  if (tuple.type !== undefined) {
    return `${protocol} ${tuple.source} > ${tuple.destination} type ${tuple.type} code ${tuple.code} id ${tuple.id}`
  }
  if (from === undefined) return `${protocol} ${tuple.source} > ${tuple.destination}`
  return `${protocol} ${tuple.source}:${from} > ${tuple.destination}:${to}`
}

/** As inet_ntop prints it. */
export function formatAddress(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length === 4) return formatIPv4(view.getInt32(0))
  return formatIPv6(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12))
}
