/**
 * The state table: entries, their index and their timers. It knows tuples, zones and deadlines, and nothing of
 * protocols.
 */
import {
  ADDRESSES,
  BYTES,
  DEADLINE,
  DESTINATION,
  ENTRY_WORDS,
  ID,
  NEXT,
  PACKETS,
  PACKETS_HIGH,
  PORTS,
  PROTOCOL,
  PROTOCOL_IPV6_BIT,
  SOURCE,
  STATUS,
  ZONES,
} from './entry.ts'
import type { FillRandom } from './hash.ts'
import { FlowHash } from './hash.ts'
import { firstSlot, HashIndex } from './hash-index.ts'
import { Slab } from './slab.ts'
import {
  ORIGINAL,
  REPLY,
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DYING,
  STATUS_SRC_NAT,
} from './status.ts'
import {
  MASQUERADE_INTERFACE,
  ORIGINAL_ADDRESSES,
  REPLY_ADDRESSES,
  REPLY_PORTS,
  TRANSLATED,
  Translations,
} from './translation.ts'
import type { Tuple } from './tuple.ts'
import { hashWords, inverseParts } from './tuple.ts'
import { TimingWheel } from './wheel.ts'

/** An IPv6 entry's addresses: source, destination. */
const ADDRESS_WORDS = 8
/** The reply tuple is not the mirror of the original one: the entry stands in the index twice. */
const NAT_BITS = STATUS_SRC_NAT | STATUS_DST_NAT

export class StateTable {
  readonly entries = new Slab(ENTRY_WORDS, NEXT)
  readonly addresses = new Slab(ADDRESS_WORDS, 0, 1)
  readonly wheel = new TimingWheel(this.entries)
  readonly flowHash: FlowHash
  readonly translations: Translations
  readonly #index = new HashIndex()
  readonly #scratch = new Int32Array(8)
  #nextId = 1
  /** Where the search for an entry to evict goes on. */
  #turn = 0
  /** Entries, those not yet confirmed and those that expired but were not taken away yet included. */
  count = 0
  /** An entry had a zone for one direction only. */
  hasSplitZones = false

  constructor(fillRandom: FillRandom) {
    this.flowHash = new FlowHash(fillRandom)
    this.translations = new Translations(this.entries, this.addresses, this.flowHash)
  }

  /** Leaves its memory to tables that are made later; this one is not to be used any more. */
  dispose(): void {
    this.entries.dispose()
    this.addresses.dispose()
    this.translations.dispose()
    this.#index.dispose()
  }

  words(number: number): Int32Array {
    return this.entries.words(number)
  }

  at(number: number): number {
    return this.entries.at(number)
  }

  /**
   * Looks up a tuple: entry number × 2 + direction, or -1. The entry may have expired: the caller compares its
   * deadline.
   */
  lookup(tuple: Tuple): number {
    const hash = tuple.hash
    if (tuple.ahead > 0) {
      // Whatever became of the entry since: no two that are confirmed have the same tuple.
      const number = (tuple.ahead - 1) >>> 1
      const direction = this.#matchReference(tuple, tuple.ahead)
      if (direction >= 0 && this.#isConfirmed(number)) return (number << 1) | direction
    }
    const slots = this.#index.slots(hash)
    const mask = slots.length - 1
    for (let slot = firstSlot(slots, hash); ; slot = (slot + 2) & mask) {
      const reference = slots[slot + 1]!
      if (reference === 0) return -1
      if (slots[slot] !== hash) continue
      const number = (reference - 1) >>> 1
      const direction = this.#matchReference(tuple, reference)
      if (direction >= 0) return (number << 1) | direction
    }
  }

  /** What the index names for a hash, or 0: an entry that most likely is the flow's. */
  referenceOf(hash: number): number {
    return this.#index.find(hash)
  }

  #isConfirmed(number: number): boolean {
    return (this.entries.words(number)[this.entries.at(number) + STATUS]! & STATUS_CONFIRMED) !== 0
  }

  /**
   * Reads ahead for `count` packets what `lookup` will need, in three rounds, so that their cache misses overlap: the
   * index, then the entries that it names for the hashes, which go to `references` (0 for none). What it returns is good for
   * nothing but being used.
   */
  lookAhead(hashes: Int32Array, references: Int32Array, count: number): number {
    let sink = this.#index.lookUp(hashes, references, count)
    const segments = this.entries.segments
    for (let i = 0; i < count; i++) {
      const reference = references[i]!
      if (reference === 0) continue
      const number = (reference - 1) >>> 1
      const words = segments[number >>> 15]!
      const at = (number & 0x7fff) << 5
      sink ^= words[at]! ^ words[at | 16]!
    }
    return sink
  }

