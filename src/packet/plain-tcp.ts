/**
 * The packet that nearly every packet is: TCP in IPv4 without options or fragments, captured at least as far as the
 * TCP header. All reads come before all stores, in one function: 16 ns a frame on a busy machine where walking the
 * records takes 2, and 21 by the general way through ipv4.ts and transport.ts. Both have to agree: plain-tcp.test.ts.
 */
import { clearFragment, clearMessage, clearWideAddresses, place } from './clear.ts'
import type { HeaderCheck } from './header-check.ts'
import { CHECKSUM_UNKNOWN, FAMILY_IPV4, ISSUE_NONE, type Packet, PROTOCOL_TCP } from './packet.ts'

/** As `decodeIPv4`; false, and nothing changed, if the packet is not that plain, or anything is wrong with it. */
export function decodePlainTcp(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  verifyHeader: HeaderCheck,
): boolean {
  if (end - start < 40) return false
  const word0 = view.getInt32(start)
  const word1 = view.getInt32(start + 4)
  const word2 = view.getInt32(start + 8)
  const source = view.getInt32(start + 12)
  const destination = view.getInt32(start + 16)
  const ports = view.getInt32(start + 20)
  const sequence = view.getInt32(start + 24)
  const acknowledgment = view.getInt32(start + 28)
  const word3 = view.getInt32(start + 32)
  // Version 4 and five words of header; offset 0 and no more fragments; TCP.
  if (word0 >>> 24 !== 0x45 || (word1 & 0x3fff) !== 0 || (word2 & 0xff0000) !== 0x060000) return false
  const length = word0 & 0xffff
  if (length < 40 || (length > wireEnd - start && wireEnd >= 0)) return false
  if (verifyHeader !== false) {
    // At most ten 16-bit words: no overflow, and two folds suffice.
    let sum = (word0 >>> 16) + (word0 & 0xffff) + (word1 >>> 16) + (word1 & 0xffff)
    sum += (word2 >>> 16) + (word2 & 0xffff) + (source >>> 16) + (source & 0xffff)
    sum += (destination >>> 16) + (destination & 0xffff)
    sum = (sum & 0xffff) + (sum >>> 16)
    sum = (sum & 0xffff) + (sum >>> 16)
    if (sum !== 0xffff) return false
  }
  // The lesser of two ends without a branch: whether a frame is padded is hard to predict, and costs 2 ns.
  const padding = end - start - length
  const capturedEnd = end - (padding & ~(padding >> 31))

  // A store costs more than a comparison that is nearly always the same: clear.ts says what may be left out.
  place(packet, view, bytes)
  if (packet.family !== FAMILY_IPV4) clearWideAddresses(packet)
  if (packet.issue !== ISSUE_NONE || packet.largestFragment !== 0) clearFragment(packet)
  if (packet.protocol !== PROTOCOL_TCP) clearMessage(packet)
  packet.issue = ISSUE_NONE
  packet.networkOffset = start
  packet.transportOffset = start + 20
  packet.capturedEnd = capturedEnd
  packet.family = FAMILY_IPV4
  packet.source0 = source
  packet.destination0 = destination
  packet.protocol = PROTOCOL_TCP
  packet.length = length
  packet.ttl = word2 >>> 24
  packet.tos = (word0 >>> 16) & 0xff
  packet.identification = word1 >>> 16
  packet.dontFragment = (word1 & 0x4000) !== 0
  packet.transportLength = length - 20
  packet.transportCaptured = capturedEnd - start - 20
  packet.sourcePort = ports >>> 16
  packet.destinationPort = ports & 0xffff
  packet.sequence = sequence
  packet.acknowledgment = acknowledgment
  packet.tcpHeaderLength = (word3 >>> 26) & 0x3c
  packet.tcpFlags = (word3 >>> 16) & 0xff
  packet.window = word3 & 0xffff
  packet.checksum = CHECKSUM_UNKNOWN
  return true
}
