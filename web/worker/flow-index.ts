/** Finds the connection that last had a tuple, in either direction: open addressing over the columns of the connections. */
import type { Tuple } from '../../src/conntrack/tuple.ts'
import type { FlowColumns } from './flow-columns.ts'

const FIRST_SIZE = 1024

export class FlowIndex {
  readonly #flows: FlowColumns
  /** Connection * 2 + side + 1; 0 for an empty slot. */
  #slots = new Int32Array(FIRST_SIZE)
  #used = 0
  /** So that nobody can choose addresses that collide. */
  readonly #secret = crypto.getRandomValues(new Uint32Array(1))[0]!

  constructor(flows: FlowColumns) {
    this.#flows = flows
  }

  /** Connection * 2 + side (0 its first packet's direction, 1 the answers'); -1 for none. */
  find(tuple: Tuple): number {
    const slot = this.#slotOf(hashOf(tuple.addresses, 0, tuple.ports, tuple.protocol, this.#secret), (key) =>
      this.#flows.hasTuple(key >> 1, key & 1, tuple),
    )
    return this.#slots[slot]! - 1
  }

  /** Both directions of a connection lead to it from now on, whatever had them before. */
  enter(flow: number): void {
    if ((this.#used + 2) * 2 > this.#slots.length) this.#grow()
    for (let side = 0; side < 2; side++) this.#put(flow * 2 + side)
  }

  #put(key: number): void {
    const slot = this.#slotOf(this.#hash(key), (other) => this.#flows.sameTuple(key, other))
    if (this.#slots[slot] === 0) this.#used++
    this.#slots[slot] = key + 1
  }

  #hash(key: number): number {
    const { tuples, tuplePorts, protocol } = this.#flows
    return hashOf(tuples.values, key * 8, tuplePorts.get(key), protocol.get(key >> 1), this.#secret)
  }

  /** The slot of a key for which `isIt` holds, or the empty one where it would be. */
  #slotOf(hash: number, isIt: (key: number) => boolean): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0 && !isIt(this.#slots[slot]! - 1)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#used = 0
    for (const key of old) if (key !== 0) this.#put(key - 1)
  }
}

/** Of eight address words from `at` on, in the order of murmur3's mixing. */
function hashOf(words: Int32Array, at: number, ports: number, protocol: number, secret: number): number {
  let hash = mixed(mixed(secret, ports), protocol)
  for (let i = 0; i < 8; i++) hash = mixed(hash, words[at + i]!)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85eb_ca6b)
  return hash ^ (hash >>> 13)
}

function mixed(hash: number, word: number): number {
  const part = Math.imul(Math.imul(word, 0xcc9e_2d51) ^ (word >>> 17), 0x1b87_3593)
  const turned = hash ^ part
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe654_6b64) | 0
}
