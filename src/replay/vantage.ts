/**
 * Which host a capture was made on, and where, guessed by a look at its first packets; and what to say about the guess, or
 * whom to ask. What was told is never guessed.
 */
import type { MergedCapture } from '../capture/merge.ts'
import { FlowHash } from '../conntrack/hash.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { CapturePlace } from '../firewall/capture-place.ts'
import { HostWay, SEEN_ELSEWHERE, SEEN_LEAVING } from '../firewall/host-way.ts'
import { Random } from '../hook/random.ts'
import type { Host } from '../host/host.ts'
import { masksOf } from '../host/prefix-table.ts'
import { formatAddress } from '../packet/address.ts'
import { decodeRecord } from '../packet/decode.ts'
import { OffloadedHeaders } from '../packet/header-check.ts'
import { LinkHeader, SENT_TO_ALL, SENT_TO_GROUP, SENT_TO_HOST } from '../packet/link-header.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import {
  DIRECTION_OUTGOING,
  DIRECTION_UNKNOWN,
  FAMILY_IPV4,
  FAMILY_IPV6,
  FAMILY_NONE,
  ISSUE_NONE,
  Packet,
} from '../packet/packet.ts'
import { isErrorPacket } from './error-packet.ts'
import { wasForwarded } from './initial-ttl.ts'
import type { RuleNeeds } from './rule-needs.ts'
import { SecondCopies } from './second-copies.ts'
import type { Captured } from './standpoint.ts'

/** Packets that are looked at. */
const SURVEYED = 10_000
/** Candidates that are named. */
const NAMED = 5
/** Addresses, and hardware addresses, that are counted. */
const COUNTED = 30_000
/** Among so many packets one second copy at least shows that the capture has them. */
const SECOND_COPY_IN = 50

/** What is known before the survey. */
export interface VantageQuestion {
  /** As it was told: the survey adds to it what it concludes. */
  readonly host: Host
  /** Addresses, routes or a pair were told: no address is guessed. */
  readonly told: boolean
  readonly place: CapturePlace
  readonly needs: RuleNeeds
  /** `--captured`, or null. */
  readonly captured: Captured | null
}

export interface Candidate {
  /** An address, or a hardware address. */
  readonly address: string
  /** Packets that it is in. */
  readonly packets: number
}

/** `sentences`: clauses without a full stop, safe to print but for the names of interfaces. */
export type Vantage =
  | { readonly kind: 'clear'; readonly captured: Captured; readonly sentences: readonly string[] }
  | {
      readonly kind: 'unclear'
      /** What is unclear, the candidates named, and how to say it. */
      readonly sentence: string
      readonly candidates: readonly Candidate[]
    }

/** How often, and where, an address was seen. */
interface Sighting {
  readonly family: number
  readonly words: readonly [number, number, number, number]
  packets: number
  /** Of received and sent packets, as far as the capture tells which is which. */
  receivedFrom: number
  receivedBy: number
  sentFrom: number
  sentTo: number
}

/** A hardware address: frames that it is in, and that it sent. */
interface Station {
  frames: number
  sent: number
}

/** Looks at the first packets of a capture, which cannot be run any more behind that: open its files anew. */
export async function surveyCapture(
  capture: MergedCapture,
  question: VantageQuestion,
  limit = SURVEYED,
): Promise<Vantage> {
  const survey = new Survey(question)
  const packet = new Packet()
  // However they are judged: where a packet passed is not told by its checksum.
  const offloaded = new OffloadedHeaders()
  let left = limit
  do {
    while (left > 0 && capture.next(packet.record)) {
      decodeRecord(packet, offloaded)
      survey.look(packet)
      left--
    }
  } while (left > 0 && (await capture.fill()))
  await capture.close()
  return survey.conclude()
}

