/** Packets as lines of a scenario: the other way round than the packet maker. */
import { formatAddress } from '../packet/address.ts'
import {
  FAMILY_IPV6,
  ISSUE_NONE,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { quote } from './printed.ts'

/** A line behind its time, or why there is none. */
export type WrittenPacket = { readonly line: string } | { readonly left: string }

/** One side of a TCP connection. */
interface Side {
  /** What its numbers count from: those of the capture. */
  base: number | null
  /** Where the maker's numbers begin. */
  readonly initial: number
}

/** What an ICMP error may quote. */
interface Sent {
  readonly protocol: number
  readonly identification: number
  readonly sequence: number
}

const FIRST_INITIAL = 1000
const SECOND_INITIAL = 5000
const DEFAULT_TTL = 64
const FLAGS: readonly (readonly [bit: number, letter: string])[] = [
  [2, 'S'],
  [1, 'F'],
  [4, 'R'],
  [8, 'P'],
  [32, 'U'],
  [64, 'E'],
  [128, 'C'],
  [16, '.'],
]
const SYN = 2
const ACK = 16
const URG = 32
/** Bytes of a payload that are written: as text, or as digits. */
const MOST_TEXT = 400
const MOST_HEX = 64
const MOST_RELATIVE = 0x7fff_ffff
/** ICMP and ICMPv6 messages with an identifier; all errors quote. */
const queries4: ReadonlySet<number> = new Set([0, 8, 13, 14, 15, 16, 17, 18])
const ERRORS6_END = 128
const TOO_BIG4 = 0x0304
const TOO_BIG6 = 0x0200

/** Of one connection, in the order of its packets. */
export class PacketWriter {
  /** Payloads that were too long to be written, and became zeros. */
  zeroed = 0
  readonly #nameOf: (address: string) => string
  #sides: readonly [Side, Side] | null = null
  readonly #sent: Sent[] = []

  constructor(nameOf: (address: string) => string) {
    this.#nameOf = nameOf
  }

  /** `side`: 0 from who opened the connection, 1 from the other. `via`: the interface; '' where nobody knows. */
  write(packet: Packet, side: 0 | 1 | 2, via: string): WrittenPacket {
    const left = cannotBeWritten(packet)
    if (left !== null) return { left }
    const what = this.#transport(packet, side)
    if (what === null) return { left: 'the packet that it quotes is not among those written' }
    this.#sent.push({
      protocol: packet.protocol,
      identification: packet.identification,
      sequence: packet.sequence,
    })
    const hasPorts = ported.has(packet.protocol)
    const source = this.#end(packet, 'source', hasPorts)
    const destination = this.#end(packet, 'destination', hasPorts)
    const rest = [
      packet.ttl === DEFAULT_TTL ? '' : `ttl ${packet.ttl}`,
      packet.tos === 0 ? '' : `tos ${packet.tos}`,
      packet.dontFragment ? 'df' : '',
      via === '' ? '' : `via ${via}`,
    ]
    return { line: [`${source} > ${destination}`, what, ...rest].filter((part) => part !== '').join('  ') }
  }

  #end(packet: Packet, which: 'source' | 'destination', hasPorts: boolean): string {
    const address = addressOf(packet, which)
    const name = this.#nameOf(address)
    if (!hasPorts) return name
    const port = which === 'source' ? packet.sourcePort : packet.destinationPort
    return name === address && address.includes(':') ? `[${address}]:${port}` : `${name}:${port}`
  }

  #transport(packet: Packet, side: 0 | 1 | 2): string | null {
    switch (packet.protocol) {
      case PROTOCOL_TCP:
        return this.#tcp(packet, side === 1 ? 1 : 0)
      case PROTOCOL_UDP:
        return `udp${this.#payload(packet, 8)}`
      case PROTOCOL_UDPLITE:
        return `udplite${this.#payload(packet, 8)}`
      case PROTOCOL_ICMP:
      case PROTOCOL_ICMPV6:
        return this.#icmp(packet)
      default:
        return `proto ${packet.protocol}${this.#payload(packet, 0)}`
    }
  }

  #tcp(packet: Packet, side: 0 | 1): string {
    const [sender, receiver] = this.#turn(side)
    const { sequence, acknowledgment, tcpFlags, transportLength, tcpHeaderLength, view, transportOffset } =
      packet
    sender.base ??= (tcpFlags & SYN) !== 0 ? sequence : (sequence - 1) | 0
    const hasAck = (tcpFlags & ACK) !== 0
    if (hasAck) receiver.base ??= (acknowledgment - 1) | 0
    const length = Math.max(0, transportLength - tcpHeaderLength)
    const end = (sequence + length) | 0
    const letters = FLAGS.filter(([bit]) => (tcpFlags & bit) !== 0).map(([, letter]) => letter)
    const urgent = view.getUint16(transportOffset + 18)
    const options = this.#options(packet, receiver)
    return [
      letters.length === 0 ? '-' : letters.join(''),
      rangeText(sequence, end, length, sender),
      hasAck ? `ack ${numberText(acknowledgment, receiver)}` : '',
      `win ${packet.window}`,
      options === '' ? '' : `<${options}>`,
      (tcpFlags & URG) !== 0 || urgent !== 0 ? `urg ${urgent}` : '',
      this.#payload(packet, tcpHeaderLength)
        .trim()
        .replace(/^len \d+$/, ''),
    ]
      .filter((part) => part !== '')
      .join(' ')
  }

  #turn(side: 0 | 1): readonly [sender: Side, receiver: Side] {
    if (this.#sides === null) {
      const first = { base: null, initial: FIRST_INITIAL }
      const second = { base: null, initial: SECOND_INITIAL }
      this.#sides = side === 0 ? [first, second] : [second, first]
    }
    return [this.#sides[side], this.#sides[side ^ 1]!]
  }

  #options({ view, bytes, transportOffset, tcpHeaderLength }: Packet, receiver: Side): string {
    const end = transportOffset + tcpHeaderLength
    const parts: string[] = []
    for (let at = transportOffset + 20; at < end; ) {
      const kind = view.getUint8(at)
      if (kind === 0 || kind === 1) {
        parts.push(kind === 0 ? 'eol' : 'nop')
        at++
        continue
      }
      const length = at + 1 < end ? view.getUint8(at + 1) : 0
      if (length < 2 || at + length > end) return [...parts, `hex ${hexOf(bytes, at, end)}`].join(',')
      parts.push(optionText(view, at, kind, length, receiver) ?? `hex ${hexOf(bytes, at, at + length)}`)
      at += length
    }
    return parts.join(',')
  }

  #icmp(packet: Packet): string | null {
    const { protocol, icmpType, icmpCode, icmpId, view, transportOffset, transportCaptured } = packet
    const isV4 = protocol === PROTOCOL_ICMP
    const what = `icmp ${icmpType}/${icmpCode}`
    if (isV4 ? queries4.has(icmpType) : icmpType === 128 || icmpType === 129)
      return `${what} id ${icmpId} seq ${view.getUint16(transportOffset + 6)}${this.#payload(packet, 8)}`
    if (!isV4 && icmpType >= ERRORS6_END) return `${what}${this.#payload(packet, 8)}`
    const about = this.#quoted(packet)
    if (about === 0) return null
    const isTooBig = ((icmpType << 8) | icmpCode) === (isV4 ? TOO_BIG4 : TOO_BIG6)
    const mtu = isTooBig && transportCaptured >= 8 ? ` mtu ${view.getUint16(transportOffset + 6)}` : ''
    return `${what}${mtu} about ${about}`
  }

  /** Number of the packet that an error quotes, by what NAT leaves as it is; 0 for none. */
  #quoted({ view, transportOffset, transportCaptured, protocol }: Packet): number {
    const at = transportOffset + 8
    const isV4 = protocol === PROTOCOL_ICMP
    const header = isV4 ? (transportCaptured > 8 ? (view.getUint8(at) & 15) * 4 : 0) : 40
    if (header < 20 || transportCaptured < 8 + header + 8) return 0
    const quoted = view.getUint8(at + (isV4 ? 9 : 6))
    const sequence = view.getInt32(at + header + 4)
    const identification = isV4 ? view.getUint16(at + 4) : 0
    const fits = (sent: Sent) =>
      sent.protocol === quoted &&
      (quoted === PROTOCOL_TCP
        ? (sent.sequence | 0) === sequence
        : !isV4 || sent.identification === identification)
    for (let number = this.#sent.length; number > 0; number--)
      if (fits(this.#sent[number - 1]!)) return number
    return 0
  }

  /** With a blank in front; '' for none. */
  #payload(packet: Packet, header: number): string {
    const length = packet.transportLength - header
    if (length <= 0) return ''
    const from = packet.transportOffset + header
    const isWhole = packet.transportCaptured >= packet.transportLength
    const bytes = packet.bytes.subarray(from, from + length)
    if (isWhole && length <= MOST_TEXT && bytes.every(isPlain))
      return ` ${quote(String.fromCharCode(...bytes))}`
    if (isWhole && length <= MOST_HEX) return ` hex ${hexOf(bytes, 0, length)}`
    if (!isWhole || bytes.some((byte) => byte !== 0)) this.zeroed++
    return ` len ${length}`
  }
}

