/** Finds, among many boxes in an order, those that overlap another one and stand in front of a place. */
import { type Box, boxesOverlap, everything, isInside, shareOf, sideOf } from './box.ts'
import type { Taken } from './cover.ts'
import { type Intervals, sizeOf } from './intervals.ts'

export interface Placed<By> extends Taken<By> {
  /** Where it stands; ascending. */
  readonly order: number
}

/** A list of more intervals counts as one from its first to its last number. */
const MOST_INTERVALS = 8

/** So many boxes, one behind the other, are searched at once: of those that stand too late, few are met. */
const CHUNK = 512
/** So many of the largest boxes are asked ahead of all others whether they hold a box by themselves. */
const LARGEST = 64

export class BoxIndex<By> {
  readonly #chunks: readonly Chunk<By>[]
  #largest: readonly Placed<By>[]

  constructor(placed: readonly Placed<By>[], sizes: readonly number[]) {
    const shares = new Map(placed.map((taken) => [taken, shareOf(everything, taken.box, sizes)]))
    this.#largest = [...placed].sort((a, b) => shares.get(b)! - shares.get(a)!).slice(0, LARGEST)
    const chunks: Chunk<By>[] = []
    for (let from = 0; from < placed.length; ) {
      let to = Math.min(from + CHUNK, placed.length)
      // What stands at one place stays together.
      while (to < placed.length && placed[to]!.order === placed[to - 1]!.order) to++
      chunks.push(new Chunk(placed.slice(from, to), sizes))
      from = to
    }
    this.#chunks = chunks
  }

  /** What stands at a place takes nothing: it need not be found. */
  remove(order: number): void {
    if (this.#largest.some((taken) => taken.order === order))
      this.#largest = this.#largest.filter((taken) => taken.order !== order)
    for (const chunk of this.#chunks) if (chunk.first <= order && order <= chunk.last) chunk.remove(order)
  }

  /** One of the largest that holds all of the box; null: none of these does. */
  largeAround(box: Box, before: number): Placed<By> | null {
    return this.#largest.find((taken) => taken.order < before && isInside(box, taken.box)) ?? null
  }

  /**
   * Adds what overlaps the box, as far as a field of the box leads there quickly. The answer is how much of it the others
   * can hold at most: a share.
   */
  near(box: Box, before: number, found: Taken<By>[]): number {
    let others = 0
    for (const chunk of this.#chunks) {
      if (chunk.first >= before) break
      others += chunk.near(box, before, found)
    }
    return others
  }

  /** Adds what `near` left out. */
  others(box: Box, before: number, found: Taken<By>[]): void {
    for (const chunk of this.#chunks) {
      if (chunk.first >= before) break
      chunk.others(box, before, found)
    }
  }
}

class Chunk<By> {
  readonly first: number
  readonly last: number
  readonly #groups: Group<By>[]
  readonly #sizes: readonly number[]

  constructor(placed: readonly Placed<By>[], sizes: readonly number[]) {
    this.first = placed[0]!.order
    this.last = placed[placed.length - 1]!.order
    this.#sizes = sizes
    const byField = new Map<number, Placed<By>[]>()
    for (const taker of placed) {
      const field = narrowestField(taker.box, sizes)
      const group = byField.get(field)
      if (group === undefined) byField.set(field, [taker])
      else group.push(taker)
    }
    this.#groups = [...byField].map(([field, takers]) => new Group(field, takers, sizes[field] ?? 1))
  }

  remove(order: number): void {
    this.#groups.forEach((group, index) => {
      if (!group.remove(order) || !group.isHalfEmpty) return
      this.#groups[index] = new Group(group.field, group.living(), this.#sizes[group.field] ?? 1)
    })
  }

  near(box: Box, before: number, found: Taken<By>[]): number {
    let others = 0
    for (const group of this.#groups) {
      const set = sideOf(box, group.field)
      if (set === null && group.field !== NO_FIELD) others += group.shareBefore(before)
      else group.find(set, box, before, found)
    }
    return others
  }

  others(box: Box, before: number, found: Taken<By>[]): void {
    for (const group of this.#groups)
      if (group.field !== NO_FIELD && sideOf(box, group.field) === null) group.all(box, before, found)
  }
}

/** Of boxes that hold everything. */
const NO_FIELD = -1

function narrowestField(box: Box, sizes: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY
  let narrowest = NO_FIELD
  for (const { field, set } of box) {
    const share = sizeOf(set) / sizes[field]!
    if (share < least) {
      least = share
      narrowest = field
    }
  }
  return narrowest
}

/** The boxes that stand under the same field. */
class Group<By> {
  readonly field: number
  /** In their order. */
  readonly #takers: readonly Placed<By>[]
  /** Of the first n: the sum of their shares of the field. */
  readonly #sums: Float64Array
  /** Intervals by where they begin: ends, and whose they are. */
  readonly #from: Float64Array
  readonly #owner: Int32Array
  /** A heap over the intervals: the last end of all below a node. */
  readonly #lastEnd: Float64Array
  readonly #leaves: number
  readonly #seen: Int32Array
  #stamp = 0
  readonly #size: number
  /** 1: taken out. */
  readonly #removed: Uint8Array
  #removals = 0

