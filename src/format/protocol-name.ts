/** Transport protocols as the kernel and the conntrack tool name them. */

export const PROTOCOL_ICMP = 1
export const PROTOCOL_TCP = 6
export const PROTOCOL_UDP = 17
export const PROTOCOL_DCCP = 33
export const PROTOCOL_GRE = 47
export const PROTOCOL_ICMPV6 = 58
export const PROTOCOL_SCTP = 132
export const PROTOCOL_UDPLITE = 136

/** What a tuple of the protocol has in place of ports. */
export type TupleKind = 'ports' | 'icmp' | 'keys' | 'none'

/** Name in `/proc/net/nf_conntrack`; of a protocol without a tracker of its own `unknown`. */
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

/** Name in the conntrack tool, which still knows DCCP although the kernel (since 6.17) does not. */
export function toolProtocolName(protocol: number): string {
  return protocol === PROTOCOL_DCCP ? 'dccp' : protocolName(protocol)
}

/** The other way round, for reading: -1 for `unknown` and every other word. */
export function protocolNumber(name: string): number {
  switch (name) {
    case 'tcp':
      return PROTOCOL_TCP
    case 'udp':
      return PROTOCOL_UDP
    case 'icmp':
      return PROTOCOL_ICMP
    case 'icmpv6':
      return PROTOCOL_ICMPV6
    case 'sctp':
      return PROTOCOL_SCTP
    case 'gre':
      return PROTOCOL_GRE
    case 'udplite':
      return PROTOCOL_UDPLITE
    case 'dccp':
      return PROTOCOL_DCCP
    default:
      return -1
  }
}

/** What stands behind the addresses of a tuple of the protocol. */
export function tupleKind(protocol: number): TupleKind {
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_SCTP:
    case PROTOCOL_UDPLITE:
      return 'ports'
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return 'icmp'
    case PROTOCOL_GRE:
      return 'keys'
    default:
      return 'none'
  }
}

/** The same as the conntrack tool sees it: it prints ports of 0 for DCCP, whose ports the kernel no longer reads. */
export function toolTupleKind(protocol: number): TupleKind {
  return protocol === PROTOCOL_DCCP ? 'ports' : tupleKind(protocol)
}
