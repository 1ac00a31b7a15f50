/**
 * The machine whose rules are evaluated: its interfaces, addresses and routes. What nobody told is guessed by its caller,
 * never here.
 */
import { Interfaces } from './interfaces.ts'
import { masksOf, PrefixTable } from './prefix-table.ts'
import type { Route, RouteType } from './route.ts'

export type { Route, RouteType } from './route.ts'

/** As `ip address` names them; "global" reaches furthest. */
export type Scope = 'global' | 'site' | 'link' | 'host'

/** What `Host.addAddress` is told; only the first three are needed. */
export interface HostAddress {
  readonly interface: number
  /** One word or four, signed. */
  readonly words: Int32Array
  /** Bits of the network part: 0–32 or 0–128. */
  readonly length: number
  /** By the address itself unless told. */
  readonly scope?: Scope
  /** Of the other end of a point-to-point link. */
  readonly peer?: Int32Array
  /** IPv4, where one was set: that of the network is one anyway. */
  readonly broadcast?: Int32Array
  /** IPv4: a further address of a network that the interface is in already. */
  readonly secondary?: boolean
  /** No route to its network comes with it. */
  readonly withoutRoute?: boolean
}

/** What `Host.addRoute` is told. */
export interface HostRoute {
  readonly ipv6: boolean
  readonly type: RouteType | 'throw'
  /** One word or four. */
  readonly words: Int32Array
  readonly length: number
  /** 0 for none. */
  readonly interface: number
  /** Lower is better; 0 unless told. */
  readonly metric?: number
  readonly mtu?: number
  readonly source?: Int32Array | null
  readonly gateway?: Int32Array | null
  readonly alternatives?: readonly number[]
}

/** What is known of an interface beside its addresses. */
export interface Device {
  /** Bytes, or 0: not told. */
  readonly mtu: number
  /** Hardware address of 6 bytes, or null. */
  readonly hardware: Uint8Array | null
  /** Its number on the machine itself (ifindex), as captures name it; 0: not told. */
  readonly index: number
}

const unknownDevice: Device = { mtu: 0, hardware: null, index: 0 }

const none: readonly number[] = []

/** An entry of a routing table: the route, and the device that it belongs to, which for `local` is not that of the route. */
interface TableEntry {
  readonly device: number
  /** Of its prefix. */
  readonly length: number
  /** null for `throw`: the lookup ends, with nothing found. */
  readonly route: Route | null
}

interface Tables {
  /** Linux's table `local`: addresses of this machine, broadcast, anycast. */
  readonly local: PrefixTable<TableEntry>
  /** Linux's table `main`, as told. */
  readonly main: PrefixTable<TableEntry>
  /** Networks of the addresses: part of `main` in Linux, which lists them there. */
  readonly connected: PrefixTable<TableEntry>
  /** First addresses of IPv6 networks, which reach any of their routers (RFC 4291, 2.6.1). */
  readonly routers: PrefixTable<TableEntry>
}

const newTables = (): Tables => ({
  local: new PrefixTable(),
  main: new PrefixTable(),
  connected: new PrefixTable(),
  routers: new PrefixTable(),
})

/** Lowest IPv4 multicast address (224.0.0.0/4), by its upper four bits. */
const MULTICAST_NIBBLE = 0xe

/** A machine: interfaces, addresses, routes. What was told of it decides between INPUT, FORWARD and OUTPUT. */
export class Host {
  /** Numbers and names. */
  readonly interfaces: Interfaces = new Interfaces()
  /** It is a router (ip_forward, net.ipv6.conf.all.forwarding). */
  forwards = true
  /** Whether an interface is a port of a bridge; null: nobody told. */
  hasPorts: boolean | null = null
  /** The loopback interface. */
  readonly loopback = this.interfaces.numberOf('lo')
  readonly #addresses: HostAddress[] = []
  readonly #devices: Device[] = []
  /** Interfaces beside loopback that have an address or an arm. */
  readonly #used: number[] = []
  readonly #tables4 = newTables()
  readonly #tables6 = newTables()
  /** IPv6 networks and addresses of link-local scope, by interface. */
  readonly #linkLocal: PrefixTable<TableEntry>[] = []
  /** The other arm, by interface number; 0 for none. */
  readonly #opposite: number[] = []
  /** Routes through a device and no more, by type and device. */
  readonly #plain = new Map<RouteType, Route[]>()
  /** Families whose routes are all told. */
  readonly #complete = { ipv4: false, ipv6: false }

