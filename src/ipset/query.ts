/** What a rule asks of a set, and what it is told. */
import type { Packet } from '../packet/packet.ts'

/** `IpSet.test`. */
export const SET_NO = 0
export const SET_YES = 1
/** The element that fits best is marked `nomatch`. */
export const SET_NOMATCH = 2
/** The capture lacks the bytes that decide. */
export const SET_UNKNOWN = 3

/** How a counter is compared (IPSET_COUNTER_*). */
export type Comparison = 'eq' | 'ne' | 'lt' | 'gt'

export interface CounterTest {
  readonly comparison: Comparison
  readonly value: number
}

/** One object for a rule, reused packet after packet. */
export interface Query {
  readonly family: 'ipv4' | 'ipv6'
  /** For each part of an element: whether the packet's source stands for it. */
  readonly sources: readonly boolean[]
  readonly updateCounters: boolean
  readonly updateSubcounters: boolean
  readonly packets: CounterTest | null
  readonly bytes: CounterTest | null
  readonly returnNomatch: boolean
  /** Adding: an element that is there is written anew. */
  readonly exist: boolean
  /** Adding: in seconds; null for the set's own. */
  readonly timeout: number | null
  /** The clock, in ticks, and how many of them a second has. */
  ticks: number
  readonly hz: number
  /** What the element that was found says (skbinfo); all 0 where it says nothing. */
  mark: number
  markMask: number
  priority: number
}

/** A question with nothing out of the ordinary. */
export function plainQuery(
  family: Query['family'],
  sources: readonly boolean[],
  hz: number,
  more: Partial<Query> = {},
): Query {
  return {
    family,
    sources,
    updateCounters: true,
    updateSubcounters: true,
    packets: null,
    bytes: null,
    returnNomatch: false,
    exist: false,
    timeout: null,
    ticks: 0,
    hz,
    mark: 0,
    markMask: 0,
    priority: 0,
    ...more,
  }
}

/** What every type of set can do. Called once a packet and rule, so it allocates nothing. */
export interface IpSet {
  readonly name: string
  readonly type: string
  /** Null: of no family. */
  readonly family: 'ipv4' | 'ipv6' | null
  /** How many parts an element has. */
  readonly dimension: number
  /** Why rules cannot ask it, as the rest of a sentence that begins with the set; null where they can. */
  readonly unread: string | null
  /** SET_*, as the set says it; `testSet` asks the rest. */
  test(packet: Packet, query: Query, subordinate: boolean): number
  add(packet: Packet, query: Query): boolean
  remove(packet: Packet, query: Query): boolean
  /** Takes all elements away. */
  flush(): void
}

/** ip_set_test: 1 or 0, or SET_UNKNOWN. */
export function testSet(set: IpSet, packet: Packet, query: Query, subordinate = false): number {
  if (!fits(set, query)) return SET_NO
  const found = set.test(packet, query, subordinate)
  if (found === SET_UNKNOWN) return found
  const isYes = query.returnNomatch && canMarkNomatch(set) ? found === SET_NOMATCH : found === SET_YES
  return isYes ? SET_YES : SET_NO
}

/** Asked before a set is changed, too. */
export function fits(set: IpSet, query: Query): boolean {
  return query.sources.length >= set.dimension && (set.family === null || set.family === query.family)
}

function canMarkNomatch({ type }: IpSet): boolean {
  return type.includes('net')
}

export function compareCounter(test: CounterTest | null, counted: number): boolean {
  if (test === null) return true
  switch (test.comparison) {
    case 'eq':
      return counted === test.value
    case 'ne':
      return counted !== test.value
    case 'lt':
      return counted < test.value
    default:
      return counted > test.value
  }
}

/** Why no rule of this family can ask the set, or null. */
export function whyNotAsked({ name, family, unread }: IpSet, ofRule: Query['family']): string | null {
  if (unread !== null) return `the set "${name}" ${unread}`
  if (family === null || family === ofRule) return null
  return `the set "${name}" is of ${family === 'ipv6' ? 'IPv6' : 'IPv4'}: the kernel refuses the rule`
}
