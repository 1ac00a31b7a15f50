/**
 * What REJECT sends back, as bytes from the IP header on: an ICMP error or a reset of TCP, or null where Linux sends
 * nothing (nf_reject_ipv4, nf_reject_ipv6, __icmp_send, icmp6_send). Rare by nature: everything here allocates.
 *
 * Three things are not Linux's: answers are never too many (`icmp_ratelimit`), an ICMPv6 error has flow label 0 instead
 * of a hash, and the options that an IPv4 error repeats (record route, timestamp, source route) are left out.
 */
import type { ChecksumPolicy } from '../conntrack/tracker.ts'
import { HOOK_INPUT, HOOK_OUTPUT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import type { Host } from '../host/host.ts'
import type { Route } from '../host/route.ts'
import { addSum, internetChecksum } from '../packet/checksum.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 } from '../packet/link-type.ts'
import {
  CHECKSUM_ABSENT,
  CHECKSUM_GOOD,
  FAMILY_IPV6,
  ISSUE_CHAIN,
  ISSUE_FRAGMENT_REFUSED,
  type Packet,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from '../packet/packet.ts'

/** net.ipv4.ip_default_ttl and net.ipv6.conf.*.hop_limit where nobody set them. */
const HOPS = 64
/** RFC 1812, 4.3.2.3: as much of the datagram as fits. */
const LONGEST_ICMP = 576
/** RFC 4443, 2.4 (c): within the least MTU of IPv6. */
const LONGEST_ICMPV6 = 1280
const ICMP_UNREACHABLE = 3
const ICMPV6_UNREACHABLE = 1
/** RFC 1812, 4.3.2.5: precedence "internetwork control". */
const INTERNETWORK_CONTROL = 0xc0
/** The bits of TOS that Linux keeps (IPTOS_TOS_MASK). */
const TOS_BITS = 0x1e
/** INADDR_DUMMY (RFC 7600): the source of errors of a machine without an IPv4 address. */
const DUMMY = 0xc0000008 | 0
const DO_NOT_FRAGMENT = 0x4000

const PROTOCOL_ESP = 50
const PROTOCOL_AH = 51

/** Four words, of IPv4 the first and zeros. */
type Address = readonly [number, number, number, number]

const sourceOf = (packet: Packet): Address => [packet.source0, packet.source1, packet.source2, packet.source3]
const destinationOf = (packet: Packet): Address => [
  packet.destination0,
  packet.destination1,
  packet.destination2,
  packet.destination3,
]
const fromWords = (words: Int32Array): Address => [words[0]!, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0]

/** Is there a way back to the sender? While nobody told the routes, there is. */
function wayBack(passage: Passage, host: Host): { readonly route: Route | null } | null {
  const { packet } = passage
  const ipv6 = packet.family === FAMILY_IPV6
  // Only for addresses of the link does it matter where the packet came in.
  const inInterface = ipv6 && packet.source0 >>> 22 === 0x3fa ? passage.inInterface : 0
  const route = host.route(ipv6, ...sourceOf(packet), inInterface)
  if (route === null) return host.knowsRoutes(ipv6) ? null : { route }
  return route.type === 'unicast' || route.type === 'local' ? { route } : null
}

/** Was the frame for this machine alone (PACKET_HOST)? */
function isToOneHost(packet: Packet): boolean {
  const { frameBytes, frameStart, frameEnd, linkType } = packet
  if (linkType === LINKTYPE_ETHERNET && frameEnd - frameStart >= 14)
    return (frameBytes[frameStart]! & 1) === 0
  // 1 broadcast, 2 multicast, 3 to another host.
  if (linkType === LINKTYPE_LINUX_SLL && frameEnd - frameStart >= 16)
    return ![1, 2, 3].includes(frameBytes[frameStart + 1]!)
  if (linkType === LINKTYPE_LINUX_SLL2 && frameEnd - frameStart >= 20)
    return ![1, 2, 3].includes(frameBytes[frameStart + 10]!)
  return true
}

/** Was the packet, by its address (not RTCF_BROADCAST, RTCF_MULTICAST)? */
function isToOneAddress(packet: Packet, host: Host): boolean {
  const type = host.addressType(packet.family === FAMILY_IPV6, ...destinationOf(packet))
  return type !== 'broadcast' && type !== 'multicast'
}

/** Pseudo header: addresses, protocol and length (RFC 9293, 3.1; RFC 8200, 8.1). */
function pseudoSum(source: Address, destination: Address, protocol: number, length: number): number {
  const view = new DataView(new ArrayBuffer(36))
  for (let i = 0; i < 4; i++) {
    view.setInt32(i * 4, source[i]!)
    view.setInt32(16 + i * 4, destination[i]!)
  }
  view.setUint32(32, length)
  return addSum(view, 0, 36, protocol)
}

/**
 * May the packet be answered, going by its checksum? Of a protocol that nobody knows, all of the payload counts as one,
 * so that it hardly ever may (nf_reject_verify_csum, nf_ip_checksum, nf_ip6_checksum). What was not captured is good.
 */
function isChecksumGood(packet: Packet, policy: ChecksumPolicy, hook: number): boolean {
  const { protocol, view, transportOffset: at, transportLength: length } = packet
  if (policy === 'ignore' || packet.checksum === CHECKSUM_GOOD || packet.checksum === CHECKSUM_ABSENT)
    return true
  switch (protocol) {
    case PROTOCOL_GRE:
    case PROTOCOL_AH:
    case PROTOCOL_ESP:
    case PROTOCOL_SCTP:
    case PROTOCOL_UDPLITE:
      return true
  }
  if (packet.transportCaptured < length) return true
  const hasPorts = protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP
  if (protocol === PROTOCOL_UDP && length >= 8 && view.getUint16(at + 6) === 0) return true
  const hasPseudo = hasPorts || packet.family === FAMILY_IPV6
  const pseudo = hasPseudo ? pseudoSum(sourceOf(packet), destinationOf(packet), protocol, length) : 0
  const sum = addSum(view, at, at + length, pseudo)
  if (sum === 0 || sum === 0xffff) return true
  // Left to the network card, as of all that this machine sends.
  if (!hasPorts || (policy !== 'auto' && hook !== HOOK_OUTPUT)) return false
  const field = protocol === PROTOCOL_TCP ? 16 : 6
  if (length < field + 2) return false
  const found = view.getUint16(at + field)
  return found === 0 || found === pseudo
}

/**
 * A reset (RFC 9293, 3.5.2) for a segment that has its whole header, a good checksum and no RST; with the addresses and
 * ports turned round, and nothing but a header.
 */
export function resetFor(passage: Passage, host: Host, policy: ChecksumPolicy): Uint8Array | null {
  const { packet } = passage
  const ipv6 = packet.family === FAMILY_IPV6
  if (packet.protocol !== PROTOCOL_TCP || packet.transportLength < 20) return null
  if (packet.transportCaptured < 20 || packet.fragmentOffset !== 0) return null
  if (packet.issue === ISSUE_CHAIN || packet.issue === ISSUE_FRAGMENT_REFUSED) return null
  if ((packet.tcpFlags & TCP_RST) !== 0) return null
  if (!isToOneAddress(packet, host) || (ipv6 && !isUnicast6(packet))) return null
  if (!isChecksumGood(packet, policy, passage.hook) || wayBack(passage, host) === null) return null

  const source = destinationOf(packet)
  const destination = sourceOf(packet)
  const bytes = new Uint8Array((ipv6 ? 40 : 20) + 20)
  const at = bytes.length - 20
  const view = new DataView(bytes.buffer)
  view.setUint16(at, packet.destinationPort)
  view.setUint16(at + 2, packet.sourcePort)
  view.setUint8(at + 12, 5 << 4)
  if ((packet.tcpFlags & TCP_ACK) !== 0) {
    view.setInt32(at + 4, packet.acknowledgment)
    view.setUint8(at + 13, TCP_RST)
  } else {
    const flags = ((packet.tcpFlags & TCP_SYN) >> 1) + (packet.tcpFlags & TCP_FIN)
    const payload = packet.transportLength - packet.tcpHeaderLength
    view.setInt32(at + 8, packet.sequence + flags + payload)
    view.setUint8(at + 13, TCP_RST | TCP_ACK)
  }
  const pseudo = pseudoSum(source, destination, PROTOCOL_TCP, 20)
  view.setUint16(at + 16, internetChecksum(view, at, at + 20, pseudo))
  if (ipv6) writeHeader6(view, PROTOCOL_TCP, source, destination)
  else writeHeader4(view, PROTOCOL_TCP, source[0], destination[0], 0, 0, DO_NOT_FRAGMENT)
  return bytes
}

function isUnicast6(packet: Packet): boolean {
  const isMulticast = packet.source0 >>> 24 === 0xff || packet.destination0 >>> 24 === 0xff
  return !isMulticast && !isZero(sourceOf(packet)) && !isZero(destinationOf(packet))
}

const isZero = (address: Address): boolean => address.every((word) => word === 0)

/**
 * "Destination unreachable" (RFC 792, RFC 4443) that quotes the packet as it is now.
 *
 * @param identification of the IPv4 header, 0–65535: Linux's is a random number
 */
export function unreachableFor(
  passage: Passage,
  host: Host,
  policy: ChecksumPolicy,
  code: number,
  identification: number,
): Uint8Array | null {
  const { packet } = passage
  const ipv6 = packet.family === FAMILY_IPV6
  if (packet.fragmentOffset !== 0 || packet.issue === ISSUE_FRAGMENT_REFUSED) return null
  // Of IPv6 there has to be something behind the headers (reject6_csum_ok).
  if (ipv6 && (packet.issue === ISSUE_CHAIN || packet.transportLength <= 0)) return null
  if (!isChecksumGood(packet, policy, passage.hook)) return null
  if (!isToOneHost(packet) || !isToOneAddress(packet, host) || isZero(sourceOf(packet))) return null
  if (packet.source0 >>> 24 === 0xff && ipv6) return null
  if (isIcmpError(packet)) return null
  const way = wayBack(passage, host)
  if (way === null) return null
  const source = errorSource(passage, host, way.route)
  if (source === null) return null

  const header = ipv6 ? 40 : 20
  const longest = ipv6 ? LONGEST_ICMPV6 : Math.min(LONGEST_ICMP, mtuOf(host, way.route))
  const room = longest - header - 8
  if (room <= 20) return null
  const quoted = Math.min(packet.length, room)
  const bytes = new Uint8Array(header + 8 + quoted)
  const view = new DataView(bytes.buffer)
  const captured = Math.min(quoted, packet.capturedEnd - packet.networkOffset)
  // Bytes that the capture lacks are zeros.
  bytes.set(packet.bytes.subarray(packet.networkOffset, packet.networkOffset + captured), header + 8)
  view.setUint8(header, ipv6 ? ICMPV6_UNREACHABLE : ICMP_UNREACHABLE)
  view.setUint8(header + 1, code)
  const destination = sourceOf(packet)
  const pseudo = ipv6 ? pseudoSum(source, destination, PROTOCOL_ICMPV6, 8 + quoted) : 0
  view.setUint16(header + 2, internetChecksum(view, header, bytes.length, pseudo))
  if (ipv6) writeHeader6(view, PROTOCOL_ICMPV6, source, destination)
  else {
    const tos = (packet.tos & TOS_BITS) | INTERNETWORK_CONTROL
    writeHeader4(view, PROTOCOL_ICMP, source[0], destination[0], tos, identification, 0)
  }
  return bytes
}

/** No error about an error: of ICMP every type that is not known to be none, of ICMPv6 all below 128. */
function isIcmpError(packet: Packet): boolean {
  if (packet.family === FAMILY_IPV6) {
    if (packet.protocol !== PROTOCOL_ICMPV6) return false
    return packet.transportCaptured < 1 || packet.view.getUint8(packet.transportOffset) < 128
  }
  if (packet.protocol !== PROTOCOL_ICMP) return false
  if (packet.transportCaptured < 1) return true
  const type = packet.view.getUint8(packet.transportOffset)
  return type > 18 || type === 3 || type === 4 || type === 5 || type === 11 || type === 12
}

/** The address that was meant if it is one of this machine, else one towards the sender; null if there is none. */
function errorSource(passage: Passage, host: Host, route: Route | null): Address | null {
  const { packet } = passage
  const ipv6 = packet.family === FAMILY_IPV6
  const meant = destinationOf(packet)
  if (passage.hook === HOOK_INPUT || host.isLocal(ipv6, ...meant)) return meant
  const sender = sourceOf(packet)
  if (route?.type === 'local') return sender
  const told = route?.source
  if (told) return fromWords(told)
  // icmp6_send takes one of the device that the packet came in by.
  const device = ipv6 && passage.inInterface !== 0 ? passage.inInterface : (route?.interface ?? 0)
  const found =
    host.masqueradeAddress(ipv6, device, route, ...sender) ??
    host.addresses.find((one) => one.interface !== host.loopback && (one.words.length === 4) === ipv6)?.words
  if (found) return fromWords(found)
  return ipv6 ? null : [DUMMY, 0, 0, 0]
}

function mtuOf(host: Host, route: Route | null): number {
  if (route === null) return LONGEST_ICMP
  return route.mtu || host.device(route.interface).mtu || LONGEST_ICMP
}

function writeHeader4(
  view: DataView,
  protocol: number,
  source: number,
  destination: number,
  tos: number,
  identification: number,
  flags: number,
): void {
  view.setUint8(0, 0x45)
  view.setUint8(1, tos)
  view.setUint16(2, view.byteLength)
  view.setUint16(4, identification)
  view.setUint16(6, flags)
  view.setUint8(8, HOPS)
  view.setUint8(9, protocol)
  view.setInt32(12, source)
  view.setInt32(16, destination)
  view.setUint16(10, internetChecksum(view, 0, 20))
}

function writeHeader6(view: DataView, protocol: number, source: Address, destination: Address): void {
  view.setUint8(0, 6 << 4)
  view.setUint16(4, view.byteLength - 40)
  view.setUint8(6, protocol)
  view.setUint8(7, HOPS)
  for (let i = 0; i < 4; i++) {
    view.setInt32(8 + i * 4, source[i]!)
    view.setInt32(24 + i * 4, destination[i]!)
  }
}
