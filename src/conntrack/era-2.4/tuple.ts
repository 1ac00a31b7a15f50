/** What Linux 2.4 looked a packet up by (get_tuple): ports of TCP and UDP, ICMP's fields, nothing of other protocols. */
import { type Packet, PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from '../../packet/packet.ts'
import type { Tuple } from '../tuple.ts'

/** Bytes behind the IP header that every packet must have, whatever its protocol. */
export const LEAST_BYTES = 8

/** The protocols that had a tracker of their own. */
export function isKnown(protocol: number): boolean {
  return protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_ICMP
}

/** Fills a tuple, but for zone and hash. False for a packet that has none. */
export function fillTuple(packet: Packet, tuple: Tuple): boolean {
  if (packet.transportLength < LEAST_BYTES) return false
  const isFilled = tuple.fromPacket(packet)
  if (isKnown(packet.protocol)) return isFilled
  tuple.ports = 0
  tuple.inversePorts = 0
  return true
}
