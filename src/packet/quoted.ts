/** The packet quoted inside an ICMP or ICMPv6 error, as nf_conntrack_inet_error reads it. */
import { clearNetwork } from './clear.ts'
import { decodeFixedHeader, walkExtensions } from './ipv6.ts'
import {
  BAD_HEADER_LENGTH,
  BAD_TOTAL_LENGTH,
  FAMILY_IPV4,
  FAMILY_IPV6,
  ISSUE_FRAGMENT,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'
import { decodeTransport } from './transport.ts'

export const QUOTED_OK = 0
/** The message does not hold a packet that a tuple can be built from. */
export const QUOTED_BAD = 1
/** Perhaps it does, but the capture lacks the bytes. */
export const QUOTED_CUT = 2

/**
 * Decodes the packet that `packet`, an ICMP or ICMPv6 message, quotes `offset` bytes behind its transport header
 * into `quoted`: addresses, protocol, and ports or ICMP fields. QUOTED_OK if a tuple can be built from it: 4
 * transport bytes suffice for ports, 8 for ICMP, none are needed for others.
 *
 * Like the kernel it looks at neither version, total length nor header checksum:
 * `transportLength` is what the message holds, whatever the quoted packet's length was.
 */
export function decodeQuoted(packet: Packet, offset: number, quoted: Packet): number {
  const start = packet.transportOffset + offset
  const end = packet.transportOffset + packet.transportLength
  const capturedEnd = packet.transportOffset + packet.transportCaptured
  clearNetwork(quoted, packet.view, packet.bytes, start, capturedEnd)
  quoted.family = packet.family
  const needed = packet.family === FAMILY_IPV6 ? 40 : 20
  if (end - start < needed) return malformed(quoted, BAD_HEADER_LENGTH)
  if (capturedEnd - start < needed) return cut(quoted, start, capturedEnd)
  quoted.length = end - start
  if (packet.family === FAMILY_IPV4) {
    if (!quotedIPv4(quoted, start, end, capturedEnd)) return QUOTED_BAD
  } else {
    decodeFixedHeader(quoted, packet.view, start)
    quoted.protocol = packet.view.getUint8(start + 6)
    walkExtensions(quoted, packet.view, start + 40, end, capturedEnd, false)
    if (quoted.issue === ISSUE_NETWORK_CUT) return QUOTED_CUT
    if (quoted.issue !== ISSUE_NONE) return QUOTED_BAD
  }
  const least = leastTransport(quoted.protocol)
  if (quoted.transportLength < least) return malformed(quoted, BAD_TOTAL_LENGTH)
  if (quoted.transportCaptured < least) return cut(quoted, start, capturedEnd)
  return QUOTED_OK
}

function quotedIPv4(quoted: Packet, start: number, end: number, capturedEnd: number): boolean {
  const view = quoted.view
  const word0 = view.getInt32(start)
  const word1 = view.getInt32(start + 4)
  const word2 = view.getInt32(start + 8)
  const headerLength = (word0 >>> 22) & 0x3c
  quoted.tos = (word0 >>> 16) & 0xff
  quoted.identification = word1 >>> 16
  quoted.fragmentOffset = (word1 & 0x1fff) << 3
  quoted.moreFragments = (word1 & 0x2000) !== 0
  quoted.dontFragment = (word1 & 0x4000) !== 0
  quoted.ttl = word2 >>> 24
  quoted.protocol = (word2 >>> 16) & 0xff
  quoted.source0 = view.getInt32(start + 12)
  quoted.destination0 = view.getInt32(start + 16)
  // A first fragment is fine: its ports are there.
  if (quoted.fragmentOffset !== 0) {
    quoted.issue = ISSUE_FRAGMENT
    return false
  }
  const at = start + headerLength
  if (at > end) {
    malformed(quoted, BAD_HEADER_LENGTH)
    return false
  }
  quoted.transportOffset = Math.min(at, capturedEnd)
  quoted.transportLength = end - at
  quoted.transportCaptured = Math.max(capturedEnd - at, 0)
  decodeTransport(quoted, view, quoted.protocol, quoted.transportOffset, quoted.transportCaptured)
  return true
}

/** Transport bytes that a tuple is made of. */
function leastTransport(protocol: number): number {
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
    case PROTOCOL_SCTP:
      return 4
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return 8
    default:
      return 0
  }
}

function malformed(quoted: Packet, detail: number): number {
  quoted.issue = ISSUE_NETWORK_BAD
  quoted.issueDetail = detail
  return QUOTED_BAD
}

function cut(quoted: Packet, start: number, capturedEnd: number): number {
  quoted.issue = ISSUE_NETWORK_CUT
  quoted.issueFound = Math.max(capturedEnd - start, 0)
  return QUOTED_CUT
}
