/** Sets of addresses, networks and ports: the hash types, and bitmaps, which differ in what they take. */
import {
  FAMILY_IPV6,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { ElementTable, KEY_WORDS, PERMANENT, PORT, PREFIX, SECOND } from './element-table.ts'
import { compareCounter, type IpSet, type Query, SET_NO, SET_NOMATCH, SET_UNKNOWN, SET_YES } from './query.ts'

/** What the parts of an element are. `bare-port`: without a protocol, of TCP and UDP only. */
export type Part = 'ip' | 'net' | 'port' | 'bare-port'

export const hashTypes: Readonly<Record<string, readonly Part[]>> = {
  'hash:ip': ['ip'],
  'hash:net': ['net'],
  'hash:ip,port': ['ip', 'port'],
  'hash:net,port': ['net', 'port'],
  'hash:ip,port,ip': ['ip', 'port', 'ip'],
  'hash:ip,port,net': ['ip', 'port', 'net'],
  'bitmap:port': ['bare-port'],
  'bitmap:ip': ['ip'],
}

export interface HashSetOptions {
  readonly name: string
  readonly type: string
  readonly family: 'ipv4' | 'ipv6' | null
  /** Prefix length that addresses are cut to; 128 or 32 for none. */
  readonly netmask: number
  /** Seconds that an element stays unless told, 0 for ever; null: the set has no timeouts. */
  readonly timeout: number | null
  readonly counters: boolean
  readonly skbinfo: boolean
  readonly maxElements: number
  /** Bitmaps: the first and the last port or address (unsigned). */
  readonly range: readonly [number, number] | null
}

const NO_PORTS = -1
const PORTS_CUT = -2

export class HashSet implements IpSet {
  readonly name: string
  readonly type: string
  readonly family: 'ipv4' | 'ipv6' | null
  readonly parts: readonly Part[]
  readonly dimension: number
  readonly unread = null
  readonly options: HashSetOptions
  readonly elements = new ElementTable()
  /** Filled by the caller of `place` and `put`. */
  readonly key: Int32Array = new Int32Array(KEY_WORDS)
  readonly #bits: number
  /** How many elements have a prefix of this length. */
  readonly #prefixes: Int32Array
  /** Where the words begin that a prefix cuts, or -1. */
  readonly #netWord: number
  /** Seconds are ticks since the first packet. */
  #begun = false
  #waiting = false

  constructor(options: HashSetOptions) {
    this.options = options
    this.name = options.name
    this.type = options.type
    this.family = options.family
    this.parts = hashTypes[options.type]!
    this.dimension = this.parts.length
    this.#bits = options.family === 'ipv6' ? 128 : 32
    this.#prefixes = new Int32Array(this.#bits + 1)
    const net = this.parts.indexOf('net')
    this.#netWord = net < 0 ? -1 : net === 0 ? 0 : SECOND
  }

  flush(): void {
    this.elements.clear()
    this.#prefixes.fill(0)
  }

  /** The place of `key`, or -1. */
  place(): number {
    return this.elements.find(this.key)
  }

  /** Adds `key`, which is not there: its place, or -1 where there is no room. */
  put(): number {
    if (this.elements.size >= this.options.maxElements) return -1
    if (this.#netWord >= 0) this.#prefixes[this.key[PREFIX]!]!++
    return this.elements.add(this.key)
  }

  take(place: number): void {
    if (this.#netWord >= 0) this.#prefixes[this.elements.word(place, PREFIX)]!--
    this.elements.remove(place)
  }

  /** How long an element stays, in seconds; 0 for ever. Before the first packet it is told from there on. */
  setTimeout(place: number, seconds: number): void {
    this.elements.deadlines[place] = seconds === 0 ? PERMANENT : seconds
    if (seconds !== 0) this.#waiting = true
  }

  test(packet: Packet, query: Query, subordinate: boolean): number {
    this.#begin(query)
    const read = this.#read(packet, query)
    if (read !== SET_YES) return read
    const { key } = this
    if (this.#netWord < 0) return this.#judge(this.elements.find(key), packet, query, subordinate)
    for (let bits = this.#bits; bits >= 0; bits--) {
      cut(key, this.#netWord, bits, this.#bits)
      if (this.#prefixes[bits] === 0) continue
      key[PREFIX] = bits
      const found = this.#judge(this.elements.find(key), packet, query, subordinate)
      if (found !== SET_NO) return found
    }
    return SET_NO
  }

  /** False where it is there already, or no room is left. */
  add(packet: Packet, query: Query): boolean {
    this.#begin(query)
    if (this.#read(packet, query) !== SET_YES || !this.#cutToLongest()) return false
    let place = this.place()
    if (place >= 0) {
      if (this.#isLiving(place, query.ticks) && !query.exist) return false
    } else {
      if (this.elements.size >= this.options.maxElements) this.#collect(query.ticks)
      place = this.put()
      if (place < 0) return false
    }
    const { elements } = this
    const seconds = query.timeout ?? this.options.timeout ?? 0
    const stays = this.options.timeout === null || seconds === 0
    elements.deadlines[place] = stays ? PERMANENT : query.ticks + seconds * query.hz
    elements.packets[place] = 1
    elements.bytes[place] = packet.length
    elements.nomatch[place] = 0
    return true
  }

  remove(packet: Packet, query: Query): boolean {
    this.#begin(query)
    if (this.#read(packet, query) !== SET_YES || !this.#cutToLongest()) return false
    const place = this.place()
    if (place < 0) return false
    const living = this.#isLiving(place, query.ticks)
    this.take(place)
    return living
  }

  /** Where networks are added and removed, the longest prefix of the set is taken; without any a whole address. */
  #cutToLongest(): boolean {
    if (this.#netWord < 0) return true
    let bits = this.#bits
    while (bits > 0 && this.#prefixes[bits] === 0) bits--
    if (bits === 0 && this.#prefixes[0] === 0) bits = this.#bits
    cut(this.key, this.#netWord, bits, this.#bits)
    this.key[PREFIX] = bits
    return true
  }

  /** Deadlines that were told in seconds run from the first packet on. */
  #begin({ ticks, hz }: Query): void {
    if (this.#begun) return
    this.#begun = true
    if (!this.#waiting) return
    const { deadlines } = this.elements
    this.elements.each((place) => {
      if (deadlines[place] !== PERMANENT) deadlines[place] = ticks + deadlines[place]! * hz
    })
  }

  #isLiving(place: number, ticks: number): boolean {
    return this.elements.deadlines[place]! >= ticks
  }

  #collect(ticks: number): void {
    this.elements.each((place) => {
      if (!this.#isLiving(place, ticks)) this.take(place)
    })
  }

  /** ip_set_match_extensions: first it counts, then it compares. */
  #judge(place: number, packet: Packet, query: Query, subordinate: boolean): number {
    if (place < 0 || !this.#isLiving(place, query.ticks)) return SET_NO
    const { elements } = this
    if (this.options.counters) {
      if (subordinate ? query.updateCounters && query.updateSubcounters : query.updateCounters) {
        elements.packets[place] = elements.packets[place]! + 1
        elements.bytes[place] = elements.bytes[place]! + packet.length
      }
      if (!subordinate) {
        if (!compareCounter(query.packets, elements.packets[place]!)) return SET_NO
        if (!compareCounter(query.bytes, elements.bytes[place]!)) return SET_NO
      }
    }
    if (this.options.skbinfo) {
      const { skbinfo } = elements
      query.mark = skbinfo[place * 4]!
      query.markMask = skbinfo[place * 4 + 1]!
      query.priority = skbinfo[place * 4 + 2]!
    }
    return elements.nomatch[place] === 0 ? SET_YES : SET_NOMATCH
  }

  /** Fills the key from the packet: SET_YES, SET_NO or SET_UNKNOWN. */
  #read(packet: Packet, { sources }: Query): number {
    const { key, parts, options } = this
    key.fill(0)
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!
      const source = sources[i]!
      if (part === 'port' || part === 'bare-port') {
        const port = portOf(packet, source)
        if (port < 0) return port === PORTS_CUT ? SET_UNKNOWN : SET_NO
        if (part === 'port') {
          key[PORT] = port | (packet.protocol << 16)
          continue
        }
        if (packet.protocol !== PROTOCOL_TCP && packet.protocol !== PROTOCOL_UDP) return SET_NO
        if (port < options.range![0] || port > options.range![1]) return SET_NO
        key[PORT] = port
        continue
      }
      const at = i === 0 ? 0 : SECOND
      key[at] = source ? packet.source0 : packet.destination0
      if (packet.family === FAMILY_IPV6) {
        key[at + 1] = source ? packet.source1 : packet.destination1
        key[at + 2] = source ? packet.source2 : packet.destination2
        key[at + 3] = source ? packet.source3 : packet.destination3
      }
      if (part !== 'ip') continue
      if (options.range !== null && isOutside(key[at]!, options.range)) return SET_NO
      if (at === 0 && options.netmask < this.#bits) cut(key, 0, options.netmask, this.#bits)
    }
    return SET_YES
  }
}

export function isOutside(word: number, [first, last]: readonly [number, number]): boolean {
  return word >>> 0 < first || word >>> 0 > last
}

/** Leaves so many leading bits of the address of `size` bits at `at`. */
export function cut(key: Int32Array, at: number, bits: number, size: number): void {
  for (let word = 0; word * 32 < size; word++) {
    const ones = bits - word * 32
    if (ones >= 32) continue
    key[at + word] = ones <= 0 ? 0 : key[at + word]! & (-1 << (32 - ones))
  }
}

/** get_port: of ICMP the type and code; 0 for a protocol without ports; below 0 where it cannot be read. */
function portOf(packet: Packet, source: boolean): number {
  const { protocol } = packet
  if (protocol === 0 && packet.family !== FAMILY_IPV6) return NO_PORTS
  const isIcmp = protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6
  const hasPorts =
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_UDPLITE ||
    protocol === PROTOCOL_SCTP
  if (!isIcmp && !hasPorts) return 0
  if (packet.fragmentOffset !== 0) return NO_PORTS
  // How much of the header Linux asks for: all of it.
  const needed = protocol === PROTOCOL_TCP ? 20 : protocol === PROTOCOL_SCTP ? 12 : 8
  if (packet.transportLength < needed) return NO_PORTS
  const bytes = isIcmp ? 2 : 4
  if (packet.transportCaptured < bytes) return PORTS_CUT
  return isIcmp
    ? packet.view.getUint16(packet.transportOffset)
    : source
      ? packet.sourcePort
      : packet.destinationPort
}
