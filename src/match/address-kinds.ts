/** What kind of address it is, as the addrtype match asks, of the host's routes. */
import type { Host, RouteType } from '../host/host.ts'
import type { Family } from '../ruleset/model.ts'

/** By the number that rtnetlink has for each (RTN_*), as a bit. */
const bits: Readonly<Record<RouteType, number>> = {
  unicast: 1 << 1,
  local: 1 << 2,
  broadcast: 1 << 3,
  anycast: 1 << 4,
  multicast: 1 << 5,
  blackhole: 1 << 6,
  unreachable: 1 << 7,
  prohibit: 1 << 8,
}
const UNSPEC = 1 << 0
const UNICAST = 1 << 1
const LOCAL = 1 << 2
const ANYCAST = 1 << 4
const MULTICAST = 1 << 5
const UNREACHABLE = 1 << 7
const ASKS_ROUTE = LOCAL | ANYCAST | UNREACHABLE

export class AddressKinds {
  readonly #host: Host
  readonly #ipv6: boolean

  constructor(host: Host, family: Family) {
    this.#host = host
    this.#ipv6 = family === 'ipv6'
  }

  /** `device`: only what belongs to this interface counts, unless it is 0. `mask`: a bit for each kind. */
  isOneOf(mask: number, device: number, word0: number, word1: number, word2: number, word3: number): boolean {
    if (this.#ipv6) return this.#isOneOf6(mask, device, word0, word1, word2, word3)
    return (mask & bits[this.#host.addressType(false, word0, 0, 0, 0, device)]) !== 0
  }

  /**
   * match_type6: UNICAST, MULTICAST and UNSPEC are conditions that must hold one and all, by the address alone; of LOCAL,
   * ANYCAST and UNREACHABLE one is enough.
   */
  #isOneOf6(
    mask: number,
    device: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): boolean {
    const isMulticast = word0 >>> 24 === 0xff
    const isAny = (word0 | word1 | word2 | word3) === 0
    if ((mask & MULTICAST) !== 0 && !isMulticast) return false
    if ((mask & UNICAST) !== 0 && (isMulticast || isAny)) return false
    if ((mask & UNSPEC) !== 0 && !isAny) return false
    if ((mask & ASKS_ROUTE) === 0) return true
    return (mask & this.#kind6(device, word0, word1, word2, word3)) !== 0
  }

  /** match_lookup_rt6: by the route there, through the device if one is named. */
  #kind6(device: number, word0: number, word1: number, word2: number, word3: number): number {
    const host = this.#host
    const type = host.addressType(true, word0, word1, word2, word3, device)
    if (type === 'local' || type === 'anycast') return bits[type]
    // fe80::/10 is on every link.
    const route = host.route(true, word0, word1, word2, word3, word0 >>> 22 === 0x3fa ? device : 0)
    if (route === null) return host.knowsRoutes(true) ? UNREACHABLE : 0
    const { type: kind } = route
    if (kind === 'unreachable' || kind === 'blackhole' || kind === 'prohibit') return UNREACHABLE
    return device !== 0 && kind !== 'multicast' && route.interface !== device ? UNREACHABLE : 0
  }
}
