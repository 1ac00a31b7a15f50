/**
 * Rewriting one end of a packet: address, and port or identifier (nf_nat_ipv4_manip_pkt, nf_nat_ipv6_manip_pkt).
 *
 * Checksums follow the change, so that one which was wrong stays wrong; only SCTP's is computed anew, as Linux does. Bytes
 * that the capture lacks are left out, and what is there is changed.
 */
import { adjustChecksum, adjustChecksum32 } from './adjust.ts'
import { addCrc32c, addSum } from './checksum.ts'
import {
  FAMILY_IPV4,
  Packet,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'
import { decodeQuoted } from './quoted.ts'

/** Which end of a packet is meant (`enum nf_nat_manip_type`). */
export const END_SOURCE = 0
export const END_DESTINATION = 1

/**
 * Writes an end into a packet's fields and bytes. The address is one signed word (IPv4) or four at `at` of `words`; `part` is
 * the port, the identifier of an ICMP query, or GRE's key of the destination; protocols without any ignore it.
 * False: the packet is too short to be translated, and nothing was changed; Linux drops it.
 */
export function translateEnd(
  packet: Packet,
  end: number,
  words: Int32Array,
  at: number,
  part: number,
): boolean {
  if (!translateTransport(packet, end, words, at, part)) return false
  if (packet.family === FAMILY_IPV4) translateIPv4(packet, end, words[at]!)
  else translateIPv6(packet, end, words, at)
  return true
}

function translateIPv4(packet: Packet, end: number, address: number): void {
  const { view, networkOffset } = packet
  const before = end === END_SOURCE ? packet.source0 : packet.destination0
  adjustChecksum32(view, networkOffset + 10, before, address)
  if (end === END_SOURCE) {
    view.setInt32(networkOffset + 12, address)
    packet.source0 = address
  } else {
    view.setInt32(networkOffset + 16, address)
    packet.destination0 = address
  }
}

function translateIPv6(packet: Packet, end: number, words: Int32Array, at: number): void {
  const { view, networkOffset } = packet
  const start = networkOffset + (end === END_SOURCE ? 8 : 24)
  for (let i = 0; i < 4; i++) view.setInt32(start + i * 4, words[at + i]!)
  if (end === END_SOURCE) {
    packet.source0 = words[at]!
    packet.source1 = words[at + 1]!
    packet.source2 = words[at + 2]!
    packet.source3 = words[at + 3]!
  } else {
    packet.destination0 = words[at]!
    packet.destination1 = words[at + 1]!
    packet.destination2 = words[at + 2]!
    packet.destination3 = words[at + 3]!
  }
}

/** The transport header, while the IP header still has the old address (l4proto_manip_pkt). */
function translateTransport(
  packet: Packet,
  end: number,
  words: Int32Array,
  at: number,
  part: number,
): boolean {
  const { view, transportOffset: offset, transportLength: length, transportCaptured: captured } = packet
  switch (packet.protocol) {
    case PROTOCOL_TCP: {
      // A quoted header may be no longer than 8 bytes: without a checksum.
      if (length < 8) return false
      const before = translatePort(packet, end, part)
      if (length < 20 || captured < 18) return true
      adjustPseudoHeader(packet, offset + 16, end, words, at)
      adjustChecksum(view, offset + 16, before, part)
      return true
    }
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE: {
      if (length < 8) return false
      const before = translatePort(packet, end, part)
      if (captured < 8) return true
      const field = offset + 6
      // 0 says that there is none, so a sum that happens to be 0 is written as the other zero (RFC 768).
      if (packet.protocol === PROTOCOL_UDP && view.getUint16(field) === 0) return true
      adjustPseudoHeader(packet, field, end, words, at)
      adjustChecksum(view, field, before, part)
      if (view.getUint16(field) === 0) view.setUint16(field, 0xffff)
      return true
    }
    case PROTOCOL_SCTP: {
      if (length < 8) return false
      const before = translatePort(packet, end, part)
      if (length >= 12 && captured >= 12) adjustCrc(packet, end, before ^ part)
      return true
    }
    case PROTOCOL_ICMP:
      if (length < 8) return false
      if (isIcmpQuery(packet.icmpType)) translateIdentifier(packet, part)
      return true
    case PROTOCOL_ICMPV6:
      if (length < 8) return false
      if (captured >= 4) adjustPseudoHeader(packet, offset + 2, end, words, at)
      if (packet.icmpType === 128 || packet.icmpType === 129) translateIdentifier(packet, part)
      return true
    case PROTOCOL_GRE:
      return translateGre(packet, end, part)
    default:
      return true
  }
}

/** Answers the port as it was. */
function translatePort(packet: Packet, end: number, port: number): number {
  const { view, transportOffset: offset, transportCaptured: captured } = packet
  const before = end === END_SOURCE ? packet.sourcePort : packet.destinationPort
  if (captured >= 4) view.setUint16(offset + (end === END_SOURCE ? 0 : 2), port)
  if (end === END_SOURCE) packet.sourcePort = port
  else packet.destinationPort = port
  return before
}

/** Echo, time stamp, information and address mask, question and answer. */
function isIcmpQuery(type: number): boolean {
  return type === 0 || type === 8 || (type >= 13 && type <= 18)
}

function translateIdentifier(packet: Packet, identifier: number): void {
  const { view, transportOffset: offset, transportCaptured: captured } = packet
  if (captured >= 4) adjustChecksum(view, offset + 2, packet.icmpId, identifier)
  if (captured >= 6) view.setUint16(offset + 4, identifier)
  packet.icmpId = identifier
}

/** Only PPTP's call id is a key, and it names the destination. */
function translateGre(packet: Packet, end: number, key: number): boolean {
  const {
    view,
    bytes,
    transportOffset: offset,
    transportLength: length,
    transportCaptured: captured,
  } = packet
  if (length < 8) return false
  if (end === END_SOURCE || captured < 2) return true
  const version = bytes[offset + 1]! & 0x07
  if (version > 1) return false
  if (version === 1 && captured >= 8) view.setUint16(offset + 6, key)
  return true
}

/** The checksum at `field` covers the address that is about to change. */
function adjustPseudoHeader(packet: Packet, field: number, end: number, words: Int32Array, at: number): void {
  const { view } = packet
  const source = end === END_SOURCE
  adjustChecksum32(view, field, source ? packet.source0 : packet.destination0, words[at]!)
  if (packet.family === FAMILY_IPV4) return
  adjustChecksum32(view, field, source ? packet.source1 : packet.destination1, words[at + 1]!)
  adjustChecksum32(view, field, source ? packet.source2 : packet.destination2, words[at + 2]!)
  adjustChecksum32(view, field, source ? packet.source3 : packet.destination3, words[at + 3]!)
}

const zeros = new Uint8Array(1024)
const difference = new Uint8Array(4)

/** SCTP's CRC32c behind changed ports: computed anew, or, where bytes are missing, changed as the ports were. */
function adjustCrc(packet: Packet, end: number, changed: number): void {
  const {
    view,
    bytes,
    transportOffset: offset,
    transportLength: length,
    transportCaptured: captured,
  } = packet
  if (captured >= length) {
    let crc = addCrc32c(bytes, offset, offset + 8, -1)
    crc = addCrc32c(zeros, 0, 4, crc)
    view.setInt32(offset + 8, ~addCrc32c(bytes, offset + 12, offset + length, crc), true)
    return
  }
  // A CRC is linear: that of the difference of two messages is the difference of theirs.
  difference.fill(0)
  difference[end === END_SOURCE ? 0 : 2] = changed >>> 8
  difference[end === END_SOURCE ? 1 : 3] = changed
  let crc = addCrc32c(difference, 0, 4, 0)
  for (let left = length - 4; left > 0; left -= zeros.length) {
    crc = addCrc32c(zeros, 0, Math.min(left, zeros.length), crc)
  }
  view.setInt32(offset + 8, view.getInt32(offset + 8, true) ^ crc, true)
}

/** The quoted packet stands behind an ICMP header. */
const QUOTE_OFFSET = 8
const quoted = new Packet()

/**
 * Translates an ICMP or ICMPv6 error: the other end of the packet that it quotes, and the same end of itself
 * (nf_nat_icmp_reply_translation). Arguments as for `translateEnd`. False: Linux drops it; the quoted packet may have been
 * changed by then.
 */
export function translateError(
  packet: Packet,
  end: number,
  words: Int32Array,
  at: number,
  part: number,
): boolean {
  decodeQuoted(packet, QUOTE_OFFSET, quoted)
  const { view } = packet
  const from = quoted.networkOffset
  const to = Math.min(quoted.transportOffset + 20, packet.transportOffset + packet.transportCaptured)
  const before = addSum(view, from, to, 0)
  if (!translateEnd(quoted, end === END_SOURCE ? END_DESTINATION : END_SOURCE, words, at, part)) return false
  adjustChecksum(view, packet.transportOffset + 2, before, addSum(view, from, to, 0))
  return translateEnd(packet, end, words, at, part)
}
