/** Connections counted by a key, as connlimit counts them (nf_conncount). */
import { flowState, PROTOCOL } from '../conntrack/entry.ts'
import type { StateTable } from '../conntrack/table.ts'
import { CLOSE, TIME_WAIT } from '../conntrack/tcp/state.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import { PROTOCOL_TCP } from '../packet/packet.ts'

/** CONNCOUNT_GC_MAX_NODES: one look drops no more than this and one, and so many may come without a look. */
const LOOK_LIMIT = 64

const NODE_WORDS = 16
/** Words 0–7 of a node: the tuple's addresses. */
const NODE_PORTS = 8
const NODE_INVERSE = 9
const NODE_PROTOCOL = 10
const NODE_ZONES = 11
const NODE_HASH = 12
const NODE_NEXT = 13
const NONE = -1
const FIRST_NODES = 64
const FIRST_BUCKETS = 64
const KEY_WORDS = 5

/** What the state table knows of a packet's connection: nothing yet. */
export const KNOWN_NOT = 0
/** It is in the table. */
export const KNOWN_CONFIRMED = 1
/** It is ASSURED. */
export const KNOWN_ASSURED = 2

/** The connections of one key. */
class Connections {
  readonly key: Int32Array
  /** In its bucket. */
  next: Connections | null
  first = NONE
  last = NONE
  count = 0
  /** The tick of the last look at all of them, and how many were left then. */
  lookTick: number
  lookCount = 0

  constructor(key: Int32Array, next: Connections | null, tick: number) {
    this.key = Int32Array.from(key)
    this.next = next
    this.lookTick = tick
  }
}

/** The connections that one rule counts: keys of five words, for each a list of tuples. */
export class ConnectionCount {
  readonly #table: StateTable
  readonly #tracker: Tracker
  readonly #scratch: Tuple
  #nodes = new Int32Array(FIRST_NODES * NODE_WORDS)
  #free = NONE
  #fresh = 0
  #buckets: (Connections | null)[] = new Array(FIRST_BUCKETS).fill(null)
  #keys = 0

  /** @param scratch Overwritten by every call. */
  constructor(tracker: Tracker, scratch: Tuple) {
    this.#tracker = tracker
    this.#table = tracker.table
    this.#scratch = scratch
  }

  /**
   * How many connections a key has, that of the packet included: its original tuple, with its hash. 0 where the last one
   * was that of the packet, and is closed.
   */
  count(key: Int32Array, tuple: Tuple, known: number): number {
    const { now } = this.#tracker.clock
    let connections = this.#find(key)
    if (connections === null) {
      connections = this.#begin(key, now)
      this.#add(connections, tuple)
      return connections.count
    }
    if (known === KNOWN_ASSURED) {
      // It was added when it began, or is of no interest.
      if (connections.lookTick !== now) this.#look(connections, null, now)
      return connections.count
    }
    const unseen =
      known === KNOWN_NOT &&
      connections.lookTick === now &&
      connections.count - connections.lookCount < LOOK_LIMIT
    if (unseen || !this.#look(connections, tuple, now)) this.#add(connections, tuple)
    return connections.count
  }

  /** Drops what is gone or closed; true as soon as `sought` is met. */
  #look(connections: Connections, sought: Tuple | null, now: number): boolean {
    let dropped = 0
    let before = NONE
    for (let node = connections.first; node !== NONE && dropped <= LOOK_LIMIT; ) {
      const at = node * NODE_WORDS
      const next = this.#nodes[at + NODE_NEXT]!
      const entry = this.#entryOf(at, now)
      if (entry >= 0 && sought !== null && this.#isTuple(at, sought)) return true
      if (entry >= 0 && !this.#isClosed(entry)) before = node
      else {
        this.#drop(connections, node, before)
        dropped++
      }
      node = next
    }
    connections.lookTick = now
    connections.lookCount = connections.count
    return false
  }

  #entryOf(at: number, now: number): number {
    const nodes = this.#nodes
    const tuple = this.#scratch
    for (let i = 0; i < 8; i++) tuple.addresses[i] = nodes[at + i]!
    tuple.ports = nodes[at + NODE_PORTS]!
    tuple.inversePorts = nodes[at + NODE_INVERSE]!
    tuple.protocol = nodes[at + NODE_PROTOCOL]!
    tuple.zones = nodes[at + NODE_ZONES]!
    tuple.hash = nodes[at + NODE_HASH]!
    tuple.invertible = tuple.inversePorts !== -1
    const found = this.#table.lookup(tuple)
    return found >= 0 && this.#table.isAlive(found >> 1, now) ? found >> 1 : NONE
  }

  #isTuple(at: number, tuple: Tuple): boolean {
    const nodes = this.#nodes
    if (nodes[at + NODE_PORTS] !== tuple.ports || nodes[at + NODE_PROTOCOL] !== tuple.protocol) return false
    if (nodes[at + NODE_ZONES] !== tuple.zones) return false
    for (let i = 0; i < 8; i++) if (nodes[at + i] !== tuple.addresses[i]) return false
    return true
  }

