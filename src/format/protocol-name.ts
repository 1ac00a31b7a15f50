/** Transport protocols as the conntrack tool names them, and what their tuples hold. */

import {
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'

export const PROTOCOL_DCCP = 33

/** What a tuple of the protocol has in place of ports. */
export type TupleKind = 'ports' | 'icmp' | 'keys' | 'none'

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
