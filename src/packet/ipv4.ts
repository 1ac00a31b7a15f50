/** IPv4 header (RFC 791), with the checks that Linux's ip_rcv_core makes before any hook, in its order. */
import { internetChecksum } from './checksum.ts'
import { clearNetwork, place } from './clear.ts'
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
import { decodeTransport } from './transport.ts'

/** As `decodeNetwork`, for a packet that has to be IPv4. */
export function decodeIPv4(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  verifyHeader: boolean,
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

  place(packet, view, bytes)
  packet.issueDetail = 0
  packet.networkOffset = start
  packet.transportOffset = transportOffset
  packet.capturedEnd = capturedEnd
  packet.family = FAMILY_IPV4
  packet.source0 = source
  packet.source1 = 0
  packet.source2 = 0
  packet.source3 = 0
  packet.destination0 = destination
  packet.destination1 = 0
  packet.destination2 = 0
  packet.destination3 = 0
  packet.protocol = protocol
  packet.length = length
  packet.ttl = word2 >>> 24
  packet.tos = (word0 >>> 16) & 0xff
  packet.identification = word1 >>> 16
  packet.fragmentOffset = (fragment & 0x1fff) << 3
  packet.moreFragments = (fragment & 0x2000) !== 0
  packet.dontFragment = (fragment & 0x4000) !== 0
  packet.largestFragment = 0
  packet.checksum = CHECKSUM_UNKNOWN

  if (headerLength === 20 && word0 >>> 28 === 4) {
    if (verifyHeader) {
      // At most ten 16-bit words: no overflow, and two folds suffice.
      let sum = (word0 >>> 16) + (word0 & 0xffff) + (word1 >>> 16) + (word1 & 0xffff)
      sum += (word2 >>> 16) + (word2 & 0xffff) + (source >>> 16) + (source & 0xffff)
      sum += (destination >>> 16) + (destination & 0xffff)
      sum = (sum & 0xffff) + (sum >>> 16)
      sum = (sum & 0xffff) + (sum >>> 16)
      if (sum !== 0xffff) {
        badChecksum(packet, view, start, 20)
        return
      }
    }
  } else if (!oddHeader(packet, view, start, captured, available, verifyHeader)) {
    return
  }
  if (length > available || transportLength < 0) {
    noTransport(packet)
    bad(packet, BAD_TOTAL_LENGTH, length, length > available ? available : headerLength)
    return
  }
  packet.transportLength = transportLength
  packet.transportCaptured = transportCaptured
  packet.issue = (fragment & 0x3fff) === 0 ? ISSUE_NONE : ISSUE_FRAGMENT
  // A later piece holds no transport header.
  decodeTransport(packet, view, protocol, transportOffset, (fragment & 0x1fff) === 0 ? transportCaptured : 0)
}

/** A header with options, or a wrong one; false if that ends the decoding. */
function oddHeader(
  packet: Packet,
  view: DataView,
  start: number,
  captured: number,
  available: number,
  verifyHeader: boolean,
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
  if (verifyHeader && internetChecksum(view, start, start + headerLength) !== 0) {
    return badChecksum(packet, view, start, headerLength)
  }
  return true
}

function noTransport(packet: Packet): void {
  packet.transportOffset = packet.capturedEnd
  packet.transportLength = 0
  packet.transportCaptured = 0
  decodeTransport(packet, packet.view, 0, 0, 0)
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
