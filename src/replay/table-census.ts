/** What fills the state table at a moment. It walks the whole table: for moments that are told, not for every packet. */
import {
  DESTINATION,
  flowState,
  PORTS,
  PROTOCOL,
  PROTOCOL_IPV6_BIT,
  SOURCE,
  STATUS,
} from '../conntrack/entry.ts'
import { STATUS_ASSURED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { stateName } from '../conntrack/view-entry.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'

/** How many entries have something in common. */
export interface Share {
  /** `tcp ESTABLISHED`, an address, `tcp 192.0.2.9:80`. */
  readonly name: string
  readonly entries: number
}

export interface TableCensus {
  readonly entries: number
  readonly unreplied: number
  readonly assured: number
  /** The most frequent first, at most five each. */
  readonly states: readonly Share[]
  /** Who opened them. */
  readonly sources: readonly Share[]
  /** What they were opened to. */
  readonly services: readonly Share[]
}

const SHOWN = 5
/** Protocols with ports. */
const PORTED: readonly number[] = [PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE, PROTOCOL_SCTP]
/** Values of the part of a key behind the address: a port of each protocol that has some, or a protocol without. */
const SERVICES_OF_ADDRESS = 0x8_0000

export function tableCensus(tracker: Tracker): TableCensus {
  const { table, clock } = tracker
  const states = new Map<number, number>()
  const sources = new Map<number | string, number>()
  const services = new Map<number | string, number>()
  const addresses = new Int32Array(8)
  let entries = 0
  let unreplied = 0
  let assured = 0
  for (let number = 0; number < table.entries.limit; number++) {
    if (!table.isAlive(number, clock.now)) continue
    const words = table.words(number)
    const at = table.at(number)
    const status = words[at + STATUS]!
    const protocol = words[at + PROTOCOL]!
    const bare = protocol & 0xff
    const port = hasPorts(bare) ? words[at + PORTS]! & 0xffff : 0
    entries++
    if ((status & STATUS_SEEN_REPLY) === 0) unreplied++
    if ((status & STATUS_ASSURED) !== 0) assured++
    count(states, (bare << 4) | flowState(words, at))
    if (protocol < PROTOCOL_IPV6_BIT) {
      // Numbers, not texts: a million entries are counted in a moment.
      count(sources, words[at + SOURCE]! >>> 0)
      count(services, serviceKey(words[at + DESTINATION]! >>> 0, port, bare))
      continue
    }
    table.readAddresses(number, addresses)
    count(sources, `[${addressAt(addresses, 0)}]`)
    count(services, serviceText(`[${addressAt(addresses, 4)}]`, port, bare))
  }
  return {
    entries,
    unreplied,
    assured,
    states: top(states, stateText),
    sources: top(sources, (key) => (typeof key === 'string' ? key : formatIPv4(key | 0))),
    services: top(services, (key) => {
      if (typeof key === 'string') return key
      const address = formatIPv4(Math.floor(key / SERVICES_OF_ADDRESS) | 0)
      const service = key % SERVICES_OF_ADDRESS
      const ported = PORTED[Math.floor(service / 0x1_0000)]
      return ported === undefined
        ? serviceText(address, 0, service & 0xffff)
        : serviceText(address, service & 0xffff, ported)
    }),
  }
}

function addressAt(words: Int32Array, at: number): string {
  return formatIPv6(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
}

function stateText(key: number): string {
  const state = stateName(key >>> 4, key & 0xf)
  return state === null ? protocolName(key >>> 4) : `${protocolName(key >>> 4)} ${state}`
}

function serviceText(address: string, port: number, protocol: number): string {
  return `${protocolName(protocol)} ${address}${hasPorts(protocol) ? `:${port}` : ''}`
}

function hasPorts(protocol: number): boolean {
  return PORTED.includes(protocol)
}

/** An address, 8 bits of protocol and 16 of port are more than the 53 bits of a number: the port's place holds one of both. */
function serviceKey(address: number, port: number, protocol: number): number {
  const ported = PORTED.indexOf(protocol)
  const service = ported < 0 ? PORTED.length * 0x1_0000 + protocol : ported * 0x1_0000 + port
  return address * SERVICES_OF_ADDRESS + service
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The most frequent; only these become texts. */
function top<Key>(counts: ReadonlyMap<Key, number>, text: (key: Key) => string): Share[] {
  const most: [key: Key, entries: number][] = []
  for (const pair of counts) {
    if (most.length === SHOWN && pair[1] <= most[SHOWN - 1]![1]) continue
    most.push(pair)
    most.sort((a, b) => b[1] - a[1])
    most.length = Math.min(most.length, SHOWN)
  }
  return most.map(([key, entries]) => ({ name: text(key), entries }))
}
