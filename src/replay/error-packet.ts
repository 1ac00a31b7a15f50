import { isIcmpError } from '../conntrack/icmp-type.ts'
import { FAMILY_IPV4, type Packet, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../packet/packet.ts'

/** An ICMP or ICMPv6 error: it quotes the packet that it is about. */
export function isErrorPacket({ family, protocol, icmpType }: Packet): boolean {
  if (family === FAMILY_IPV4) return protocol === PROTOCOL_ICMP && isIcmpError(icmpType)
  return protocol === PROTOCOL_ICMPV6 && icmpType < 128
}
