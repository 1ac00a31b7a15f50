/** What a capture shows of a router's NAT: of a flow as it left, how it had come. Bounded: the oldest are forgotten. */
import type { FlowHash } from '../conntrack/hash.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import { NOWHERE, Recent } from './recent.ts'

const REMEMBERED = 32_768
const MOST = 64
const TUPLE_WORDS = 11
const PAIR_WORDS = TUPLE_WORDS * 2

export class Mappings {
  readonly #flowHash: FlowHash
  readonly #recent = new Recent(REMEMBERED)
  readonly #words = new Int32Array(REMEMBERED * PAIR_WORDS)
  /** How many were learned. */
  learned = 0

  constructor(flowHash: FlowHash) {
    this.#flowHash = flowHash
  }

  /** A packet with the tuple `came` left with the tuple `left`, whose hash is computed. What was known of that is over. */
  learn(left: Tuple, came: Tuple): void {
    const known = this.#find(left)
    if (known === NOWHERE) this.learned++
    const place = known === NOWHERE ? this.#recent.add(left.hash) : known
    this.#write(place * PAIR_WORDS, left)
    this.#write(place * PAIR_WORDS + TUPLE_WORDS, came)
  }

  /** Fills `came` for a flow that leaves like this, its hash computed; false: nothing is known of it. */
  find(left: Tuple, came: Tuple): boolean {
    if (this.learned === 0) return false
    const place = this.#find(left)
    if (place === NOWHERE) return false
    this.#read(place * PAIR_WORDS + TUPLE_WORDS, came)
    came.zones = left.zones
    came.invertible = true
    came.ahead = 0
    came.computeHash(this.#flowHash)
    return true
  }

  #find(tuple: Tuple): number {
    const { addresses, ports, protocol } = tuple
    const words = this.#words
    let left = MOST
    for (
      let place = this.#recent.first(tuple.hash);
      place !== NOWHERE && left > 0;
      place = this.#recent.older(place)
    ) {
      const at = place * PAIR_WORDS
      let same = words[at + 8] === ports && words[at + 10] === protocol
      for (let i = 0; same && i < 8; i++) same = words[at + i] === addresses[i]
      if (same) return place
      left--
    }
    return NOWHERE
  }

  #write(at: number, { addresses, ports, inversePorts, protocol }: Tuple): void {
    for (let i = 0; i < 8; i++) this.#words[at + i] = addresses[i]!
    this.#words[at + 8] = ports
    this.#words[at + 9] = inversePorts
    this.#words[at + 10] = protocol
  }

  #read(at: number, tuple: Tuple): void {
    for (let i = 0; i < 8; i++) tuple.addresses[i] = this.#words[at + i]!
    tuple.ports = this.#words[at + 8]!
    tuple.inversePorts = this.#words[at + 9]!
    tuple.protocol = this.#words[at + 10]!
  }
}
