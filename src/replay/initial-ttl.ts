/** What a TTL tells about who made a packet: the host that it leaves, or a machine behind it. */
import type { Packet } from '../packet/packet.ts'

/** What systems begin with: Linux and BSD, Windows, and routers (ICMP and routing protocols). */
const INITIAL = [64, 128, 255]
/** Below, traceroute counts its own way up: such a TTL tells nothing. */
const TOO_LOW = 32

/** The host that the packet leaves forwarded it: one hop, or more, is missing from what any system begins with. */
export function wasForwarded({ ttl }: Packet): boolean {
  return ttl > TOO_LOW && !INITIAL.includes(ttl)
}
