/**
 * What only translated entries have: a reply tuple that is not the mirror of the original one.
 *
 * A record of 16 words, one cache line; an entry whose status word has TRANSLATED names it in ADDRESSES. The entries whose
 * source was changed stand in lists, one for each source and source port, the youngest first: a client's socket keeps its
 * outside address and port for whomever it talks to (nf_nat_bysource).
 */
import { ADDRESSES, PORTS, PROTOCOL, PROTOCOL_IPV6_BIT, SOURCE, STATUS, ZONES } from './entry.ts'
import type { FlowHash } from './hash.ts'
import { firstSlot, HashIndex } from './hash-index.ts'
import { Slab } from './slab.ts'
import type { Tuple } from './tuple.ts'

/** Beside the status bits: the entry has a record here. */
export const TRANSLATED = 1 << 29

/** Of the reply tuple: source words 0–3, destination words 4–7. */
export const REPLY_ADDRESSES = 0
/** Its protocol part, as in PORTS. */
export const REPLY_PORTS = 8
/** IPv6: the record of the original tuple's addresses. */
export const ORIGINAL_ADDRESSES = 9
/** MASQUERADE: the interface that the connection left by, 0 for none. */
export const MASQUERADE_INTERFACE = 10
/** Neighbours in the list of the source: entry number + 1, 0 for none. */
const NEXT_OF_SOURCE = 11
const PREVIOUS_OF_SOURCE = 12
const FREE = 15
const RECORD_WORDS = 16

export class Translations {
  readonly records = new Slab(RECORD_WORDS, FREE, 1)
  readonly #entries: Slab
  readonly #flowHash: FlowHash
  readonly #original: Slab
  /** To the youngest entry of a source. */
  readonly #sources = new HashIndex()
  readonly #scratch = new Int32Array(8)
  /** Entries that have a reply tuple of their own, confirmed or not. */
  count = 0

  /** Leaves the memory to those that are made later; not to be used any more. */
  dispose(): void {
    this.records.dispose()
    this.#sources.dispose()
  }

  /** `entries` and the address records of IPv6 entries. */
  constructor(entries: Slab, original: Slab, flowHash: FlowHash) {
    this.#entries = entries
    this.#original = original
    this.#flowHash = flowHash
  }

  /** The record of an entry, made if it has none: then its reply words are not set. */
  record(number: number): number {
    const words = this.#entries.words(number)
    const at = this.#entries.at(number)
    if ((words[at + STATUS]! & TRANSLATED) !== 0) return words[at + ADDRESSES]!
    const record = this.records.allocate()
    const start = this.records.at(record)
    const of = this.records.words(record)
    of.fill(0, start, start + RECORD_WORDS)
    of[start + ORIGINAL_ADDRESSES] = words[at + ADDRESSES]!
    words[at + ADDRESSES] = record
    words[at + STATUS] = words[at + STATUS]! | TRANSLATED
    this.count++
    return record
  }

  /** An entry goes: its record is free. */
  release(number: number): void {
    const words = this.#entries.words(number)
    const at = this.#entries.at(number)
    if ((words[at + STATUS]! & TRANSLATED) === 0) return
    this.records.free(words[at + ADDRESSES]!)
    this.count--
  }

  /** The youngest confirmed entry with the tuple's protocol, source, source part and zone whose source was changed, or -1. */
  firstOfSource(tuple: Tuple): number {
    const { addresses, protocol } = tuple
    const hash = this.#hash(addresses, tuple.ports >>> 16, protocol)
    return this.#head(hash, addresses, tuple.ports >>> 16, protocol, tuple.zones >>> 16)
  }

  /** The next older one, or -1. */
  nextOfSource(number: number): number {
    return this.#word(number, NEXT_OF_SOURCE) - 1
  }

