/** Transport protocols by the names that `/proc/net/nf_conntrack` gives them. */
import {
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'

/** A protocol without a tracker of its own is `unknown`. */
export function protocolName(protocol: number): string {
  switch (protocol) {
    case PROTOCOL_TCP:
      return 'tcp'
    case PROTOCOL_UDP:
      return 'udp'
    case PROTOCOL_ICMP:
      return 'icmp'
    case PROTOCOL_ICMPV6:
      return 'icmpv6'
    case PROTOCOL_SCTP:
      return 'sctp'
    case PROTOCOL_GRE:
      return 'gre'
    case PROTOCOL_UDPLITE:
      return 'udplite'
    default:
      return 'unknown'
  }
}
