/** The tuple of a flow, kept; and whether a packet's tuple is that of the flow, in either direction. */
import { PROTOCOL_IPV6_BIT } from '../conntrack/entry.ts'
import type { Tuple } from '../conntrack/tuple.ts'

export interface FlowTuple {
  /** As in `Tuple`. */
  readonly addresses: Int32Array
  readonly ports: number
  /** With PROTOCOL_IPV6_BIT. */
  readonly protocol: number
}

export function flowTupleOf(tuple: Tuple): FlowTuple {
  return { addresses: tuple.addresses.slice(), ports: tuple.ports, protocol: tuple.protocol }
}

export function isSame({ addresses, ports, protocol }: FlowTuple, tuple: Tuple): boolean {
  if (ports !== tuple.ports || protocol !== tuple.protocol) return false
  const words = protocol >= PROTOCOL_IPV6_BIT ? 8 : 1
  for (let i = 0; i < words; i++) if (addresses[i] !== tuple.addresses[i]) return false
  return addresses[4] === tuple.addresses[4]
}

export function isInverse({ addresses, ports, protocol }: FlowTuple, tuple: Tuple): boolean {
  if (ports !== tuple.inversePorts || protocol !== tuple.protocol || !tuple.invertible) return false
  const words = protocol >= PROTOCOL_IPV6_BIT ? 4 : 1
  for (let i = 0; i < words; i++) {
    if (addresses[i] !== tuple.addresses[i + 4] || addresses[i + 4] !== tuple.addresses[i]) return false
  }
  return true
}