  #matchReference(tuple: Tuple, reference: number): number {
    const number = (reference - 1) >>> 1
    return (reference & 1) !== 0 ? this.#match(tuple, number) : this.#matchReply(tuple, number)
  }

  #match(tuple: Tuple, number: number): number {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    const addresses = tuple.addresses
    if (words[at + PROTOCOL] !== tuple.protocol) return -1
    const source = words[at + SOURCE]!
    const destination = words[at + DESTINATION]!
    // Not by ADDRESSES, which stands in the second cache line: 11 % of the time at 300,000 connections.
    const ports = words[at + PORTS]!
    const zones = words[at + ZONES]! ^ tuple.zones
    if (tuple.protocol < PROTOCOL_IPV6_BIT) {
      // What differs, in either direction. No branch between the two: none can be predicted, and that costs 5 ns.
      const original =
        (source ^ addresses[0]!) | (destination ^ addresses[4]!) | (ports ^ tuple.ports) | (zones >>> 16)
      const reply =
        (source ^ addresses[4]!) |
        (destination ^ addresses[0]!) |
        (ports ^ tuple.inversePorts) |
        (zones & 0xffff) |
        (words[at + STATUS]! & NAT_BITS)
      // A flow from an end to itself is both: Linux, which has the reply in front, finds that.
      const other = (reply | -reply) >>> 31
      const direction = other ^ 1
      return (original & -other) === 0 && (tuple.invertible || direction === ORIGINAL) ? direction : -1
    }
    if (
      source === addresses[0] &&
      destination === addresses[4] &&
      ports === tuple.ports &&
      zones >>> 16 === 0 &&
      this.#sameAddresses(addresses, this.#originalRecord(words, at), 0)
    ) {
      return source === destination && isItsOwnReply(tuple) ? REPLY : ORIGINAL
    }
    if (
      source === addresses[4] &&
      destination === addresses[0] &&
      tuple.invertible &&
      ports === tuple.inversePorts &&
      (zones & 0xffff) === 0 &&
      (words[at + STATUS]! & NAT_BITS) === 0 &&
      this.#sameAddresses(addresses, this.#originalRecord(words, at), 4)
    ) {
      return REPLY
    }
    return -1
  }

  /** The same for a translated entry's second reference, which stands for its reply tuple. */
  #matchReply(tuple: Tuple, number: number): number {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    if ((words[at + STATUS]! & NAT_BITS) === 0 || words[at + PROTOCOL] !== tuple.protocol) return -1
    if (((words[at + ZONES]! ^ tuple.zones) & 0xffff) !== 0) return -1
    const record = words[at + ADDRESSES]!
    const reply = this.translations.records.words(record)
    const start = this.translations.records.at(record)
    if (reply[start + REPLY_PORTS] !== tuple.ports) return -1
    for (let i = 0; i < 8; i++) if (reply[start + REPLY_ADDRESSES + i] !== tuple.addresses[i]) return -1
    return REPLY
  }

  /** The record of an IPv6 entry's original addresses. */
  #originalRecord(words: Int32Array, at: number): number {
    const record = words[at + ADDRESSES]!
    if ((words[at + STATUS]! & TRANSLATED) === 0) return record
    const { records } = this.translations
    return records.words(record)[records.at(record) + ORIGINAL_ADDRESSES]!
  }

  /** `turn` 0: the record's source is the tuple's source; 4: it is its destination. */
  #sameAddresses(addresses: Int32Array, record: number, turn: number): boolean {
    const words = this.addresses.words(record)
    const at = this.addresses.at(record)
    for (let i = 1; i < 4; i++) {
      if (words[at + i] !== addresses[i + turn]) return false
      if (words[at + 4 + i] !== addresses[(i + 4 + turn) & 7]) return false
    }
    return true
  }

  /** A new entry with the tuple as its original direction: not confirmed, so in no index and without a timer. */
  create({ addresses, ports, protocol, zones }: Tuple): number {
    const number = this.create4(addresses[0]!, addresses[4]!, ports, protocol, zones)
    if (zones >>> 16 !== (zones & 0xffff)) this.hasSplitZones = true
    if (protocol >= PROTOCOL_IPV6_BIT) {
      const record = this.addresses.allocate()
      this.addresses.words(record).set(addresses, this.addresses.at(record))
      this.entries.words(number)[this.entries.at(number) + ADDRESSES] = record
    }
    return number
  }

  /** The same of IPv4, with one zone for both directions. */
  create4(source: number, destination: number, ports: number, protocol: number, zones: number): number {
    const number = this.entries.allocate()
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    // A call of `fill` takes longer.
    for (let i = 0; i < ENTRY_WORDS; i++) words[at | i] = 0
    words[at | SOURCE] = source
    words[at | DESTINATION] = destination
    words[at | PORTS] = ports
    words[at | PROTOCOL] = protocol
    words[at | ZONES] = zones
    words[at | ID] = this.#nextId++
    this.count++
    return number
  }

  /** Puts an entry into index and wheel; its deadline word holds its lifetime until now. */
  confirm(number: number, hash: number, now: number): void {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    words[at + DEADLINE] = words[at + DEADLINE]! + now
    words[at + STATUS] = words[at + STATUS]! | STATUS_CONFIRMED
    if ((words[at + STATUS]! & NAT_BITS) !== 0) {
      this.#index.insert(this.#replyHash(words, at), number * 2 + 2)
      if ((words[at + STATUS]! & STATUS_SRC_NAT) !== 0) this.translations.enter(number)
    }
    this.#index.insert(hash, number * 2 + 1)
    this.wheel.file(number)
  }

  /** Takes an entry away, confirmed or not. */
  remove(number: number): void {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    if ((words[at + STATUS]! & STATUS_CONFIRMED) !== 0) {
      this.#index.remove(this.#hashOf(words, at), number * 2 + 1)
      if ((words[at + STATUS]! & NAT_BITS) !== 0) {
        this.#index.remove(this.#replyHash(words, at), number * 2 + 2)
        if ((words[at + STATUS]! & STATUS_SRC_NAT) !== 0) this.translations.leave(number)
      }
      this.wheel.remove(number)
    }
    if (words[at + PROTOCOL]! >= PROTOCOL_IPV6_BIT) this.addresses.free(this.#originalRecord(words, at))
    this.translations.release(number)
    // What is left stays readable until another entry gets it.
    words[at + STATUS] = words[at + STATUS]! & TRANSLATED
    this.entries.free(number)
    this.count--
  }

  /** Counts a packet of so many bytes in an entry that is accounted. */
  account(words: Int32Array, at: number, direction: number, bytes: number): void {
    const packets = at + PACKETS + direction
    words[packets] = words[packets]! + 1
    if (words[packets] === 0)
      words[at + PACKETS_HIGH] = words[at + PACKETS_HIGH]! + (direction === ORIGINAL ? 0x10000 : 1)
    // Two words, the high one in units of 2^32.
    const counter = at + BYTES + direction * 2
    const low = words[counter]! >>> 0
    words[counter] = low + bytes
    if (low + bytes > 0xffff_ffff) words[counter + 1] = words[counter + 1]! + 1
  }

  /** Confirmed and not expired at `now`. */
  isAlive(number: number, now: number): boolean {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    const status = words[at + STATUS]!
    return (
      (status & (STATUS_CONFIRMED | STATUS_DYING)) === STATUS_CONFIRMED &&
      ((words[at + DEADLINE]! - now) | 0) > 0
    )
  }

  /**
   * An entry that may be evicted for a new one: not ASSURED, among the next `many` entries in turn; -1 if all of these
   * are. Linux looks into buckets that its secret key chose, so any choice of the right number is as good as its own.
   */
  evictable(many: number): number {
    const { limit } = this.entries
    let left = many
    for (let steps = 0; left > 0 && steps < limit; steps++) {
      const number = this.#turn
      this.#turn = number + 1 < limit ? number + 1 : 0
      const status = this.entries.words(number)[this.entries.at(number) + STATUS]!
      if ((status & (STATUS_CONFIRMED | STATUS_DYING)) !== STATUS_CONFIRMED) continue
      if ((status & STATUS_ASSURED) === 0) return number
      left--
    }
    return -1
  }

  /** Copies the addresses of an entry's original direction: source to words 0–3, destination to 4–7. */
  readAddresses(number: number, into: Int32Array): void {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    if (words[at + PROTOCOL]! < PROTOCOL_IPV6_BIT) into.fill(0)
    else {
      const record = this.#originalRecord(words, at)
      const from = this.addresses.words(record)
      const start = this.addresses.at(record)
      for (let i = 1; i < 8; i++) into[i] = from[start + i]!
    }
    into[0] = words[at + SOURCE]!
    into[4] = words[at + DESTINATION]!
  }

  /**
   * Fills a tuple with an entry's ORIGINAL or REPLY direction; its hash is not computed. Of an entry that was removed, too,
   * until another one gets its number.
   */
  readTuple(number: number, direction: number, tuple: Tuple, status = this.#statusOf(number)): void {
    const words = this.entries.words(number)
    const at = this.entries.at(number)
    const { addresses } = tuple
    tuple.protocol = words[at + PROTOCOL]!
    tuple.zones = words[at + ZONES]!
    tuple.invertible = true
    tuple.ahead = 0
    if (direction === REPLY && (status & NAT_BITS) !== 0) {
      const record = words[at + ADDRESSES]!
      const reply = this.translations.records.words(record)
      const start = this.translations.records.at(record)
      for (let i = 0; i < 8; i++) addresses[i] = reply[start + REPLY_ADDRESSES + i]!
      tuple.ports = reply[start + REPLY_PORTS]!
      tuple.inversePorts = inverseParts(tuple.ports, tuple.protocol)
      return
    }
    this.readAddresses(number, addresses)
    const ports = words[at + PORTS]!
    const inverse = inverseParts(ports, tuple.protocol)
    if (direction === ORIGINAL) {
      tuple.ports = ports
      tuple.inversePorts = inverse
      return
    }
    tuple.ports = inverse
    tuple.inversePorts = ports
    for (let i = 0; i < 4; i++) {
      const source = addresses[i]!
      addresses[i] = addresses[4 + i]!
      addresses[4 + i] = source
    }
  }

  /**
   * Gives an entry that is not confirmed a reply tuple of its own (nf_conntrack_alter_reply); the caller sets SRC_NAT or
   * DST_NAT.
   */
  setReply(number: number, { addresses, ports }: Tuple): void {
    const record = this.translations.record(number)
    const words = this.translations.records.words(record)
    const start = this.translations.records.at(record)
    for (let i = 0; i < 8; i++) words[start + REPLY_ADDRESSES + i] = addresses[i]!
    words[start + REPLY_PORTS] = ports
  }

  /** The interface that MASQUERADE tied the entry to, or 0. */
  masqueradeInterface(number: number): number {
    if ((this.#statusOf(number) & TRANSLATED) === 0) return 0
    const record = this.entries.words(number)[this.entries.at(number) + ADDRESSES]!
    return this.translations.records.words(record)[
      this.translations.records.at(record) + MASQUERADE_INTERFACE
    ]!
  }

  setMasqueradeInterface(number: number, interfaceNumber: number): void {
    const record = this.translations.record(number)
    this.translations.records.words(record)[this.translations.records.at(record) + MASQUERADE_INTERFACE] =
      interfaceNumber
  }

  #statusOf(number: number): number {
    return this.entries.words(number)[this.entries.at(number) + STATUS]!
  }

  /** Bytes of memory taken by entries, addresses and index. */
  get bytes(): number {
    return this.entries.bytes + this.addresses.bytes + this.translations.bytes + this.#index.bytes
  }

  #hashOf(words: Int32Array, at: number): number {
    const ports = words[at + PORTS]!
    const protocol = words[at + PROTOCOL]!
    if (protocol >= PROTOCOL_IPV6_BIT) {
      const record = this.#originalRecord(words, at)
      const start = this.addresses.at(record)
      return hashWords(this.flowHash, this.addresses.words(record), start, start + 4, ports, protocol)
    }
    this.#scratch[0] = words[at + SOURCE]!
    this.#scratch[4] = words[at + DESTINATION]!
    return hashWords(this.flowHash, this.#scratch, 0, 4, ports, protocol)
  }

  /** Hash of a translated entry's reply tuple. */
  #replyHash(words: Int32Array, at: number): number {
    const record = words[at + ADDRESSES]!
    const reply = this.translations.records.words(record)
    const start = this.translations.records.at(record)
    const source = start + REPLY_ADDRESSES
    return hashWords(
      this.flowHash,
      reply,
      source,
      source + 4,
      reply[start + REPLY_PORTS]!,
      words[at + PROTOCOL]!,
    )
  }
}

/** IPv6: a flow from an end to itself. */
function isItsOwnReply({ addresses, ports, inversePorts }: Tuple): boolean {
  if (ports !== inversePorts) return false
  for (let i = 1; i < 4; i++) if (addresses[i] !== addresses[4 + i]) return false
  return true
}
