/** The parts of a tuple that NAT changes: an end's port, GRE key or ICMP identifier. */

import { PROTOCOL_IPV6_BIT } from '../conntrack/entry.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import {
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { END_SOURCE } from '../packet/translate.ts'

/** The protocol, as a tuple has it, is one whose identifier belongs to both ends. */
export function isIcmp(protocol: number): boolean {
  return protocol === PROTOCOL_ICMP || protocol === (PROTOCOL_ICMPV6 | PROTOCOL_IPV6_BIT)
}

/** TCP, UDP, UDP-Lite or SCTP. */
export function hasPorts(protocol: number): boolean {
  const bare = protocol & 0xff
  return bare === PROTOCOL_TCP || bare === PROTOCOL_UDP || bare === PROTOCOL_UDPLITE || bare === PROTOCOL_SCTP
}

export function isGre(protocol: number): boolean {
  return (protocol & 0xff) === PROTOCOL_GRE
}

/** Of the protocol part `ports` of a tuple: the port or key of an end, or the identifier. */
export function partOf(ports: number, protocol: number, end: number): number {
  return end === END_SOURCE || isIcmp(protocol) ? ports >>> 16 : ports & 0xffff
}

export function setPart(tuple: Tuple, end: number, part: number): void {
  const { ports, inversePorts } = tuple
  if (isIcmp(tuple.protocol)) {
    tuple.ports = (part << 16) | (ports & 0xffff)
    tuple.inversePorts = (part << 16) | (inversePorts & 0xffff)
  } else if (end === END_SOURCE) {
    tuple.ports = (part << 16) | (ports & 0xffff)
    tuple.inversePorts = (inversePorts & 0xffff0000) | part
  } else {
    tuple.ports = (ports & 0xffff0000) | part
    tuple.inversePorts = (part << 16) | (inversePorts & 0xffff)
  }
}
