/** Conversations in which something was found, by what was: bounded, with the first of each kept. */
import type { Tuple } from '../conntrack/tuple.ts'
import { viewTuple } from '../conntrack/view-entry.ts'
import { protocolName } from '../packet/protocol.ts'
import type { FindingFlow } from './finding.ts'
import { type FlowTuple, flowTupleOf, isInverse, isSame } from './flow-tuple.ts'
import type { DecidedBy } from './record.ts'

/** Conversations that are told apart. */
const MOST = 512
const SHOWN = 3

interface Troubled {
  readonly tuple: FlowTuple
  readonly view: Omit<FindingFlow, 'packets' | 'first'>
  packets: number
  first: number
}

export class TroubledFlows {
  packets = 0
  blocked = 0
  first = 0
  /** Seconds. */
  latest = 0
  decidedBy: DecidedBy | null = null
  readonly #flows = new Map<number, Troubled>()
  #isMore = false

  /** `decidedBy`: asked for the first packet that was dropped. */
  add(tuple: Tuple, number: number, decidedBy: (() => DecidedBy) | null, late = 0): void {
    this.count(number, decidedBy)
    if (late > this.latest) this.latest = late
    const known = this.#flows.get(tuple.hash)
    if (known !== undefined) {
      if (isSame(known.tuple, tuple) || isInverse(known.tuple, tuple)) this.#again(known, number)
      else this.#isMore = true
    } else if (this.#flows.size < MOST) {
      const view = { protocol: protocolName(tuple.protocol & 0xff), ...viewTuple(tuple) }
      this.#flows.set(tuple.hash, { tuple: flowTupleOf(tuple), view, packets: 1, first: number })
    } else this.#isMore = true
  }

  #again(known: Troubled, number: number): void {
    known.packets++
    if (number < known.first) known.first = number
  }

  /** A packet whose conversation does not matter. Not always in order: what something is may show later. */
  count(number: number, decidedBy: (() => DecidedBy) | null): void {
    if (this.packets === 0 || number < this.first) this.first = number
    this.packets++
    if (decidedBy === null) return
    this.blocked++
    this.decidedBy ??= decidedBy()
  }

  get flows(): number {
    return this.#flows.size
  }

  get isMore(): boolean {
    return this.#isMore
  }

  /** Most packets first. */
  get examples(): FindingFlow[] {
    return [...this.#flows.values()]
      .sort((a, b) => b.packets - a.packets || a.first - b.first)
      .slice(0, SHOWN)
      .map(({ view, packets, first }) => ({ ...view, packets, first }))
  }
}
