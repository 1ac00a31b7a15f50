/** The hop of a forwarded packet: its TTL or hop limit, lowered by one (ip_decrease_ttl). */
import { adjustChecksum } from './adjust.ts'
import { FAMILY_IPV4, type Packet } from './packet.ts'

/** Changes the bytes too, and IPv4's header checksum as Linux does: a wrong one stays wrong. TTL 0 stays 0. */
export function lowerTtl(packet: Packet): void {
  if (packet.ttl === 0) return
  const { view, networkOffset } = packet
  packet.ttl--
  if (packet.family === FAMILY_IPV4) {
    const word = view.getUint16(networkOffset + 8)
    view.setUint16(networkOffset + 8, word - 0x100)
    adjustChecksum(view, networkOffset + 10, word, word - 0x100)
  } else view.setUint8(networkOffset + 7, packet.ttl)
}
