/** IPv4 header (RFC 791), with the checks that Linux's ip_rcv_core makes before any hook, in its order. */
import { internetChecksum } from './checksum.ts'
import { clearFragment, clearNetwork, clearTransport, clearWideAddresses, place } from './clear.ts'
import type { HeaderCheck } from './header-check.ts'
import {
  BAD_HEADER_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_TOTAL_LENGTH,
  BAD_VERSION,
  CHECKSUM_UNKNOWN,
  FAMILY_IPV4,
  ISSUE_FRAGMENT,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  type Packet,
} from './packet.ts'
import { decodePlainTcp } from './plain-tcp.ts'
import { decodeTransport } from './transport.ts'

/** As `decodeNetwork`, for a packet that has to be IPv4. */
export function decodeIPv4(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  verifyHeader: HeaderCheck,
): void {
  if (decodePlainTcp(packet, view, bytes, start, end, wireEnd, verifyHeader)) return
  decodeAnyIPv4(packet, view, bytes, start, end, wireEnd, verifyHeader)
}

/** The general way. */
export function decodeAnyIPv4(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  verifyHeader: HeaderCheck,
): void {
  const captured = end - start
  // How long the packet can be: a negative end means that nobody knows.
  const available = wireEnd < 0 ? 0x7fffffff : wireEnd - start
  if (captured < 20) {
    clearNetwork(packet, view, bytes, start, end)
    packet.family = FAMILY_IPV4
    if (available < 20) bad(packet, BAD_HEADER_LENGTH, available, 20)
    else cut(packet, captured)
    return
  }
  const word0 = view.getInt32(start)
  const word1 = view.getInt32(start + 4)
  const word2 = view.getInt32(start + 8)
  const source = view.getInt32(start + 12)
  const destination = view.getInt32(start + 16)
  const headerLength = (word0 >>> 22) & 0x3c
  const claimed = word0 & 0xffff
  // Segmentation offload: the captured packet is too long for the field, or was not given its length yet.
  const length = claimed !== 0 ? claimed : wireEnd < 0 ? captured : available
  const fragment = word1 & 0xffff
  const protocol = (word2 >>> 16) & 0xff
  const capturedEnd = length < captured ? start + length : end
  const transportOffset = start + headerLength
  const transportLength = length - headerLength
  const transportCaptured = capturedEnd - transportOffset

  // A store costs more than a comparison that is nearly always the same: see clear.ts for what may be left out.
  place(packet, view, bytes)
  if (packet.family !== FAMILY_IPV4) clearWideAddresses(packet)
  if (packet.issue !== ISSUE_NONE || packet.largestFragment !== 0) clearFragment(packet)
  packet.networkOffset = start
  packet.transportOffset = transportOffset
  packet.capturedEnd = capturedEnd
  packet.family = FAMILY_IPV4
  packet.source0 = source
  packet.destination0 = destination
  packet.length = length
  packet.ttl = word2 >>> 24
  packet.tos = (word0 >>> 16) & 0xff
  packet.identification = word1 >>> 16
  packet.dontFragment = (fragment & 0x4000) !== 0
  packet.checksum = CHECKSUM_UNKNOWN

  if (!checkHeader(packet, view, start, captured, available, verifyHeader)) return
  if (length > available || transportLength < 0) {
    noTransport(packet)
    bad(packet, BAD_TOTAL_LENGTH, length, length > available ? available : headerLength)
    return
  }
  packet.transportLength = transportLength
  packet.transportCaptured = transportCaptured
  if ((fragment & 0x3fff) === 0) {
    packet.issue = ISSUE_NONE
    decodeTransport(packet, view, protocol, transportOffset, transportCaptured)
  } else {
    packet.issue = ISSUE_FRAGMENT
    packet.fragmentOffset = (fragment & 0x1fff) << 3
    packet.moreFragments = (fragment & 0x2000) !== 0
    // A later piece holds no transport header.
    decodeTransport(
      packet,
      view,
      protocol,
      transportOffset,
      packet.fragmentOffset === 0 ? transportCaptured : 0,
    )
  }
}

/** Version, header length and header checksum; false if one of them ends the decoding. */
function checkHeader(
  packet: Packet,
  view: DataView,
  start: number,
  captured: number,
  available: number,
  verifyHeader: HeaderCheck,
): boolean {
  const version = view.getUint8(start) >> 4
  const headerLength = packet.transportOffset - start
  if (version !== 4) {
    noTransport(packet)
    return bad(packet, BAD_VERSION, version, 4)
  }
  if (headerLength < 20 || headerLength > available) {
    noTransport(packet)
    return bad(packet, BAD_HEADER_LENGTH, headerLength, available)
  }
  if (headerLength > captured) {
    // The capture's fault or the packet's: a total length below the header's is the packet's.
    noTransport(packet)
    return packet.length < headerLength
      ? bad(packet, BAD_TOTAL_LENGTH, packet.length, headerLength)
      : cut(packet, captured)
  }
  if (verifyHeader === false || internetChecksum(view, start, start + headerLength) === 0) return true
  if (verifyHeader === true || view.getUint16(start + 10) !== 0) {
    return badChecksum(packet, view, start, headerLength)
  }
  verifyHeader.packets++
  return true
}

function noTransport(packet: Packet): void {
  packet.protocol = packet.view.getUint8(packet.networkOffset + 9)
  packet.transportOffset = packet.capturedEnd
  packet.transportLength = 0
  packet.transportCaptured = 0
  clearTransport(packet)
}

function bad(packet: Packet, detail: number, found: number, expected: number): false {
  packet.issue = ISSUE_NETWORK_BAD
  packet.issueDetail = detail
  packet.issueFound = found
  packet.issueExpected = expected
  return false
}

function cut(packet: Packet, captured: number): false {
  packet.issue = ISSUE_NETWORK_CUT
  packet.issueFound = captured
  return false
}

function badChecksum(packet: Packet, view: DataView, start: number, headerLength: number): false {
  noTransport(packet)
  const found = view.getUint16(start + 10)
  // The sum without the field itself: subtracting is adding the complement.
  const expected = internetChecksum(view, start, start + headerLength, ~found & 0xffff)
  return bad(packet, BAD_HEADER_CHECKSUM, found, expected)
}