  /** already_closed. */
  #isClosed(entry: number): boolean {
    const words = this.#table.words(entry)
    const at = this.#table.at(entry)
    if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP) return false
    const state = flowState(words, at)
    return state === TIME_WAIT || state === CLOSE
  }

  #add(connections: Connections, tuple: Tuple): void {
    let node = this.#free
    if (node === NONE) {
      node = this.#fresh++
      if (this.#fresh * NODE_WORDS > this.#nodes.length) {
        const grown = new Int32Array(this.#nodes.length * 2)
        grown.set(this.#nodes)
        this.#nodes = grown
      }
    } else this.#free = this.#nodes[node * NODE_WORDS + NODE_NEXT]!
    const nodes = this.#nodes
    const at = node * NODE_WORDS
    for (let i = 0; i < 8; i++) nodes[at + i] = tuple.addresses[i]!
    nodes[at + NODE_PORTS] = tuple.ports
    nodes[at + NODE_INVERSE] = tuple.invertible ? tuple.inversePorts : -1
    nodes[at + NODE_PROTOCOL] = tuple.protocol
    nodes[at + NODE_ZONES] = tuple.zones
    nodes[at + NODE_HASH] = tuple.hash
    nodes[at + NODE_NEXT] = NONE
    if (connections.last === NONE) connections.first = node
    else nodes[connections.last * NODE_WORDS + NODE_NEXT] = node
    connections.last = node
    connections.count++
  }

  #drop(connections: Connections, node: number, before: number): void {
    const nodes = this.#nodes
    const next = nodes[node * NODE_WORDS + NODE_NEXT]!
    if (before === NONE) connections.first = next
    else nodes[before * NODE_WORDS + NODE_NEXT] = next
    if (next === NONE) connections.last = before
    nodes[node * NODE_WORDS + NODE_NEXT] = this.#free
    this.#free = node
    connections.count--
  }

  #find(key: Int32Array): Connections | null {
    let connections: Connections | null = this.#buckets[bucketOf(key, this.#buckets.length)]!
    while (connections !== null) {
      const other = connections.key
      let i = 0
      while (i < KEY_WORDS && other[i] === key[i]) i++
      if (i === KEY_WORDS) return connections
      connections = connections.next
    }
    return null
  }

  #begin(key: Int32Array, now: number): Connections {
    if (++this.#keys > this.#buckets.length) this.#rehash(now)
    const bucket = bucketOf(key, this.#buckets.length)
    const made = new Connections(key, this.#buckets[bucket]!, now)
    this.#buckets[bucket] = made
    return made
  }

  /** Forgets keys without connections, and spreads the others over as many buckets as they need. */
  #rehash(now: number): void {
    const living: Connections[] = []
    for (let connections of this.#buckets) {
      for (; connections !== null; connections = connections.next) {
        if (connections.lookTick !== now) this.#look(connections, null, now)
        if (connections.count > 0) living.push(connections)
      }
    }
    const size = living.length * 2 > this.#buckets.length ? this.#buckets.length * 2 : this.#buckets.length
    this.#buckets = new Array(size).fill(null)
    for (const connections of living) {
      const bucket = bucketOf(connections.key, size)
      connections.next = this.#buckets[bucket]!
      this.#buckets[bucket] = connections
    }
    this.#keys = living.length + 1
  }
}

function bucketOf(key: Int32Array, buckets: number): number {
  let mixed = key[0]!
  for (let i = 1; i < KEY_WORDS; i++) mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) ^ key[i]!
  mixed = Math.imul(mixed, 0x9e37_79b1)
  return (mixed ^ (mixed >>> 16)) & (buckets - 1)
}
