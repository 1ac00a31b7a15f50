/** Finds the connection that last had a tuple, in either direction: open addressing over the columns of the connections. */
import type { Tuple } from '../../src/conntrack/tuple.ts'
import type { FlowColumns } from './flow-columns.ts'

const FIRST_SIZE = 1024

export class FlowIndex {
  readonly #flows: FlowColumns
  /** Two words a slot: connection * 2 + side + 1, or 0 for an empty one; and the hash, so that few tuples have to be read. */
  #slots = new Int32Array(FIRST_SIZE * 2)
  #mask = FIRST_SIZE - 1
  #used = 0
  /** So that nobody can choose addresses that collide. */
  readonly #secret = crypto.getRandomValues(new Uint32Array(1))[0]!

  constructor(flows: FlowColumns) {
    this.#flows = flows
  }

  get byteLength(): number {
    return this.#slots.byteLength
  }

  /** Connection * 2 + side (0 its first packet's direction, 1 the answers'); -1 for none. */
  find(tuple: Tuple): number {
    const hash = hashOf(tuple.addresses, 0, tuple.ports, tuple.protocol, this.#secret)
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const key = this.#slots[slot * 2]! - 1
      if (key < 0) return -1
      if (this.#slots[slot * 2 + 1] === hash && this.#flows.hasTuple(key >> 1, key & 1, tuple)) return key
    }
  }

  /** Both directions of a connection lead to it from now on, whatever had them before. */
  enter(flow: number): void {
    if ((this.#used + 2) * 2 > this.#mask) this.#grow()
    for (let side = 0; side < 2; side++) this.#put(flow * 2 + side)
  }

  #put(key: number): void {
    const { tuples, tuplePorts, protocol } = this.#flows
    const hash = hashOf(tuples.values, key * 8, tuplePorts.get(key), protocol.get(key >> 1), this.#secret)
    let slot = hash & this.#mask
    for (; this.#slots[slot * 2] !== 0; slot = (slot + 1) & this.#mask) {
      if (this.#slots[slot * 2 + 1] !== hash) continue
      if (this.#flows.sameTuple(key, this.#slots[slot * 2]! - 1)) break
    }
    if (this.#slots[slot * 2] === 0) this.#used++
    this.#slots[slot * 2] = key + 1
    this.#slots[slot * 2 + 1] = hash
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = old.length - 1
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === 0) continue
      // None has the tuple of another.
      let slot = old[at + 1]! & this.#mask
      while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot * 2] = old[at]!
      this.#slots[slot * 2 + 1] = old[at + 1]!
    }
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
