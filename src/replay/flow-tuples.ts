/** By which addresses and ports the packets of one conversation are known: as NAT has them on either side, too. */
import { ORIGINAL, REPLY } from '../conntrack/status.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import { type FlowTuple, flowTupleOf, isInverse, isSame } from './flow-tuple.ts'

export class FlowTuples {
  readonly #known: { readonly tuple: FlowTuple; readonly direction: number }[] = []

  /** The packets of this tuple go in this direction, ORIGINAL or REPLY; those of its inverse in the other. */
  add(tuple: Tuple, direction: number): void {
    if (this.directionOf(tuple) < 0) this.#known.push({ tuple: flowTupleOf(tuple), direction })
  }

  /** ORIGINAL or REPLY; -1 for a packet of another conversation. */
  directionOf(tuple: Tuple): number {
    for (const known of this.#known) {
      if (isSame(known.tuple, tuple)) return known.direction
      if (isInverse(known.tuple, tuple)) return known.direction === ORIGINAL ? REPLY : ORIGINAL
    }
    return -1
  }
}