  constructor(field: number, takers: readonly Placed<By>[], size: number) {
    this.field = field
    this.#size = size
    this.#takers = takers
    this.#removed = new Uint8Array(takers.length)
    this.#sums = new Float64Array(takers.length + 1)
    const intervals: (readonly [from: number, to: number, owner: number])[] = []
    takers.forEach(({ box }, owner) => {
      const set = sideOf(box, field) ?? [0, size]
      this.#sums[owner + 1] = this.#sums[owner]! + sizeOf(set) / size
      const parts = hull(set)
      for (let i = 0; i < parts.length; i += 2) intervals.push([parts[i]!, parts[i + 1]!, owner])
    })
    intervals.sort((a, b) => a[0] - b[0])
    this.#from = Float64Array.from(intervals, ([from]) => from)
    this.#owner = Int32Array.from(intervals, ([, , owner]) => owner)
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, intervals.length)))
    this.#lastEnd = new Float64Array(2 * this.#leaves)
    intervals.forEach(([, to], i) => {
      this.#lastEnd[this.#leaves + i] = to
    })
    for (let node = this.#leaves - 1; node > 0; node--)
      this.#lastEnd[node] = Math.max(this.#lastEnd[2 * node]!, this.#lastEnd[2 * node + 1]!)
    this.#seen = new Int32Array(takers.length)
  }

  #countBefore(order: number): number {
    let low = 0
    let high = this.#takers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#takers[middle]!.order < order) low = middle + 1
      else high = middle
    }
    return low
  }

  get isHalfEmpty(): boolean {
    return this.#removals * 2 > this.#takers.length
  }

  living(): readonly Placed<By>[] {
    return this.#takers.filter((_, index) => this.#removed[index] === 0)
  }

  /** True if there was something to remove. */
  remove(order: number): boolean {
    const { length } = this.#takers
    const first = this.#countBefore(order)
    let share = 0
    let index = first
    for (; index < length && this.#takers[index]!.order === order; index++) {
      if (this.#removed[index] === 1) continue
      this.#removed[index] = 1
      this.#removals++
      share += sizeOf(sideOf(this.#takers[index]!.box, this.field) ?? [0, this.#size]) / this.#size
    }
    if (share === 0) return false
    for (let sum = index; sum <= length; sum++) this.#sums[sum] = this.#sums[sum]! - share
    return true
  }

  shareBefore(order: number): number {
    return this.#sums[this.#countBefore(order)]!
  }

  all(box: Box, before: number, found: Taken<By>[]): void {
    const count = this.#countBefore(before)
    for (let i = 0; i < count; i++) {
      const taker = this.#takers[i]!
      if (this.#removed[i] === 0 && boxesOverlap(taker.box, box)) found.push(taker)
    }
  }

  find(set: Intervals | null, box: Box, before: number, found: Taken<By>[]): void {
    if (set === null) {
      this.all(box, before, found)
      return
    }
    this.#stamp++
    const parts = hull(set)
    for (let i = 0; i < parts.length; i += 2) this.#search(parts[i]!, parts[i + 1]!, box, before, found)
  }

  #search(from: number, to: number, box: Box, before: number, found: Taken<By>[]): void {
    // Intervals that begin before `to` are the first ones; of those, the ones that end behind `from`.
    let low = 0
    let high = this.#from.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#from[middle]! < to) low = middle + 1
      else high = middle
    }
    const count = low
    const open = [1]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (this.#lastEnd[node]! <= from) continue
      if (node < this.#leaves) {
        // The first leaf below the right half.
        const right = 2 * node + 1
        if (firstLeaf(right, this.#leaves) < count) open.push(right)
        open.push(2 * node)
        continue
      }
      const at = node - this.#leaves
      if (at >= count) continue
      const owner = this.#owner[at]!
      if (this.#seen[owner] === this.#stamp || this.#removed[owner] === 1) continue
      this.#seen[owner] = this.#stamp
      const taker = this.#takers[owner]!
      if (taker.order < before && boxesOverlap(taker.box, box)) found.push(taker)
    }
  }
}

function firstLeaf(node: number, leaves: number): number {
  let leaf = node
  while (leaf < leaves) leaf *= 2
  return leaf - leaves
}

function hull(set: Intervals): Intervals {
  return set.length <= 2 * MOST_INTERVALS ? set : [set[0]!, set[set.length - 1]!]
}