export class Survey {
  readonly #question: VantageQuestion
  readonly #way: HostWay
  readonly #link = new LinkHeader()
  readonly #tuple = new Tuple()
  readonly #inverse = new Tuple()
  readonly #flowHash: FlowHash
  readonly #copies: SecondCopies
  readonly #sightings = new Map<string, Sighting>()
  /** Destinations of frames to all on the link: `family address`. */
  readonly #broadcasts = new Map<string, Sighting>()
  /** By interface of the capture: hardware addresses of frames between two stations. */
  readonly #hardware = new Map<number, Map<string, Station>>()
  readonly #frames = new Map<number, number>()
  readonly #seenOn = new Set<number>()
  /** Packets of which nothing tells by which interface they came, and numbers that the capture has for interfaces. */
  #unknown = 0
  readonly #indexes = new Set<number>()
  #packets = 0
  readonly #ofFamily = { 4: 0, 6: 0 }
  #secondCopies = 0
  #told = 0
  /** By sides, as far as the host is told. */
  #leavingOwn = 0
  /** Of these, by their TTL forwarded; and made here, for all that is known, and no answer to what was seen to enter. */
  #leavingForwarded = 0
  #leavingFirst = 0
  /** What entered, as what answers it looks. */
  readonly #entered = new Set<string>()
  #leavingOthers = 0
  #enteringOwn = 0
  #enteringOthers = 0