  /** A machine with a loopback interface, 127.0.0.1/8 and ::1. */
  constructor() {
    const interface_ = this.loopback
    this.addAddress({ interface: interface_, words: Int32Array.of(0x7f000001), length: 8, scope: 'host' })
    this.addAddress({ interface: interface_, words: Int32Array.of(0, 0, 0, 1), length: 128, scope: 'host' })
  }

  /** The one interface beside loopback that has an address or an arm, or 0: none, or several. */
  get only(): number {
    return this.#used.length === 1 ? this.#used[0]! : 0
  }

  /** The other arm of the pair, or the other interface beside loopback, if there are just two; else 0. */
  otherThan(number: number): number {
    const opposite = this.opposite(number)
    if (opposite !== 0) return opposite
    const [first = 0, second = 0] = this.#used
    if (this.#used.length !== 2 || (number !== first && number !== second)) return 0
    return number === first ? second : first
  }

  /** Interfaces beside loopback that have an address or an arm, in the order told. */
  get used(): readonly number[] {
    return this.#used
  }

  #use(number: number): void {
    if (number !== this.loopback && !this.#used.includes(number)) this.#used.push(number)
  }

  /** Tells of an interface what `ip link` does. */
  setDevice(number: number, device: Partial<Device>): void {
    this.#devices[number] = { ...this.device(number), ...device }
  }

  /** The interface that has this number on the machine itself (ifindex), or 0: not told. */
  ofIndex(index: number): number {
    if (index === 0) return 0
    for (let number = 1; number < this.#devices.length; number++) {
      if (this.#devices[number]?.index === index) return number
    }
    return 0
  }

  /** What was told of an interface, by its number. */
  device(number: number): Device {
    return this.#devices[number] ?? unknownDevice
  }

  /** Every address, in the order told; those of the loopback interface first. */
  get addresses(): readonly HostAddress[] {
    return this.#addresses
  }

  /**
   * Gives an interface an address, and with it what Linux derives (fib_add_ifaddr): it is local, its network's last
   * address is broadcast, and unless routes are told, its network is reached through the interface. Told again, nothing
   * happens.
   */
  addAddress(address: HostAddress): void {
    const known = this.#addresses.some(
      (other) => other.interface === address.interface && same(other.words, address.words),
    )
    if (known) return
    this.#addresses.push(address)
    this.#use(address.interface)
    if (address.words.length === 4) this.#derive6(address)
    else this.#derive4(address)
  }

  #derive4(address: HostAddress): void {
    const { interface: device, words, length, peer = words, broadcast } = address
    const { local, connected } = this.#tables4
    const network = peer.map((word) => word & masksOf(length)[0]!)
    const put = (of: Int32Array, bits: number, type: 'local' | 'broadcast') => {
      const route = this.#through(type, type === 'local' ? this.loopback : device)
      local.add(of, bits, 0, { device, length: bits, route })
    }
    put(words, 32, 'local')
    if (broadcast !== undefined && broadcast[0] !== -1) put(broadcast, 32, 'broadcast')
    if (device === this.loopback) put(network, length, 'local')
    if (address.secondary || network[0] === 0) return
    if (length < 31) put(Int32Array.of(network[0]! | ~masksOf(length)[0]!), 32, 'broadcast')
    const isAlone = length === 32 && same(network, words)
    if (device === this.loopback || address.withoutRoute || isAlone) return
    connected.add(network, length, 0, { device, length, route: this.#connected(device, words) })
  }

  #derive6(address: HostAddress): void {
    const { interface: device, words, length, peer = words } = address
    const { local, connected, routers } = this.#tables6
    const entry = { device, length: 128, route: this.#through('local', this.loopback) }
    const net = { device, length, route: this.#through('unicast', device) }
    const isLink = isLinkLocal(words[0]!)
    local.add(words, 128, 0, entry)
    if (isLink) this.#linkLocalOf(device).add(words, 128, 0, entry)
    if (device === this.loopback) return
    if (length < 127) {
      const masks = masksOf(length)
      const first = words.map((word, index) => word & masks[index]!)
      routers.add(first, 128, 0, { device, length: 128, route: this.#through('anycast', this.loopback) })
    }
    if (address.withoutRoute) return
    connected.add(peer, length, 256, net)
    if (isLink) this.#linkLocalOf(device).add(peer, length, 256, net)
  }

  #linkLocalOf(device: number): PrefixTable<TableEntry> {
    this.#linkLocal[device] ??= new PrefixTable()
    return this.#linkLocal[device]
  }

  #connected(device: number, source: Int32Array): Route {
    return { type: 'unicast', interface: device, mtu: 0, source, gateway: null, alternatives: none }
  }

  /** Adds a route; those to the networks of addresses are there already. */
  addRoute(route: HostRoute): void {
    const { ipv6, type, words, length, interface: device, metric = 0 } = route
    const tables = ipv6 ? this.#tables6 : this.#tables4
    const isLocal = type === 'local' || type === 'broadcast' || type === 'anycast'
    const entry: TableEntry = {
      device,
      length,
      route:
        type === 'throw'
          ? null
          : {
              type,
              interface: type === 'local' || type === 'anycast' ? this.loopback : device,
              mtu: route.mtu ?? 0,
              source: route.source ?? null,
              gateway: route.gateway ?? null,
              alternatives: route.alternatives ?? none,
            },
    }
    if (isLocal) tables.local.add(words, length, metric, entry)
    else {
      tables.main.add(words, length, metric, entry)
    }
    if (ipv6 && isLinkLocal(words[0]!) && device !== 0) {
      this.#linkLocalOf(device).add(words, length, metric, entry)
    }
  }

  /** Says that the routes told are all there are, and those to the networks of addresses are among them. */
  tellRoutes(ipv6: boolean): void {
    this.#complete[ipv6 ? 'ipv6' : 'ipv4'] = true
  }

  /** Somebody told routes of this family: where none leads, none does. Otherwise they are just not known. */
  knowsRoutes(ipv6: boolean): boolean {
    return ipv6
      ? this.#complete.ipv6 || this.#tables6.main.size > 0
      : this.#complete.ipv4 || this.#tables4.main.size > 0
  }

  /** Makes two interfaces the arms of a box: what enters by one leaves by the other, unless it is for the box itself. */
  setPair(one: number, other: number): void {
    this.#use(one)
    this.#use(other)
    this.#opposite[one] = other
    this.#opposite[other] = one
  }

  /** The other arm of the pair that the interface belongs to, or 0. */
  opposite(number: number): number {
    return this.#opposite[number] ?? 0
  }

  /**
   * Where a packet to this address goes; null when nothing leads there. The words are signed; IPv4 has the first.
   * `inInterface` is where it came in, 0 for packets of this machine: it decides for the arms of a pair, and for IPv6
   * link-local addresses. The same object for the same destination; allocates nothing.
   */
  route(
    ipv6: boolean,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    inInterface = 0,
  ): Route | null {
    if (ipv6 && isLinkLocal(word0) && inInterface !== 0) {
      const here = this.#linkLocal[inInterface]?.find(word0, word1, word2, word3) ?? null
      if (here !== null) return here.route
    }
    const local = this.#local(ipv6, word0, word1, word2, word3)
    if (local !== null) return local.route
    const opposite = this.opposite(inInterface)
    if (opposite !== 0) return this.#through('unicast', opposite)
    const main = this.#main(ipv6, word0, word1, word2, word3)
    const special = specialType(ipv6, word0)
    if (special === null) return main === null ? null : main.route
    // Linux sends these by the route, if any, and receives them by any interface.
    return this.#through(special, inInterface !== 0 ? inInterface : (main?.route?.interface ?? 0))
  }

  #local(ipv6: boolean, word0: number, word1: number, word2: number, word3: number): TableEntry | null {
    if (!ipv6) return this.#tables4.local.find(word0, 0, 0, 0)
    const { local, routers } = this.#tables6
    const found = local.find(word0, word1, word2, word3)
    return found === null && this.forwards ? routers.find(word0, word1, word2, word3) : found
  }

  #main(ipv6: boolean, word0: number, word1: number, word2: number, word3: number): TableEntry | null {
    const { main, connected } = ipv6 ? this.#tables6 : this.#tables4
    const found = main.find(word0, word1, word2, word3)
    if (ipv6 ? this.#complete.ipv6 : this.#complete.ipv4) return found
    const network = connected.find(word0, word1, word2, word3)
    return network !== null && (found === null || network.length > found.length) ? network : found
  }

  /** It is an address of this machine: of any interface, for Linux answers on all of them. Allocates nothing. */
  isLocal(ipv6: boolean, word0: number, word1: number, word2: number, word3: number): boolean {
    return this.addressType(ipv6, word0, word1, word2, word3) === 'local'
  }

  /**
   * What kind of address it is, as `-m addrtype` asks for IPv4 (inet_addr_type): by the table `local` alone, so that a
   * blackhole route's is 'unicast'. With an interface, only what belongs to it counts. Allocates nothing.
   */
  addressType(
    ipv6: boolean,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    interface_ = 0,
  ): RouteType {
    const special = ipv6 || word0 !== 0 ? specialType(ipv6, word0) : 'broadcast'
    if (special !== null) return special
    const found = this.#local(ipv6, word0, word1, word2, word3)
    if (found === null || found.route === null) return 'unicast'
    return interface_ === 0 || interface_ === found.device ? found.route.type : 'unicast'
  }

  /** The first address of an interface, as REDIRECT takes it, or null. */
  firstAddress(ipv6: boolean, interface_: number): Int32Array | null {
    const words = ipv6 ? 4 : 1
    for (const address of this.#addresses) {
      if (address.interface === interface_ && address.words.length === words) return address.words
    }
    return null
  }

  /**
   * The address that MASQUERADE gives to packets that leave by an interface, or null if it has none. IPv4
   * (inet_select_addr): the first of global scope whose network the next hop is in, else the first, else the first of
   * any other interface. IPv6 (ipv6_dev_get_saddr): the longest common beginning with the destination, among those that
   * reach as far, of other interfaces where this one has none.
   *
   * @param route that of the destination, whose words follow
   */
  masqueradeAddress(
    ipv6: boolean,
    interface_: number,
    route: Route | null,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): Int32Array | null {
    if (ipv6) return this.#masquerade6(interface_, word0, word1, word2, word3)
    const gateway = route?.gateway
    const hop = gateway?.length === 1 ? gateway[0]! : word0
    let first: Int32Array | null = null
    let elsewhere: Int32Array | null = null
    for (const address of this.#addresses) {
      const { words, length, peer = words } = address
      if (words.length !== 1 || address.secondary) continue
      const { scope = 'global' } = address
      if (scope !== 'global') continue
      if (address.interface !== interface_) {
        elsewhere ??= words
        continue
      }
      if (length === 0 || (peer[0]! ^ hop) >>> (32 - length) === 0) return words
      first ??= words
    }
    return first ?? elsewhere
  }

  #masquerade6(interface_: number, w0: number, w1: number, w2: number, w3: number): Int32Array | null {
    const link = isLinkLocal(w0)
    let best: Int32Array | null = null
    let bestLength = -1
    for (const { interface: device, words, scope } of this.#addresses) {
      if (words.length !== 4) continue
      const fits = isLinkLocal(words[0]!) === link
      const here = device === interface_
      if (!here && (link || !fits || scope === 'host')) continue
      // To reach far enough counts for more than to belong to the interface, and that for more than the common beginning.
      const length = fits ? (here ? 256 : 1) + commonBits(words, w0, w1, w2, w3) : 0
      if (length > bestLength) {
        best = words
        bestLength = length
      }
    }
    return best
  }

  /** A route of this type through a device and no more: made once. */
  #through(type: RouteType, device: number): Route {
    let routes = this.#plain.get(type)
    if (routes === undefined) {
      routes = []
      this.#plain.set(type, routes)
    }
    routes[device] ??= { type, interface: device, mtu: 0, source: null, gateway: null, alternatives: none }
    return routes[device]
  }
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index])
}

/** fe80::/10. */
function isLinkLocal(word0: number): boolean {
  return word0 >>> 22 === 0x3fa
}

/** What an address is by itself. */
function specialType(ipv6: boolean, word0: number): 'multicast' | 'broadcast' | null {
  if (ipv6) return word0 >>> 24 === 0xff ? 'multicast' : null
  if (word0 === -1) return 'broadcast'
  return word0 >>> 28 === MULTICAST_NIBBLE ? 'multicast' : null
}

function commonBits(words: Int32Array, w0: number, w1: number, w2: number, w3: number): number {
  const first = words[0]! ^ w0
  if (first !== 0) return Math.clz32(first)
  const second = words[1]! ^ w1
  if (second !== 0) return 32 + Math.clz32(second)
  const third = words[2]! ^ w2
  if (third !== 0) return 64 + Math.clz32(third)
  return 96 + Math.clz32(words[3]! ^ w3)
}
