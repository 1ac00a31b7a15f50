/** Other text in place of some of a TCP segment's payload, longer or shorter (nf_nat_mangle_tcp_packet). */
import { adjustChecksum } from './adjust.ts'
import { addSum, addWord } from './checksum.ts'
import { FAMILY_IPV4, type Packet, PROTOCOL_TCP } from './packet.ts'

/** An IP packet can be no longer. */
const LONGEST = 65_535

/**
 * Replaces the bytes from `start` to `end`, which were captured; lengths and checksums follow. `packet.bytes` has room for
 * what is longer. The TCP checksum is computed anew, as far as all that it covers is there. False, and nothing done: the
 * packet would be too long.
 */
export function replacePayload(packet: Packet, start: number, end: number, text: Uint8Array): boolean {
  const change = text.length - (end - start)
  const { bytes, view, networkOffset, transportOffset } = packet
  if (packet.length + change > LONGEST) return false
  bytes.copyWithin(start + text.length, end, packet.capturedEnd)
  bytes.set(text, start)
  packet.capturedEnd += change
  packet.length += change
  packet.transportLength += change
  packet.transportCaptured += change
  if (packet.family === FAMILY_IPV4) {
    adjustChecksum(view, networkOffset + 10, view.getUint16(networkOffset + 2), packet.length)
    view.setUint16(networkOffset + 2, packet.length)
  } else view.setUint16(networkOffset + 4, view.getUint16(networkOffset + 4) + change)
  if (packet.transportCaptured < packet.transportLength) return true
  const addresses =
    packet.family === FAMILY_IPV4
      ? addSum(view, networkOffset + 12, networkOffset + 20, 0)
      : addSum(view, networkOffset + 8, networkOffset + 40, 0)
  view.setUint16(transportOffset + 16, 0)
  const pseudo = addWord(addWord(addresses, PROTOCOL_TCP), packet.transportLength)
  const sum = addSum(view, transportOffset, transportOffset + packet.transportLength, pseudo)
  view.setUint16(transportOffset + 16, ~sum & 0xffff)
  return true
}
