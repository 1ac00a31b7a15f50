import { FAMILY_IPV6, type Packet } from '../packet/packet.ts'

const HEADER = 20

/**
 * Where the matches look for a TCP header that do not ask whether the packet is a later fragment, or −1 if it is not
 * whole. They take what stands behind the IPv4 header for one, and in IPv6 the IPv6 header itself, because no one told
 * them where the transport header is (ip6_packet_match leaves `thoff` 0).
 */
export function tcpHeaderAt(packet: Packet): number {
  if (packet.fragmentOffset !== 0 && packet.family === FAMILY_IPV6) return packet.networkOffset
  return packet.transportLength < HEADER ? -1 : packet.transportOffset
}

/** Where the packet ends by its own account, in `packet.bytes`: what was not captured counts. */
export function packetEnd(packet: Packet): number {
  return packet.networkOffset + packet.length
}
