/**
 * Sets of whole numbers: ascending ends of half-open intervals, `[from, to, from, to, …]`, that neither touch nor overlap.
 * The empty list is the empty set.
 */
export type Intervals = readonly number[]

export const nothing: Intervals = []

/** The number itself. */
export function one(value: number): Intervals {
  return [value, value + 1]
}

/** Both ends belong to it; reversed ends hold nothing. */
export function between(from: number, to: number): Intervals {
  return to < from ? nothing : [from, to + 1]
}

export function holds(set: Intervals, value: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (value < set[i + 1]!) return value >= set[i]!
  return false
}

export function intersect(a: Intervals, b: Intervals): Intervals {
  const both: number[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i]!, b[j]!)
    const to = Math.min(a[i + 1]!, b[j + 1]!)
    if (from < to) both.push(from, to)
    if (a[i + 1]! < b[j + 1]!) i += 2
    else j += 2
  }
  return both
}

export function overlap(a: Intervals, b: Intervals): boolean {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (Math.max(a[i]!, b[j]!) < Math.min(a[i + 1]!, b[j + 1]!)) return true
    if (a[i + 1]! < b[j + 1]!) i += 2
    else j += 2
  }
  return false
}

/** How many numbers both hold. */
export function sharedSize(a: Intervals, b: Intervals): number {
  let size = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i]!, b[j]!)
    const to = Math.min(a[i + 1]!, b[j + 1]!)
    if (from < to) size += to - from
    if (a[i + 1]! < b[j + 1]!) i += 2
    else j += 2
  }
  return size
}

/** Everything in `inner` is in `outer`. */
export function isWithin(inner: Intervals, outer: Intervals): boolean {
  let j = 0
  for (let i = 0; i < inner.length; i += 2) {
    while (j < outer.length && outer[j + 1]! < inner[i + 1]!) j += 2
    if (j >= outer.length || outer[j]! > inner[i]!) return false
  }
  return true
}

/** The numbers from 0 to `size` − 1 that are not in the set. */
export function complement(set: Intervals, size: number): Intervals {
  const rest: number[] = []
  let from = 0
  for (let i = 0; i < set.length; i += 2) {
    if (from < set[i]!) rest.push(from, set[i]!)
    from = set[i + 1]!
  }
  if (from < size) rest.push(from, size)
  return rest
}

/** All that is in one of them, whatever their order and overlaps. */
export function union(sets: readonly Intervals[]): Intervals {
  const parts: [from: number, to: number][] = []
  for (const set of sets) for (let i = 0; i < set.length; i += 2) parts.push([set[i]!, set[i + 1]!])
  parts.sort((a, b) => a[0] - b[0])
  const all: number[] = []
  for (const [from, to] of parts) {
    const last = all.length - 1
    if (last > 0 && from <= all[last]!) all[last] = Math.max(all[last]!, to)
    else all.push(from, to)
  }
  return all
}

/** It holds all numbers from 0 to `size` − 1. */
export function isEverything(set: Intervals, size: number): boolean {
  return set.length === 2 && set[0] === 0 && set[1]! >= size
}

/** How many numbers it holds. */
export function sizeOf(set: Intervals): number {
  let size = 0
  for (let i = 0; i < set.length; i += 2) size += set[i + 1]! - set[i]!
  return size
}

/** The numbers below `size` of which the predicate is true; for sets of few numbers only. */
export function where(size: number, predicate: (value: number) => boolean): Intervals {
  const found: number[] = []
  for (let value = 0; value < size; value++) {
    if (!predicate(value)) continue
    if (found[found.length - 1] === value) found[found.length - 1] = value + 1
    else found.push(value, value + 1)
  }
  return found
}
