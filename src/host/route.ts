/** Where packets go: one route of a routing table. */

/** `Route.type`: as `ip route` names them (RTN_*). */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'

export interface Route {
  readonly type: RouteType
  /** `Interfaces` number of the device, 0 for none: that of `local` is lo. */
  readonly interface: number
  /** Bytes, or 0: that of the device. */
  readonly mtu: number
  /** The address that packets of this machine get: one signed word or four, or null: one of the device's. */
  readonly source: Int32Array | null
  /** The next hop: one signed word or four (IPv6 also for IPv4 routes), or null: the destination itself. */
  readonly gateway: Int32Array | null
  /** Devices of further next hops, among which Linux chooses by a secret hash of the flow; here the first is taken. */
  readonly alternatives: readonly number[]
}

/** A route is delivered to this machine: INPUT. */
export function isDelivered(type: RouteType): boolean {
  return type === 'local' || type === 'broadcast' || type === 'multicast' || type === 'anycast'
}
