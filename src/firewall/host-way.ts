/**
 * The way of packets by the addresses and routes of a host: what it received and what it sent, INPUT or FORWARD, and where
 * the IP layer itself ends a packet (ip_route_input_slow, ip_forward, ip6_rcv_core, ip6_forward).
 */
import { DROPPED_BY_IP } from '../conntrack/outcome.ts'
import { type ReasonCode, reasonNumber } from '../conntrack/reason.ts'
import { HOOK_FORWARD, HOOK_INPUT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import type { Host, Route } from '../host/host.ts'
import type { ReversePath } from '../host/reverse-path.ts'
import { isDelivered } from '../host/route.ts'
import { LinkHeader, SENT_TO_ALL, SENT_TO_GROUP, SENT_TO_OTHER } from '../packet/link-header.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, FAMILY_IPV6, type Packet } from '../packet/packet.ts'
import type { CapturePlace } from './capture-place.ts'
import { BEGINS_NOWHERE, BEGINS_RECEIVED, BEGINS_SENT, ROUTE_ENDED, type Way, WayBounds } from './way.ts'

/** What the IP layer checks beyond routes and TTL. */
export interface HostWayOptions {
  /** Sources and destinations that nobody can have, and the MTU: the host was told in full. Not checked unless told. */
  readonly strict?: boolean
  /** Of the host's interfaces. Off unless told. */
  readonly reversePath?: ReversePath
}

/** How often something had to be taken for granted, in packets. */
export interface WayAssumptions {
  /** The interface that it came in by: where its source is routed to, for the capture does not say. */
  inByRoute: number
  /** The same, and no route said: `-i` was compared with no name. */
  inUnknown: number
  /** The interface that it leaves by, of which no route was told: the other one of two. */
  outByDefault: number
  /** The same, and there are not just two: `-o` was compared with no name. */
  outUnknown: number
  /** Multicast: taken for a group that the host has joined. */
  joined: number
}

/** `HostWay.side`: the host sends it. */
export const SEEN_LEAVING = 0
/** The host receives it. */
export const SEEN_ENTERING = 1
/** Neither. */
export const SEEN_ELSEWHERE = 2
const UNTOLD = 3
const UNKNOWN = -1

// Bits of `WayBounds.assumed`.
const IN_BY_ROUTE = 1
const IN_UNKNOWN = 2
const OUT_BY_DEFAULT = 4
const OUT_UNKNOWN = 8
const JOINED = 16

const TTL_LEAST = 2

// Of an IPv4 address, and of the first word of an IPv6 one.
const LIMITED_BROADCAST = -1
const isMulticast4 = (word: number) => word >>> 28 === 0xe
const isLoopback4 = (word: number) => word >>> 24 === 127
const isMulticast6 = (word: number) => word >>> 24 === 0xff
const isLinkLocal6 = (word: number) => word >>> 22 === 0x3fa

/**
 * For `FirewallOptions.way`: by what the host was told.
 *
 * ```ts
 * import { CapturePlace, Firewall, Host, HostWay, readIpOutput, Tracker } from 'sallyport'
 *
 * const host = new Host()
 * readIpOutput('[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.9","prefixlen":24}]}]', host)
 * const way = new HostWay(host, new CapturePlace(host))
 * console.log(new Firewall(new Tracker(), { host, way }).host.addresses.length)
 * ```
 */
export class HostWay implements Way {
  /** What had to be taken for granted so far. */
  readonly assumed: WayAssumptions = {
    inByRoute: 0,
    inUnknown: 0,
    outByDefault: 0,
    outUnknown: 0,
    joined: 0,
  }
  /** As `Way.bounds`. */
  readonly bounds = new WayBounds()
  /** SEEN_* of the packet that begins next, where somebody knows more than it shows; -1: nobody does. */
  known = UNKNOWN
  readonly #host: Host
  readonly #place: CapturePlace
  /** Sources, destinations and the MTU are checked. */
  readonly strict: boolean
  readonly #reversePath: ReversePath | null
  readonly #link = new LinkHeader()
  /** Of the packet that began last: by which interface it was seen to leave, as one that is forwarded; 0: it was not. */
  #leaving = 0
  /** It was seen to leave, so that the IP layer cannot have ended it. */
  #left = false

  /** `place` says by which interface of the host a packet was captured. */
  constructor(host: Host, place: CapturePlace, { strict = false, reversePath }: HostWayOptions = {}) {
    this.#host = host
    this.#place = place
    this.strict = strict
    this.#reversePath = reversePath ?? null
  }

  /** Number of lo: what leaves by it comes in again. */
  get loopback(): number {
    return this.#host.loopback
  }

  /** What the host received, or itself sent, enters the hooks; a forwarded packet that only its way out shows is received. */
  begin(passage: Passage): number {
    const { packet } = passage
    const host = this.#host
    this.#left = false
    this.#leaving = 0
    this.bounds.reset()
    const here = this.#place.of(packet)
    const side = this.known >= 0 ? this.known : this.#side(packet, here)
    this.known = UNKNOWN
    if (side === SEEN_ELSEWHERE) return this.#notOurs(passage)
    if (side === SEEN_LEAVING) {
      if (this.isFromHere(packet)) {
        passage.outInterface = here !== 0 ? here : this.#outOf(packet)
        return BEGINS_SENT
      }
      this.#left = true
      this.#leaving = here
      passage.inInterface = this.#cameBy(packet, here)
      return BEGINS_RECEIVED
    }
    passage.inInterface = here !== 0 ? here : this.#cameBy(packet, 0)
    if (this.strict && packet.family === FAMILY_IPV6 && here !== host.loopback) {
      const refused = refusedAhead(packet)
      if (refused !== null) {
        end(passage, refused)
        return BEGINS_NOWHERE
      }
    }
    return BEGINS_RECEIVED
  }

  /** By the destination as it is behind PREROUTING. */
  route(passage: Passage): number {
    const { packet, inInterface } = passage
    const host = this.#host
    const ipv6 = packet.family === FAMILY_IPV6
    const { destination0, destination1, destination2, destination3 } = packet
    if (!ipv6 && this.strict && !this.#left) {
      const martian = this.#martian4(packet, inInterface)
      if (martian !== null) return end(passage, martian)
    }
    // What nobody sent to anybody (DHCP of old): Linux takes it for a broadcast.
    if (!ipv6 && destination0 === 0 && packet.source0 === 0) return HOOK_INPUT
    const route = host.route(ipv6, destination0, destination1, destination2, destination3, inInterface)
    if (route !== null && isDelivered(route.type)) {
      if (route.type === 'multicast') this.#assume(JOINED)
      return this.#reverse(passage) ? HOOK_INPUT : ROUTE_ENDED
    }
    if (this.#left) return this.#forwardSeen(passage, route)
    if (!host.forwards) return end(passage, 'ip-not-forwarding')
    if (route === null) {
      if (host.knowsRoutes(ipv6)) return end(passage, 'ip-no-route')
    } else if (route.type !== 'unicast') return end(passage, codeOf(route))
    if (!this.#reverse(passage)) return ROUTE_ENDED
    return this.#forward(passage, route)
  }

  /** ip_route_me_harder. */
  reroute(passage: Passage): boolean {
    const { packet } = passage
    const host = this.#host
    const ipv6 = packet.family === FAMILY_IPV6
    const { destination0, destination1, destination2, destination3 } = packet
    const route = host.route(ipv6, destination0, destination1, destination2, destination3)
    if (route === null) return !host.knowsRoutes(ipv6)
    passage.outInterface = route.interface
    return route.type !== 'blackhole' && route.type !== 'unreachable' && route.type !== 'prohibit'
  }

  /** What this machine sends because of a packet: back to its sender, which a pair finds on the arm that it came by. */
  answer(passage: Passage, cause: Passage): boolean {
    const { packet } = passage
    const host = this.#host
    const ipv6 = packet.family === FAMILY_IPV6
    const { destination0, destination1, destination2, destination3 } = packet
    const onLink = ipv6 && isLinkLocal6(destination0) ? cause.inInterface : 0
    const route = host.route(ipv6, destination0, destination1, destination2, destination3, onLink)
    if (route !== null) {
      passage.outInterface = route.interface
      return route.type !== 'blackhole' && route.type !== 'unreachable' && route.type !== 'prohibit'
    }
    passage.outInterface = cause.inInterface
    return !host.knowsRoutes(ipv6)
  }

  #forward(passage: Passage, route: Route | null): number {
    const { packet, inInterface } = passage
    const ipv6 = packet.family === FAMILY_IPV6
    this.#link.read(packet)
    const { sentTo } = this.#link
    if (sentTo === SENT_TO_ALL || sentTo === SENT_TO_GROUP) return end(passage, 'ip-link-broadcast')
    this.bounds.leastTtl = TTL_LEAST
    if (packet.ttl < TTL_LEAST) return end(passage, 'ip-ttl', packet.ttl)
    const out = route === null ? this.#otherThan(inInterface) : route.interface
    passage.outInterface = out
    if (ipv6 && out !== inInterface) {
      if (isLinkLocal6(packet.source0)) return end(passage, 'ip-link-local-source')
      if (this.strict && isNone6(packet)) return end(passage, 'ip-martian-source')
    }
    if (this.strict) {
      const mtu = route?.mtu || this.#host.device(out).mtu
      const { mtu: inMtu } = this.#host.device(inInterface)
      if (mtu !== 0) this.bounds.mostLength = mtu
      const mayEnd = mtu !== 0 && (ipv6 || packet.dontFragment)
      // Longer than what it came in by carries: segments that were merged, and will be split again.
      if (mayEnd && packet.length > mtu && packet.length <= inMtu)
        return end(passage, 'ip-mtu', packet.length, mtu)
    }
    return HOOK_FORWARD
  }

  #assume(what: number): void {
    this.bounds.assumed |= what
    this.assume(what, 1)
  }

  /** As `Way.assume`. */
  assume(what: number, times: number): void {
    const { assumed } = this
    if ((what & IN_BY_ROUTE) !== 0) assumed.inByRoute += times
    if ((what & IN_UNKNOWN) !== 0) assumed.inUnknown += times
    if ((what & OUT_BY_DEFAULT) !== 0) assumed.outByDefault += times
    if ((what & OUT_UNKNOWN) !== 0) assumed.outUnknown += times
    if ((what & JOINED) !== 0) assumed.joined += times
  }

  /** It left, so nothing in the IP layer ended it; where a rule changes its destination, its route decides all the same. */
  #forwardSeen(passage: Passage, route: Route | null): number {
    const { packet, received } = passage
    const same =
      packet.destination0 === received.destination0 &&
      packet.destination1 === received.destination1 &&
      packet.destination2 === received.destination2 &&
      packet.destination3 === received.destination3
    if (same && this.#leaving !== 0) passage.outInterface = this.#leaving
    else passage.outInterface = route === null ? this.#otherThan(passage.inInterface) : route.interface
    return HOOK_FORWARD
  }

  /** rp_filter was told, of some interface at least. */
  get knowsReversePath(): boolean {
    return this.#reversePath?.isTold === true
  }

  /** On which side of the host a packet of the capture was seen: SEEN_*. */
  side(packet: Packet): number {
    return this.#side(packet, this.#place.of(packet))
  }

  /** The interface by which a packet came that was seen entering, or as a forwarded one leaving; 0: nobody knows. */
  arrival(packet: Packet, side: number): number {
    const here = this.#place.of(packet)
    if (side === SEEN_LEAVING) return this.#cameBy(packet, here)
    return here !== 0 ? here : this.#cameBy(packet, 0)
  }

  #side(packet: Packet, here: number): number {
    const host = this.#host
    const { direction } = packet
    this.#link.read(packet)
    if (direction === DIRECTION_OUTGOING) return SEEN_LEAVING
    if (this.#link.sentTo === SENT_TO_OTHER) return SEEN_ELSEWHERE
    if (here === host.loopback) return SEEN_LEAVING
    if (packet.hook >= 3)
      return this.isFromHere(packet) || packet.inInterface === 0 ? SEEN_LEAVING : SEEN_ENTERING
    if (packet.hook >= 0) return SEEN_ENTERING
    const byFrame = this.#byHardware(packet, here)
    if (byFrame !== UNTOLD) return byFrame
    if (direction === DIRECTION_INCOMING) return SEEN_ENTERING
    if (this.isFromHere(packet)) return SEEN_LEAVING
    return this.#betweenOthers(packet, here)
  }

  /** By the hardware addresses of an Ethernet frame, where that of the interface was told. */
  #byHardware(packet: Packet, here: number): number {
    const { hardware } = this.#host.device(here)
    const { frameBytes, frameStart, frameEnd } = packet
    if (hardware === null || packet.linkType !== LINKTYPE_ETHERNET || frameEnd - frameStart < 14)
      return UNTOLD
    let toUs = true
    let fromUs = true
    for (let i = 0; i < 6; i++) {
      const byte = hardware[i]!
      if (frameBytes[frameStart + i] !== byte) toUs = false
      if (frameBytes[frameStart + 6 + i] !== byte) fromUs = false
    }
    if (fromUs) return SEEN_LEAVING
    return toUs || (frameBytes[frameStart]! & 1) === 1 ? SEEN_ENTERING : SEEN_ELSEWHERE
  }

  /** A packet of which nothing says on which side of the host it was seen: by where its addresses are. */
  #betweenOthers(packet: Packet, here: number): number {
    const host = this.#host
    const ipv6 = packet.family === FAMILY_IPV6
    const { destination0, destination1, destination2, destination3 } = packet
    const { source0, source1, source2, source3 } = packet
    if (here === 0) return SEEN_ENTERING
    const there = host.route(ipv6, destination0, destination1, destination2, destination3, here)
    if (there === null || there.type !== 'unicast' || there.interface !== here) return SEEN_ENTERING
    const back = host.route(ipv6, source0, source1, source2, source3, here)
    // Between two on the same side, or leaving.
    return back !== null && back.interface === here ? SEEN_ELSEWHERE : SEEN_LEAVING
  }

  /** Its source is an address of the host. */
  isFromHere(packet: Packet): boolean {
    const { source0, source1, source2, source3 } = packet
    return this.#host.isLocal(packet.family === FAMILY_IPV6, source0, source1, source2, source3)
  }

  #outOf(packet: Packet): number {
    const { destination0, destination1, destination2, destination3 } = packet
    const ipv6 = packet.family === FAMILY_IPV6
    const route = this.#host.route(ipv6, destination0, destination1, destination2, destination3)
    if (route !== null) return route.interface
    this.#assume(OUT_UNKNOWN)
    return 0
  }

  /** The interface that the packet came in by, which was seen to leave by `leaving`, or is seen nobody knows where (0). */
  #cameBy(packet: Packet, leaving: number): number {
    const host = this.#host
    const opposite = host.opposite(leaving)
    if (opposite !== 0) return opposite
    const { source0, source1, source2, source3 } = packet
    const route = host.route(packet.family === FAMILY_IPV6, source0, source1, source2, source3)
    const byRoute = route !== null && route.type === 'unicast' ? route.interface : 0
    if (byRoute !== 0 && byRoute !== leaving) {
      this.#assume(IN_BY_ROUTE)
      return byRoute
    }
    const other = leaving === 0 ? host.only : host.otherThan(leaving)
    if (other === 0) this.#assume(IN_UNKNOWN)
    return other
  }

  #otherThan(inInterface: number): number {
    const other = this.#host.otherThan(inInterface)
    if (other !== 0) {
      if (this.#host.opposite(inInterface) === 0) this.#assume(OUT_BY_DEFAULT)
      return other
    }
    this.#assume(OUT_UNKNOWN)
    return 0
  }

  /** IPv4: the order is that of ip_route_input_slow. */
  #martian4(packet: Packet, inInterface: number): ReasonCode | null {
    const { source0: source, destination0: destination } = packet
    if (inInterface === this.#host.loopback) return null
    if (isMulticast4(source) || source === LIMITED_BROADCAST) return 'ip-martian-source'
    if (destination !== LIMITED_BROADCAST && !(source === 0 && destination === 0)) {
      if (source === 0) return 'ip-martian-source'
      if (destination === 0) return 'ip-martian-destination'
    }
    if (isLoopback4(destination)) return 'ip-martian-destination'
    if (isLoopback4(source)) return 'ip-martian-source'
    return source !== 0 && this.#host.isLocal(false, source, 0, 0, 0) ? 'ip-martian-source' : null
  }

  /** rp_filter; false: it ends here. */
  #reverse(passage: Passage): boolean {
    const { packet, inInterface } = passage
    const mode = this.#reversePath === null ? 0 : this.#reversePath.mode(inInterface)
    if (mode === 0 || packet.family === FAMILY_IPV6 || this.#left) return true
    const { source0 } = packet
    if (source0 === 0 || isMulticast4(packet.destination0)) return true
    const route = this.#host.route(false, source0, 0, 0, 0)
    const found = route !== null && route.type === 'unicast'
    if (found && (mode === 2 || route.interface === inInterface || route.alternatives.includes(inInterface)))
      return true
    end(passage, 'ip-reverse-path', mode)
    return false
  }

  #notOurs(passage: Passage): number {
    passage.outcome.reasons.add(reasonNumber['not-ours'])
    return BEGINS_NOWHERE
  }
}