const ported: ReadonlySet<number> = new Set([PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE])
/** SCTP and GRE. */
const unwritten: ReadonlyMap<number, string> = new Map([
  [132, 'SCTP is not written as text yet'],
  [47, 'GRE is not written as text yet'],
])

function cannotBeWritten(packet: Packet): string | null {
  const { protocol, transportCaptured, tcpHeaderLength } = packet
  if (packet.issue !== ISSUE_NONE) return 'a fragment, or a packet that cannot be read'
  const known = unwritten.get(protocol)
  if (known !== undefined) return known
  if (protocol === PROTOCOL_TCP && (tcpHeaderLength < 20 || transportCaptured < tcpHeaderLength))
    return 'its TCP header was not captured'
  if (packet.fragmentOffset !== 0 || packet.moreFragments) return 'a fragment'
  return null
}

export function addressOf(packet: Packet, which: 'source' | 'destination'): string {
  const { family } = packet
  return which === 'source'
    ? formatAddress(family, packet.source0, packet.source1, packet.source2, packet.source3)
    : formatAddress(
        family,
        packet.destination0,
        packet.destination1,
        packet.destination2,
        packet.destination3,
      )
}

export function isIPv6(packet: Packet): boolean {
  return packet.family === FAMILY_IPV6
}

function relativeTo(number: number, { base }: Side): number {
  return (number - (base ?? 0)) >>> 0
}

