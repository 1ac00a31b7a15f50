/** Every connection of a run, a number each, in columns. */
import type { Tuple } from '../../src/conntrack/tuple.ts'
import { Bytes, Doubles, Shorts, Words } from './growing.ts'

/** Words of one direction's addresses. */
const ADDRESS_WORDS = 8

export class FlowColumns {
  count = 0
  /** By connection * 2 + side, 8 words each: source, then destination, as in `Tuple`. */
  readonly tuples = new Words()
  /** By connection * 2 + side. */
  readonly tuplePorts = new Words()
  /** As in `Tuple`, with PROTOCOL_IPV6_BIT. */
  readonly protocol = new Words()
  /** Packets of the run, from 1. */
  readonly first = new Words()
  readonly last = new Words()
  /** By connection * 2 + side: 0 who opened it, 1 who answers. */
  readonly packets = new Words()
  /** Of IP, by connection * 2 + side. */
  readonly bytes = new Doubles()
  /** A number of `Histories`. */
  readonly history = new Words()
  /** Packets that are INVALID, and those that were dropped or rejected. */
  readonly invalid = new Words()
  readonly blocked = new Words()
  /** Number of its most telling reason + 1; 0 for none. */
  readonly reason = new Shorts()
  /** The packet that has it, or that was dropped; 0 for none. */
  readonly telling = new Words()
  /** State of the last packet's entry + 1; 0 for none. */
  readonly state = new Bytes()
  /** The packet that put the entry into the table; 0: it never had one. */
  readonly born = new Words()
  /** The packet that took it out again; 0: none did. */
  readonly ended = new Words()
  /** Original zone << 16 | reply zone. */
  readonly zones = new Words()

  /** A new one; `reply` is null where only one direction is known. */
  add(original: Tuple, reply: Tuple | null, packet: number): number {
    const flow = this.count++
    this.setTuples(flow, original, reply)
    this.first.set(flow, packet)
    return flow
  }

  setTuples(flow: number, original: Tuple, reply: Tuple | null): void {
    this.protocol.set(flow, original.protocol)
    this.zones.set(flow, original.zones)
    this.#write(flow * 2, original.addresses, 0, original.ports)
    if (reply !== null) this.#write(flow * 2 + 1, reply.addresses, 0, reply.ports)
    else this.#write(flow * 2 + 1, original.addresses, 4, original.inversePorts)
  }

  /** `turn` 4: source and destination change places. */
  #write(key: number, addresses: Int32Array, turn: number, ports: number): void {
    const at = key * ADDRESS_WORDS
    // The last first, so that the column grows once.
    for (let i = ADDRESS_WORDS - 1; i >= 0; i--) this.tuples.set(at + i, addresses[(i + turn) & 7]!)
    this.tuplePorts.set(key, ports)
  }

  readTuple(flow: number, side: number, tuple: Tuple): void {
    const at = (flow * 2 + side) * ADDRESS_WORDS
    for (let i = 0; i < ADDRESS_WORDS; i++) tuple.addresses[i] = this.tuples.get(at + i)
    tuple.setParts(this.protocol.get(flow), this.tuplePorts.get(flow * 2 + side))
  }

  hasTuple(flow: number, side: number, { addresses, ports, protocol }: Tuple): boolean {
    if (this.protocol.get(flow) !== protocol || this.tuplePorts.get(flow * 2 + side) !== ports) return false
    const at = (flow * 2 + side) * ADDRESS_WORDS
    for (let i = 0; i < ADDRESS_WORDS; i++) if (this.tuples.get(at + i) !== addresses[i]) return false
    return true
  }

  /** Have these (connection * 2 + side) the same tuple? */
  sameTuple(one: number, other: number): boolean {
    if (this.protocol.get(one >> 1) !== this.protocol.get(other >> 1)) return false
    if (this.tuplePorts.get(one) !== this.tuplePorts.get(other)) return false
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      if (this.tuples.get(one * ADDRESS_WORDS + i) !== this.tuples.get(other * ADDRESS_WORDS + i))
        return false
    }
    return true
  }
}