function isNone6({ source0, source1, source2, source3 }: Packet): boolean {
  return (source0 | source1 | source2 | source3) === 0
}

function isLoopback6(word0: number, word1: number, word2: number, word3: number): boolean {
  return (word0 | word1 | word2) === 0 && word3 === 1
}

/** What IPv6 drops ahead of all hooks. */
function refusedAhead(packet: Packet): ReasonCode | null {
  const { source0, source1, source2, source3 } = packet
  const { destination0, destination1, destination2, destination3 } = packet
  if (isMulticast6(source0) || isLoopback6(source0, source1, source2, source3)) return 'ip-martian-source'
  if (isLoopback6(destination0, destination1, destination2, destination3)) return 'ip-martian-destination'
  // Multicast of scope 0 is reserved, that of scope 1 stays in its host.
  if (isMulticast6(destination0) && ((destination0 >>> 16) & 0xf) < 2) return 'ip-martian-destination'
  return null
}

function codeOf({ type }: Route): ReasonCode {
  if (type === 'blackhole') return 'ip-route-blackhole'
  return type === 'prohibit' ? 'ip-route-prohibit' : 'ip-route-unreachable'
}

/** The IP layer ends the packet: answers ROUTE_ENDED. */
function end({ outcome }: Passage, code: ReasonCode, first = 0, second = 0): number {
  outcome.reasons.add(reasonNumber[code], first, second)
  outcome.droppedBy = DROPPED_BY_IP
  return ROUTE_ENDED
}
