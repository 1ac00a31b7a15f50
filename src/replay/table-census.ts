/** What fills the state table at a moment. It walks the whole table: for moments that are told, not for every packet. */
import { flowState, PORTS, PROTOCOL, PROTOCOL_IPV6_BIT, STATUS } from '../conntrack/entry.ts'
import { STATUS_ASSURED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { livingEntries, stateName } from '../conntrack/view-entry.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
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

export function tableCensus(tracker: Tracker): TableCensus {
  const { table } = tracker
  const states = new Map<string, number>()
  const sources = new Map<string, number>()
  const services = new Map<string, number>()
  const addresses = new Int32Array(8)
  let entries = 0
  let unreplied = 0
  let assured = 0
  for (const number of livingEntries(tracker)) {
    const words = table.words(number)
    const at = table.at(number)
    const status = words[at + STATUS]!
    const protocol = words[at + PROTOCOL]! & 0xff
    const name = protocolName(protocol)
    table.readAddresses(number, addresses)
    const text = (from: number) =>
      words[at + PROTOCOL]! >= PROTOCOL_IPV6_BIT
        ? `[${formatIPv6(addresses[from]!, addresses[from + 1]!, addresses[from + 2]!, addresses[from + 3]!)}]`
        : formatIPv4(addresses[from]!)
    entries++
    if ((status & STATUS_SEEN_REPLY) === 0) unreplied++
    if ((status & STATUS_ASSURED) !== 0) assured++
    count(states, `${name} ${stateName(protocol, flowState(words, at)) ?? ''}`.trim())
    count(sources, text(0))
    count(services, `${name} ${text(4)}${hasPorts.has(name) ? `:${words[at + PORTS]! & 0xffff}` : ''}`)
  }
  return { entries, unreplied, assured, states: top(states), sources: top(sources), services: top(services) }
}

const hasPorts: ReadonlySet<string> = new Set(['tcp', 'udp', 'udplite', 'sctp'])

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function top(counts: ReadonlyMap<string, number>): Share[] {
  return [...counts]
    .map(([name, entries]) => ({ name, entries }))
    .sort((a, b) => b.entries - a.entries || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN)
}
