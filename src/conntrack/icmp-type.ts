/**
 * Query types of ICMP and ICMPv6 and their partners: an echo request (8) is answered by an echo reply (0), and so on.
 * A flow can begin only with a request.
 */

const icmp = new Int8Array(256).fill(-1)
for (const [request, reply] of [
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
] as const) {
  icmp[request] = reply
  icmp[reply] = request
}

/** The partner's type, or -1 for a type without one. */
export function invertedIcmpType(type: number): number {
  return icmp[type]!
}

export function isIcmpRequest(type: number): boolean {
  return type === 8 || type === 13 || type === 15 || type === 17
}

/** Destination unreachable, source quench, redirect, time exceeded, parameter problem. */
export function isIcmpError(type: number): boolean {
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12
}

/** ICMPv6: echo (128, 129) and node information (139, 140). */
export function invertedIcmpv6Type(type: number): number {
  if (type === 128) return 129
  if (type === 129) return 128
  if (type === 139) return 140
  return type === 140 ? 139 : -1
}

export function isIcmpv6Request(type: number): boolean {
  return type === 128 || type === 139
}

/** Group membership, router and neighbour discovery: never tracked (nf_conntrack_icmpv6_error). */
export function isIcmpv6Untracked(type: number): boolean {
  return (type >= 130 && type <= 136) || type === 143 || type === 151 || type === 152
}