  constructor(question: VantageQuestion) {
    this.#question = question
    this.#way = new HostWay(question.host, question.place)
    const random = new Random(0x5a11)
    this.#flowHash = new FlowHash((words) => {
      for (let i = 0; i < words.length; i++) words[i] = random.next()
    })
    this.#copies = new SecondCopies(this.#flowHash)
  }

  /** A packet, decoded; those that are not IP count for nothing. */
  look(packet: Packet): void {
    if (packet.family === FAMILY_NONE) return
    this.#packets++
    this.#seenOn.add(packet.interfaceIndex)
    if (packet.direction !== DIRECTION_UNKNOWN) this.#told++
    this.#link.read(packet)
    if (this.#isSecondCopy(packet)) {
      this.#secondCopies++
      return
    }
    this.#lookAtSides(packet)
    this.#lookAtHardware(packet)
    this.#lookAtAddresses(packet)
  }

  #isSecondCopy(packet: Packet): boolean {
    const tuple = this.#tuple
    tuple.usable = false
    if (packet.issue !== ISSUE_NONE) return false
    tuple.usable = tuple.fromPacket(packet)
    if (this.#copies.isSecond(packet)) return true
    this.#copies.remember(packet, tuple, this.#packets)
    return false
  }

  #lookAtSides(packet: Packet): void {
    const { host } = this.#question
    const side = this.#way.side(packet)
    if (side === SEEN_ELSEWHERE) return
    if (side !== SEEN_LEAVING || !this.#way.isFromHere(packet)) {
      if (this.#way.arrival(packet, side) === 0) this.#noteUnknown(packet)
    }
    const { destination0, destination1, destination2, destination3 } = packet
    const ipv6 = packet.family === FAMILY_IPV6
    if (side === SEEN_LEAVING) {
      if (this.#way.isFromHere(packet)) this.#lookAtOwn(packet)
      else this.#leavingOthers++
      return
    }
    this.#noteEntered()
    if (host.addressType(ipv6, destination0, destination1, destination2, destination3) === 'unicast') {
      this.#enteringOthers++
    } else this.#enteringOwn++
  }

  #noteEntered(): void {
    const tuple = this.#tuple
    if (!tuple.usable || !tuple.invertible || this.#entered.size >= COUNTED) return
    this.#inverse.invert(tuple)
    this.#entered.add(flowText(this.#inverse))
  }

  /** It leaves with an address of the host: its own, or masqueraded? */
  #lookAtOwn(packet: Packet): void {
    this.#leavingOwn++
    const tuple = this.#tuple
    if (isErrorPacket(packet) || (tuple.usable && this.#entered.has(flowText(tuple)))) return
    if (wasForwarded(packet)) this.#leavingForwarded++
    else this.#leavingFirst++
  }

  #noteUnknown({ inInterface, outInterface }: Packet): void {
    this.#unknown++
    for (const index of [inInterface, outInterface]) {
      if (index !== 0 && this.#indexes.size < NAMED) this.#indexes.add(index)
    }
  }

  #lookAtHardware(packet: Packet): void {
    const { frameBytes: bytes, frameStart: start, frameEnd: end, interfaceIndex } = packet
    if (packet.linkType !== LINKTYPE_ETHERNET || end - start < 14 || (bytes[start]! & 1) === 1) return
    let counts = this.#hardware.get(interfaceIndex)
    if (counts === undefined) {
      counts = new Map()
      this.#hardware.set(interfaceIndex, counts)
    }
    if (counts.size > COUNTED) return
    this.#frames.set(interfaceIndex, (this.#frames.get(interfaceIndex) ?? 0) + 1)
    for (const at of [start, start + 6]) {
      const text = Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(
        ':',
      )
      const station = counts.get(text) ?? { frames: 0, sent: 0 }
      counts.set(text, station)
      station.frames++
      if (at !== start) station.sent++
    }
  }

  #lookAtAddresses(packet: Packet): void {
    const { family, source0, source1, source2, source3 } = packet
    const { destination0, destination1, destination2, destination3 } = packet
    const isToAll = this.#link.sentTo === SENT_TO_ALL
    if (isToAll && packet.direction !== DIRECTION_OUTGOING) {
      const all = { ...this.#new(family, destination0, destination1, destination2, destination3), packets: 1 }
      if (this.#broadcasts.size < COUNTED) this.#broadcasts.set(textOf(all), all)
    }
    // What goes to many is sent by others, mostly, and tells nothing about who is here.
    if (isToAll || this.#link.sentTo === SENT_TO_GROUP || isToMany(family, destination0)) return
    if (this.#link.sentTo !== SENT_TO_HOST) return
    this.#ofFamily[family === FAMILY_IPV4 ? 4 : 6]++
    const from = this.#sighting(family, source0, source1, source2, source3)
    const to = this.#sighting(family, destination0, destination1, destination2, destination3)
    if (from === null || to === null) return
    from.packets++
    if (to !== from) to.packets++
    if (packet.direction === DIRECTION_OUTGOING) {
      from.sentFrom++
      to.sentTo++
    } else if (packet.direction !== DIRECTION_UNKNOWN) {
      from.receivedFrom++
      to.receivedBy++
    }
  }

  #sighting(family: number, w0: number, w1: number, w2: number, w3: number): Sighting | null {
    const fresh = this.#new(family, w0, w1, w2, w3)
    const text = textOf(fresh)
    const known = this.#sightings.get(text)
    if (known !== undefined) return known
    if (this.#sightings.size >= COUNTED) return null
    this.#sightings.set(text, fresh)
    return fresh
  }

  #new(family: number, w0: number, w1: number, w2: number, w3: number): Sighting {
    const words: Sighting['words'] = family === FAMILY_IPV4 ? [w0, 0, 0, 0] : [w0, w1, w2, w3]
    return { family, words, packets: 0, receivedFrom: 0, receivedBy: 0, sentFrom: 0, sentTo: 0 }
  }

  /** What the packets say. Tells the host what is concluded. */
  conclude(): Vantage {
    const { told, needs } = this.#question
    const sentences: string[] = []
    const hasCopies = this.#secondCopies > 0 && this.#secondCopies * SECOND_COPY_IN >= this.#packets
    let unclear: Vantage | null = null
    if (told)
      unclear =
        this.#concludeAddress() ?? this.#concludeInterfaces() ?? this.#concludeArms(sentences, hasCopies)
    else if (!needs.actsLocally) unclear = this.#concludeForwarding(sentences)
    else if (this.#packets > 0) unclear = this.#concludeHost(sentences, hasCopies)
    if (unclear !== null) return unclear
    return { kind: 'clear', captured: this.#concludeCaptured(sentences, hasCopies), sentences }
  }

  /** No rule asks who the host is: everything is forwarded. By which interfaces? */
  #concludeForwarding(sentences: string[]): Vantage | null {
    const { host, needs } = this.#question
    if (needs.families.length === 0) return null
    sentences.push('no rule acts in INPUT or OUTPUT: every packet is taken as forwarded')
    const names = this.#names()
    if (names.length === 2) {
      const [first, second] = names as [string, string]
      host.setPair(host.interfaces.numberOf(first), host.interfaces.numberOf(second))
      sentences.push(`the capture names ${first} and ${second}: what enters by one leaves by the other`)
      return null
    }
    if (needs.interfaces.length === 0) return null
    const sentence =
      names.length === 0
        ? `the rules ask for ${listed(needs.interfaces)}, and the capture names no interface`
        : `the rules ask for ${listed(needs.interfaces)}, and the capture names ${listed(names)}`
    const [first = 'in0', second = 'out0'] = needs.interfaces
    const how = `by which a packet comes and goes is unclear; say it: --pair ${first}:${second}, --local IFACE=ADDRESS/LEN with --route, or --host FILE`
    return { kind: 'unclear', sentence: `${sentence}: ${how}`, candidates: [] }
  }

  /** The rules act on what is the host's own, and nobody told who it is. */
  #concludeHost(sentences: string[], hasCopies: boolean): Vantage | null {
    const found: Sighting[] = []
    const families = this.#question.needs.families.map((family) =>
      family === 'ipv4' ? FAMILY_IPV4 : FAMILY_IPV6,
    )
    for (const family of families) {
      const total = this.#ofFamily[family === FAMILY_IPV4 ? 4 : 6]
      if (total === 0) continue
      const all = [...this.#sightings.values()].filter((one) => one.family === family)
      const byDirection = this.#told > 0 && !hasCopies
      const own = byDirection ? ownByDirection(all) : all.filter((one) => one.packets === total)
      if (own === null || own.length !== 1)
        return this.#unclearHost(byDirection && own !== null ? own : all, total)
      found.push(own[0]!)
      const { packets } = own[0]!
      sentences.push(
        byDirection
          ? `the host is taken to be ${textOf(own[0]!)}: by the directions in the capture it sent and received with no other address`
          : `the host is taken to be ${textOf(own[0]!)}: it is the one address in every packet (${packets} looked at)`,
      )
    }
    const name = this.#nameOfOnly()
    if (name === null) return this.#unclearName(found[0])
    if (found.length > 0) this.#tell(found, name)
    return null
  }

  #tell(found: readonly Sighting[], name: string): void {
    const { host } = this.#question
    const number = host.interfaces.numberOf(name)
    host.forwards = this.#question.needs.forwards
    for (const { family, words } of found) {
      const size = family === FAMILY_IPV4 ? 1 : 4
      host.addAddress({ interface: number, words: Int32Array.from(words.slice(0, size)), length: size * 32 })
    }
    for (const size of [1, 4]) {
      const words = new Int32Array(size)
      host.addRoute({ ipv6: size === 4, type: 'unicast', words, length: 0, interface: number })
    }
    this.#tellBehind(name)
    for (const { family, words } of this.#broadcasts.values()) {
      if (family !== FAMILY_IPV4 || words[0] === -1) continue
      const own = found.some((one) => one.words[0] === words[0])
      const address = Int32Array.of(words[0])
      if (!own)
        host.addRoute({ ipv6: false, type: 'broadcast', words: address, length: 32, interface: number })
    }
  }

  /** Other machines, by the interface that the rules look for them behind, unless the capture shows them at its own. */
  #tellBehind(name: string): void {
    const { host, needs } = this.#question
    const seen = [...this.#sightings.values()]
    for (const { words, length, interface: behind } of needs.behind) {
      const size = words.length
      const family = size === 1 ? FAMILY_IPV4 : FAMILY_IPV6
      const masks = masksOf(length)
      const isIn = (one: Sighting) =>
        one.family === family && words.every((word, index) => word === (one.words[index]! & masks[index]!))
      if (behind === name || seen.some(isIn)) continue
      host.addRoute({
        ipv6: size === 4,
        type: 'unicast',
        words: Int32Array.from(words),
        length,
        interface: host.interfaces.numberOf(behind),
      })
    }
  }

  #unclearHost(among: readonly Sighting[], total: number): Vantage {
    const candidates = [...among]
      .sort((a, b) => b.packets - a.packets)
      .slice(0, NAMED)
      .map((one) => ({ address: textOf(one), packets: one.packets }))
    const named = candidates.map(({ address, packets }) => `${address} (in ${packets} of ${total} packets)`)
    const [first = '192.0.2.1'] = candidates.map(({ address }) => address)
    const name = this.#nameOfOnly() ?? 'eth0'
    const sentence = `the rules act in INPUT or OUTPUT, and which address is the host's is unclear: ${listed(named)}; say it: --local ${name}=${first}/${first.includes(':') ? 64 : 24}, or --host FILE with the output of ip -j addr and ip -j route`
    return { kind: 'unclear', sentence, candidates }
  }

  #unclearName(found: Sighting | undefined): Vantage {
    const { interfaces } = this.#question.needs
    const address = found === undefined ? 'ADDRESS' : textOf(found)
    const sentence = `the rules ask for ${listed(interfaces)}, and the capture does not name the interface of ${address}; say it: --local ${interfaces[0]}=${address}/${address.includes(':') ? 64 : 24}`
    return { kind: 'unclear', sentence, candidates: [] }
  }

  /** Names of interfaces that packets were captured on. */
  #names(): string[] {
    const { host, place } = this.#question
    const names = new Set<string>()
    const packet = new Packet()
    for (const index of this.#seenOn) {
      packet.interfaceIndex = index
      const name = host.interfaces.nameOf(place.of(packet))
      if (name !== '' && name !== 'lo') names.add(name)
    }
    return [...names]
  }

  /** The one interface of a host that was guessed: as the capture names it, else as the rules do. Null: unclear. */
  #nameOfOnly(): string | null {
    const names = this.#names()
    if (names.length === 1) return names[0]!
    const asked = this.#question.needs.interfaces
    if (asked.length === 0) return 'eth0'
    return asked.length === 1 && !asked[0]!.endsWith('+') ? asked[0]! : null
  }

  /** Nobody told an address, and MASQUERADE takes one: without, Linux would drop every connection. */
  #concludeAddress(): Vantage | null {
    const { host, needs } = this.#question
    if (!needs.masquerades || host.addresses.some((one) => one.interface !== host.loopback)) return null
    const name = host.interfaces.nameOf(host.used[host.used.length - 1] ?? 0) || 'eth0'
    const sentence = `MASQUERADE takes the address of the interface that a packet leaves by, and no interface has one; say it: --local ${name}=ADDRESS/LEN, or --host FILE`
    return { kind: 'unclear', sentence, candidates: [] }
  }

  /** The host is told, and the rules ask by which interface packets come, and nothing tells that of some. */
  #concludeInterfaces(): Vantage | null {
    const { interfaces } = this.#question.needs
    if (this.#unknown === 0 || interfaces.length === 0) return null
    const indexes = [...this.#indexes].sort((a, b) => a - b)
    const how =
      indexes.length > 0
        ? `the capture has numbers for them (${listed(indexes.map(String))}): --interface ${indexes[0]}=${interfaces[0]} and so on, or --host FILE`
        : `say it: --interface FILE=${interfaces[0]} for a capture of one interface, or --local and --route, or --host FILE, for the addresses that lie behind each`
    const sentence = `the rules ask for ${listed(interfaces)}, and of ${this.#unknown} of the first ${this.#packets} packets nothing tells by which interface they came; ${how}`
    return { kind: 'unclear', sentence, candidates: [] }
  }

  /** A pair, and no direction in the capture: the hardware address of an arm tells what enters by it. */
  #concludeArms(sentences: string[], hasCopies: boolean): Vantage | null {
    const { host, place } = this.#question
    const packet = new Packet()
    for (const [index, counts] of this.#hardware) {
      packet.interfaceIndex = index
      const number = place.of(packet)
      if (this.#told > 0 || host.opposite(number) === 0 || host.device(number).hardware !== null) continue
      const total = this.#frames.get(index)!
      const always = [...counts].filter(([, { frames }]) => frames === total)
      const name = host.interfaces.nameOf(number)
      if (always.length === 1) {
        const [[address, { sent }]] = always as [[string, Station]]
        this.#leavingOthers += sent
        host.setDevice(number, {
          hardware: Uint8Array.from(address.split(':'), (part) => Number.parseInt(part, 16)),
        })
        sentences.push(`${address} is taken as the hardware address of ${name}: it is in every frame there`)
        continue
      }
      if (hasCopies) continue
      const candidates = [...counts]
        .map(([address, { frames }]) => ({ address, packets: frames }))
        .sort((a, b) => b.packets - a.packets)
        .slice(0, NAMED)
      const named = candidates.map(({ address, packets }) => `${address} (in ${packets} of ${total} frames)`)
      const sentence = `the capture on ${name} does not say what enters there and what leaves, and which hardware address is that of the box is unclear: ${listed(named)}; say where addresses are (--local, --route), give --host FILE, or capture with -i any`
      return { kind: 'unclear', sentence, candidates }
    }
    return null
  }

  #concludeCaptured(sentences: string[], hasCopies: boolean): Captured {
    const { captured, told, host, needs } = this.#question
    if (captured !== null) return captured
    if (hasCopies) {
      sentences.push(
        `captured on several interfaces of a router (--captured=both): ${this.#secondCopies} of the first ${this.#packets} packets are there a second time, as they left`,
      )
      return 'both'
    }
    if (!told || !host.forwards) return 'wire'
    if (this.#leavingOthers > 0) {
      sentences.push(
        `captured on one side of a router (--captured=inside): ${this.#leavingOthers} of the first ${this.#packets} packets are seen as they leave`,
      )
      return 'inside'
    }
    if (!needs.translatesSource || host.used.length < 2) return 'wire'
    const own = this.#leavingOwn + this.#enteringOwn
    if (own === 0 && this.#enteringOthers > 0) {
      sentences.push('captured inside of the NAT (--captured=inside): no packet has an address of the host')
      return 'inside'
    }
    if (this.#leavingOwn > 0 && this.#enteringOthers === 0) return this.#concludeOutside(sentences)
    return 'wire'
  }

  /** Every packet has an address of the host, which masquerades: what it sends is its own unless a TTL says otherwise. */
  #concludeOutside(sentences: string[]): Captured {
    const first = this.#packets
    if (this.#leavingForwarded > 0 && !this.#question.needs.setsTtl) {
      sentences.push(
        `captured outside of the NAT (--captured=outside): ${this.#leavingForwarded} of the first ${first} packets leave with an address of the host and a TTL that none begins with, so that they are taken as masqueraded; --captured=wire takes them as the host's own`,
      )
      return 'outside'
    }
    const others = this.#leavingForwarded + this.#leavingFirst
    if (others > 0) {
      const why = this.#question.needs.setsTtl
        ? 'rules set the TTL, so that it does not tell whether they were masqueraded'
        : 'by their TTL (64, 128, 255, or too low to tell) none was masqueraded'
      sentences.push(
        `captured without a sign of masquerading (--captured=wire): ${others} of the first ${first} packets leave with an address of the host and answer nothing that entered, and are taken as its own: ${why}; a capture on the inner side, or with -i any, shows who sent them`,
      )
    }
    return 'wire'
  }
}

function flowText({ addresses, ports, protocol }: Tuple): string {
  return `${protocol} ${ports} ${addresses.join(' ')}`
}

function textOf({ family, words }: Sighting): string {
  return formatAddress(family, words[0], words[1], words[2], words[3])
}

function isToMany(family: number, word0: number): boolean {
  return family === FAMILY_IPV4 ? word0 === -1 || word0 >>> 28 === 0xe : word0 >>> 24 === 0xff
}

/**
 * Addresses of the host: what it sent from, and received at. Null where that is no host at the end of connections: what it
 * received came from an address that it also sent from. Link-local ones do not count beside others.
 */
function ownByDirection(all: readonly Sighting[]): Sighting[] | null {
  const own = all.filter((one) => one.sentFrom + one.receivedBy > 0)
  if (own.some((one) => one.receivedFrom + one.sentTo > 0)) return null
  const wide = own.filter(({ family, words }) => family === FAMILY_IPV4 || words[0] >>> 22 !== 0x3fa)
  return wide.length > 0 ? wide : own
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'nothing'
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}
