import {
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DST_NAT_DONE,
  STATUS_HELPER,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
  STATUS_SRC_NAT_DONE,
} from '../conntrack/status.ts'
import type { CounterView, EntryView, TupleView } from '../conntrack/view.ts'
import { formatAddress, parseAddress } from '../packet/address.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import { tupleKind } from './protocol-name.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Moment = { readonly seconds: number; readonly nanoseconds: number }

/** What became of a field. */
export type FieldResult =
  | { readonly kind: 'set' | 'unknown' | 'repeated' }
  | { readonly kind: 'expected'; readonly what: string }

const SET: FieldResult = { kind: 'set' }
const UNKNOWN: FieldResult = { kind: 'unknown' }
const REPEATED: FieldResult = { kind: 'repeated' }

/** One direction while it is read. */
interface Side {
  readonly tuple: Writable<TupleView>
  packets: number | null
  bytes: number | null
}

const TUPLE_NUMBERS = {
  sport: ['sourcePort', 0xffff],
  dport: ['destinationPort', 0xffff],
  type: ['type', 0xff],
  code: ['code', 0xff],
  id: ['id', 0xffff],
  srckey: ['sourceKey', 0xffff],
  dstkey: ['destinationKey', 0xffff],
} as const

type TupleKey = keyof typeof TUPLE_NUMBERS

/** Fields a tuple of each kind needs. */
const NEEDED = {
  ports: ['sport', 'dport'],
  icmp: ['type', 'code', 'id'],
  keys: ['srckey', 'dstkey'],
  none: [],
} as const satisfies Record<string, readonly TupleKey[]>

/** A number in decimal, or hexadecimal behind 0x; null if it is none or above `max`. */
function readNumber(text: string, max: number): number | null {
  if (!/^(\d{1,20}|0x[0-9a-f]{1,8})$/i.test(text)) return null
  const value = Number(text)
  return value <= max ? value : null
}

function side(): Side {
  return { tuple: { source: '', destination: '' }, packets: null, bytes: null }
}

/** An entry while its text is read: fields come one by one, in the order of the text. */
export class EntryDraft {
  family: 'ipv4' | 'ipv6' | null = null
  protocol = -1
  /** The text calls it `unknown`, so it has neither ports nor state whatever its number. */
  portless = false
  timeout = 0
  state: string | null = null
  status = STATUS_CONFIRMED | STATUS_SEEN_REPLY
  start: Moment | null = null
  stop: Moment | null = null
  /** 0 before the first tuple, 1 in the original, 2 in the reply. */
  direction = 0
  readonly #sides: readonly [Side, Side] = [side(), side()]
  readonly #numbers = new Map<string, number>()
  #helper: string | null = null

