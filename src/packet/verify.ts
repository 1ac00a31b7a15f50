/**
 * The transport checksum, summed as the connection tracker sums it (nf_ip_checksum, nf_ip6_checksum and their
 * partial forms), which is not always what the protocol's RFC says.
 */
import { addCrc32c, addSum, addWord } from './checksum.ts'
import {
  CHECKSUM_ABSENT,
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNKNOWN,
  FAMILY_IPV4,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'

/**
 * Sets `checksum`, and with CHECKSUM_BAD and CHECKSUM_PARTIAL `checksumFound` and `checksumExpected` (16 bits; SCTP 32 bits, as the
 * wire's bytes read big-endian). Protocols without a checksum, packets too short to have one, fragments, and
 * packets of which bytes are missing are CHECKSUM_UNKNOWN.
 */
export function verifyChecksum(packet: Packet): void {
  packet.checksum = CHECKSUM_UNKNOWN
  if (packet.issue !== 0) return
  const length = packet.transportLength
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      if (length >= 20) verifySum(packet, 16, length, pseudoSum(packet, PROTOCOL_TCP))
      break
    case PROTOCOL_UDP:
      if (length < 8 || isAbsent(packet)) break
      // Over all that the IP packet holds, even where UDP's own length field says less.
      verifySum(packet, 6, length, pseudoSum(packet, PROTOCOL_UDP))
      break
    case PROTOCOL_UDPLITE:
      if (length < 8 || isAbsent(packet)) break
      // The kernel passes UDP's number instead of UDP-Lite's for the pseudo header, so what it takes as right is
      // not what RFC 3828, 3.1 says.
      verifySum(packet, 6, coveredLength(packet), pseudoSum(packet, PROTOCOL_UDP))
      break
    case PROTOCOL_ICMP:
      if (length >= 8) verifySum(packet, 2, length, 0)
      break
    case PROTOCOL_ICMPV6:
      if (length >= 8) verifySum(packet, 2, length, pseudoSum(packet, PROTOCOL_ICMPV6))
      break
    case PROTOCOL_SCTP:
      if (length >= 12 && packet.transportCaptured === length) verifyCrc(packet)
      break
  }
}

/** Bytes that UDP-Lite's checksum covers; a coverage that makes no sense is refused elsewhere. */
function coveredLength(packet: Packet): number {
  const coverage = packet.udpLength
  return coverage < 8 || coverage > packet.transportLength ? packet.transportLength : coverage
}

/** 0 in the field means that the sender computed none. */
function isAbsent(packet: Packet): boolean {
  if (packet.transportCaptured < 8 || packet.view.getUint16(packet.transportOffset + 6) !== 0) return false
  packet.checksum = CHECKSUM_ABSENT
  return true
}

function pseudoSum(packet: Packet, protocol: number): number {
  const { source0, destination0, transportLength } = packet
  // At most seven 16-bit words, or so: folded once.
  let sum = protocol + (source0 >>> 16) + (source0 & 0xffff) + (destination0 >>> 16) + (destination0 & 0xffff)
  sum = addWord(sum, transportLength)
  if (packet.family === FAMILY_IPV4) return sum
  sum = addWord(addWord(sum, packet.source1), packet.destination1)
  sum = addWord(addWord(sum, packet.source2), packet.destination2)
  return addWord(addWord(sum, packet.source3), packet.destination3)
}

function verifySum(packet: Packet, field: number, covered: number, pseudo: number): void {
  if (packet.transportCaptured < covered) return
  const at = packet.transportOffset
  const sum = addSum(packet.view, at, at + covered, pseudo)
  if (sum === 0xffff) {
    packet.checksum = CHECKSUM_GOOD
    return
  }
  const found = packet.view.getUint16(at + field)
  packet.checksum = isOffloaded(packet.protocol, found, pseudo) ? CHECKSUM_PARTIAL : CHECKSUM_BAD
  packet.checksumFound = found
  // Without the field: subtracting is adding the complement. 0 and 0xffff are both zero; UDP never sends 0, and a
  // message of nothing but zeros lacks a 0xffff.
  const expected = ~addWord(sum, ~found & 0xffff) & 0xffff
  packet.checksumExpected = expected === 0 && (field === 6 || found === 0) ? 0xffff : expected
}

/** What a network card completes starts from the pseudo header's sum, not complemented, or from nothing. */
function isOffloaded(protocol: number, found: number, pseudo: number): boolean {
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return false
  return found === pseudo || found === 0
}

const zeros = new Uint8Array(4)

function verifyCrc(packet: Packet): void {
  const at = packet.transportOffset
  const end = at + packet.transportLength
  // The field counts as zero (RFC 9260, 6.8).
  let crc = addCrc32c(packet.bytes, at, at + 8, -1)
  crc = addCrc32c(zeros, 0, 4, crc)
  crc = ~addCrc32c(packet.bytes, at + 12, end, crc)
  if (crc === packet.view.getInt32(at + 8, true)) {
    packet.checksum = CHECKSUM_GOOD
    return
  }
  packet.checksumFound = packet.view.getUint32(at + 8)
  packet.checksum = packet.checksumFound === 0 ? CHECKSUM_PARTIAL : CHECKSUM_BAD
  packet.checksumExpected =
    ((crc << 24) | ((crc & 0xff00) << 8) | ((crc >>> 8) & 0xff00) | (crc >>> 24)) >>> 0
}
