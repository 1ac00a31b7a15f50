/** SYN+ACKs without a connection, kept in case that the SYN that they answer comes behind them: bounded, the oldest is let go first. */
import type { Tuple } from '../conntrack/tuple.ts'
import { type FlowTuple, flowTupleOf, isInverse, isSame } from './flow-tuple.ts'
import type { DecidedBy } from './record.ts'

/** SYN+ACKs that are kept, and connections of which one came too early. */
const MOST = 512

export interface EarlyAnswer {
  readonly tuple: Tuple
  readonly acknowledgment: number
  readonly number: number
  /** Who dropped it; null where nobody did. */
  readonly decidedBy: DecidedBy | null
}

export class EarlyAnswers {
  readonly #waiting = new Map<number, EarlyAnswer>()
  readonly #met = new Map<number, FlowTuple>()

  /** Keeps a copy of the tuple, whose hash is computed; answers what has to make room for it. */
  add(answer: EarlyAnswer): EarlyAnswer | null {
    const { hash } = answer.tuple
    const gone = this.#waiting.get(hash) ?? (this.#waiting.size < MOST ? null : this.#oldest())
    if (gone !== null) this.#waiting.delete(gone.tuple.hash)
    this.#waiting.set(hash, answer)
    return gone
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** A SYN of this tuple and sequence number: the answer to it that came ahead, or null. */
  meet(tuple: Tuple, sequence: number): EarlyAnswer | null {
    const early = this.#waiting.get(tuple.hash)
    if (early === undefined || !isInverse(flowTupleOf(early.tuple), tuple)) return null
    if (((sequence + 1) | 0) !== (early.acknowledgment | 0)) return null
    this.#waiting.delete(tuple.hash)
    if (this.#met.size < MOST) this.#met.set(tuple.hash, flowTupleOf(early.tuple))
    return early
  }

  /** Is this a connection whose SYN+ACK came ahead of its SYN? */
  hasMet(tuple: Tuple): boolean {
    const known = this.#met.get(tuple.hash)
    return known !== undefined && (isSame(known, tuple) || isInverse(known, tuple))
  }

  /** Those whose SYN never came. */
  get left(): Iterable<EarlyAnswer> {
    return this.#waiting.values()
  }

  #oldest(): EarlyAnswer {
    return this.#waiting.values().next().value!
  }
}