  /** Takes `key=value`. */
  set(key: string, value: string): FieldResult {
    switch (key) {
      case 'src':
        if (this.direction === 2) return REPEATED
        this.direction++
        return this.#address('source', value)
      case 'dst':
        return this.#address('destination', value)
      case 'sport':
      case 'dport':
      case 'type':
      case 'code':
      case 'srckey':
      case 'dstkey':
        return this.#tupleNumber(key, value)
      case 'id':
        // ICMP has an identifier in each tuple; the entry's own comes last of all.
        return this.#current()?.tuple.id === undefined && this.#kind() === 'icmp'
          ? this.#tupleNumber(key, value)
          : this.#number(key, value, 0xffffffff)
      case 'packets':
      case 'bytes':
        return this.#counter(key, value)
      case 'mark':
      case 'use':
        return this.#number(key, value, 0xffffffff)
      case 'zone':
      case 'zone-orig':
      case 'zone-reply':
        return this.#number(key, value, 0xffff)
      case 'delta-time':
      case 'timeout':
      case 'stream_timeout':
        return this.#number(key, value, Number.MAX_SAFE_INTEGER)
      case 'helper':
        if (this.#helper !== null) return REPEATED
        if (!/^[\w.-]{1,32}$/.test(value)) return { kind: 'expected', what: 'the name of a helper' }
        this.#helper = value
        return SET
      // Security contexts and labels belong to the machine they come from; the last two name who caused an event.
      case 'secmark':
      case 'secctx':
      case 'labels':
      case 'portid':
      case 'progname':
        return SET
      default:
        return UNKNOWN
    }
  }

  /** What the entry lacks, in words, or null. */
  missing(): string | null {
    if (this.direction === 0) return "'src='"
    if (this.direction === 1) return "the reply direction, a second 'src='"
    for (const [index, name] of [
      [0, 'original'],
      [1, 'reply'],
    ] as const) {
      const { tuple } = this.#sides[index]
      if (tuple.destination === '') return `'dst=' in the ${name} direction`
      for (const key of NEEDED[this.#kind()]) {
        if (tuple[TUPLE_NUMBERS[key][0]] === undefined) return `'${key}=' in the ${name} direction`
      }
    }
    return null
  }

  /** The entry; only when nothing is missing. */
  entry(): EntryView {
    const [original, reply] = this.#sides
    const numbers = this.#numbers
    const zone = numbers.get('zone') ?? 0
    const greTimeout = numbers.get('timeout')
    const streamTimeout = numbers.get('stream_timeout')
    return {
      family: this.family ?? 'ipv4',
      protocol: this.protocol,
      state: this.state,
      timeout: this.timeout,
      original: original.tuple,
      reply: reply.tuple,
      status: this.status | this.#natStatus() | (this.#helper === null ? 0 : STATUS_HELPER),
      mark: numbers.get('mark') ?? 0,
      zoneOriginal: numbers.get('zone-orig') ?? zone,
      zoneReply: numbers.get('zone-reply') ?? zone,
      counters:
        original.packets === null && reply.packets === null
          ? null
          : { original: counter(original), reply: counter(reply) },
      start: this.start,
      stop: this.stop,
      deltaTime: numbers.get('delta-time') ?? null,
      helper: this.#helper,
      gre:
        greTimeout === undefined || streamTimeout === undefined
          ? null
          : { timeout: greTimeout, streamTimeout },
      use: numbers.get('use') ?? 1,
      id: numbers.get('id') ?? 0,
    }
  }

  /** NAT shows in a reply that is not the mirror of the original. */
  #natStatus(): number {
    const original = this.#sides[0].tuple
    const reply = this.#sides[1].tuple
    const ports = this.#kind() === 'ports'
    const destination =
      reply.source !== original.destination || (ports && reply.sourcePort !== original.destinationPort)
    const source =
      reply.destination !== original.source ||
      (ports && reply.destinationPort !== original.sourcePort) ||
      (this.#kind() === 'icmp' && reply.id !== original.id)
    if (!source && !destination) return 0
    const bits = (source ? STATUS_SRC_NAT : 0) | (destination ? STATUS_DST_NAT : 0)
    return bits | STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE
  }

  #kind(): ReturnType<typeof tupleKind> {
    return this.portless ? 'none' : tupleKind(this.protocol)
  }

  #current(): Side | null {
    return this.direction === 0 ? null : this.#sides[this.direction === 1 ? 0 : 1]
  }

  #address(field: 'source' | 'destination', value: string): FieldResult {
    const current = this.#current()
    if (!current) return { kind: 'expected', what: "'src=' ahead of it" }
    if (current.tuple[field] !== '') return REPEATED
    const address = parseAddress(value)
    const family = address?.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
    if (!address || (this.family !== null && family !== this.family)) {
      return { kind: 'expected', what: `an address of ${this.family ?? 'IPv4 or IPv6'}` }
    }
    this.family = family
    const { words } = address
    current.tuple[field] = formatAddress(address.family, words[0]!, words[1]!, words[2]!, words[3]!)
    return SET
  }

  #tupleNumber(key: TupleKey, value: string): FieldResult {
    const current = this.#current()
    if (!current) return { kind: 'expected', what: "'src=' ahead of it" }
    const [field, max] = TUPLE_NUMBERS[key]
    const number = readNumber(value, max)
    if (number === null) return { kind: 'expected', what: `a number from 0 to ${max}` }
    // The tool prints ports of 0 for DCCP, which has none in the kernel any more.
    const needed: readonly TupleKey[] = NEEDED[this.#kind()]
    if (!needed.includes(key)) return this.#kind() === 'none' ? SET : UNKNOWN
    if (current.tuple[field] !== undefined) return REPEATED
    current.tuple[field] = number
    return SET
  }

  #counter(key: 'packets' | 'bytes', value: string): FieldResult {
    const current = this.#current()
    if (!current) return { kind: 'expected', what: "'src=' ahead of it" }
    if (current[key] !== null) return REPEATED
    // 64 bits in the kernel; above 2^53 the last digits are lost.
    const number = readNumber(value, 2 ** 64)
    if (number === null) return { kind: 'expected', what: 'a number' }
    current[key] = number
    return SET
  }

  #number(key: string, value: string, max: number): FieldResult {
    if (this.#numbers.has(key)) return REPEATED
    const number = readNumber(value, max)
    if (number === null) return { kind: 'expected', what: `a number from 0 to ${max}` }
    this.#numbers.set(key, number)
    return SET
  }
}

function counter({ packets, bytes }: Side): CounterView {
  return { packets: packets ?? 0, bytes: bytes ?? 0 }
}