  /** A confirmed entry whose source was changed enters the list of its source. */
  enter(number: number): void {
    const words = this.#entries.words(number)
    const at = this.#entries.at(number)
    const protocol = words[at + PROTOCOL]!
    const part = words[at + PORTS]! >>> 16
    const addresses = this.#readSource(number)
    const hash = this.#hash(addresses, part, protocol)
    const head = this.#head(hash, addresses, part, protocol, words[at + ZONES]! >>> 16)
    if (head >= 0) {
      this.#setWord(head, PREVIOUS_OF_SOURCE, number + 1)
      this.#sources.remove(hash, head + 1)
    }
    this.#setWord(number, NEXT_OF_SOURCE, head + 1)
    this.#setWord(number, PREVIOUS_OF_SOURCE, 0)
    this.#sources.insert(hash, number + 1)
  }

  /** The opposite. */
  leave(number: number): void {
    const next = this.#word(number, NEXT_OF_SOURCE)
    const previous = this.#word(number, PREVIOUS_OF_SOURCE)
    if (next !== 0) this.#setWord(next - 1, PREVIOUS_OF_SOURCE, previous)
    if (previous !== 0) {
      this.#setWord(previous - 1, NEXT_OF_SOURCE, next)
      return
    }
    const words = this.#entries.words(number)
    const at = this.#entries.at(number)
    const hash = this.#hash(this.#readSource(number), words[at + PORTS]! >>> 16, words[at + PROTOCOL]!)
    this.#sources.remove(hash, number + 1)
    if (next !== 0) this.#sources.insert(hash, next)
  }

  get bytes(): number {
    return this.records.bytes + this.#sources.bytes
  }

  #head(hash: number, addresses: Int32Array, part: number, protocol: number, zone: number): number {
    const slots = this.#sources.slots(hash)
    const mask = slots.length - 1
    for (let slot = firstSlot(slots, hash); slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      if (slots[slot] !== hash) continue
      const number = slots[slot + 1]! - 1
      const words = this.#entries.words(number)
      const at = this.#entries.at(number)
      if (
        words[at + PROTOCOL] === protocol &&
        words[at + PORTS]! >>> 16 === part &&
        words[at + ZONES]! >>> 16 === zone &&
        words[at + SOURCE] === addresses[0] &&
        (protocol < PROTOCOL_IPV6_BIT || this.#sameSource(number, addresses))
      ) {
        return number
      }
    }
    return -1
  }

  #sameSource(number: number, addresses: Int32Array): boolean {
    const record = this.#word(number, ORIGINAL_ADDRESSES)
    const words = this.#original.words(record)
    const at = this.#original.at(record)
    for (let i = 1; i < 4; i++) if (words[at + i] !== addresses[i]) return false
    return true
  }

  /** The source of the original direction, in words 0–3 of the scratch array. */
  #readSource(number: number): Int32Array {
    const scratch = this.#scratch
    const words = this.#entries.words(number)
    const at = this.#entries.at(number)
    scratch[0] = words[at + SOURCE]!
    if (words[at + PROTOCOL]! >= PROTOCOL_IPV6_BIT) {
      const record = this.#word(number, ORIGINAL_ADDRESSES)
      const from = this.#original.words(record)
      const start = this.#original.at(record)
      for (let i = 1; i < 4; i++) scratch[i] = from[start + i]!
    }
    return scratch
  }

  #hash(addresses: Int32Array, part: number, protocol: number): number {
    return protocol >= PROTOCOL_IPV6_BIT
      ? this.#flowHash.hash6(addresses, 0, 0, part, protocol)
      : this.#flowHash.hash4(addresses[0]!, 0, part, protocol)
  }

  #word(number: number, word: number): number {
    const record = this.#entries.words(number)[this.#entries.at(number) + ADDRESSES]!
    return this.records.words(record)[this.records.at(record) + word]!
  }

  #setWord(number: number, word: number, value: number): void {
    const record = this.#entries.words(number)[this.#entries.at(number) + ADDRESSES]!
    this.records.words(record)[this.records.at(record) + word] = value
  }
}
