/**
 * The machine whose rules are evaluated: its interfaces, addresses and routes. What nobody told is guessed by its caller,
 * never here.
 */
import { Interfaces } from './interfaces.ts'

/** `Route.type`: as `ip route` names them (RTN_*). */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'

export interface Route {
  readonly type: RouteType
  /** `Interfaces` number of the device, 0 for none. */
  readonly interface: number
  /** Bytes, or 0: that of the device, not told. */
  readonly mtu: number
  /** The address that packets of this machine get: one signed word or four, or null: the device's first. */
  readonly source: Int32Array | null
}

export class Host {
  readonly interfaces = new Interfaces()

  /** Where a packet to this address goes; null when nothing leads there. The words are signed; IPv4 has the first. */
  route(_ipv6: boolean, _word0: number, _word1: number, _word2: number, _word3: number): Route | null {
    return null
  }

  /** The first address of an interface (RFC 6724 is no business of NAT), or null. */
  firstAddress(_ipv6: boolean, _interface: number): Int32Array | null {
    return null
  }
}