/** `1`; `#4294967295` where it lies ahead of what the numbers count from. */
function numberText(number: number, side: Side): string {
  const relative = relativeTo(number, side)
  return relative <= MOST_RELATIVE ? `${relative}` : `#${(side.initial + relative) >>> 0}`
}

function rangeText(start: number, end: number, length: number, side: Side): string {
  const [first, last] = [relativeTo(start, side), relativeTo(end, side)]
  if (first <= MOST_RELATIVE && last <= MOST_RELATIVE) return `${first}:${last}(${length})`
  const literal = (relative: number) => `#${(side.initial + relative) >>> 0}`
  return `${literal(first)}:${literal(last)}(${length})`
}

function optionText(view: DataView, at: number, kind: number, length: number, receiver: Side): string | null {
  if (kind === 2 && length === 4) return `mss ${view.getUint16(at + 2)}`
  if (kind === 3 && length === 3) return `wscale ${view.getUint8(at + 2)}`
  if (kind === 4 && length === 2) return 'sackOK'
  if (kind === 8 && length === 10) return `TS val ${view.getUint32(at + 2)} ecr ${view.getUint32(at + 6)}`
  if (kind !== 5 || length < 10 || (length - 2) % 8 !== 0) return null
  const blocks: string[] = []
  for (let edge = at + 2; edge < at + length; edge += 8)
    blocks.push(
      `${numberText(view.getInt32(edge), receiver)}:${numberText(view.getInt32(edge + 4), receiver)}`,
    )
  return `sack ${blocks.join(' ')}`
}

function hexOf(bytes: Uint8Array, from: number, to: number): string {
  return Array.from(bytes.subarray(from, to), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A letter of ASCII, or an end of line. */
function isPlain(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13
}
