/**
 * A product of sets, one a field: the packets that have in each field a value of its set. Fields that are not named may
 * have any value. Sides are in ascending order of their fields; none is empty, so that a box always holds something, and none has
 * every value.
 */
import { complement, type Intervals, intersect, isWithin, overlap, sharedSize, sizeOf } from './intervals.ts'

export interface Side {
  /** Number of the field in its `Space`. */
  readonly field: number
  readonly set: Intervals
}

export type Box = readonly Side[]

/** Every packet. */
export const everything: Box = []

/** The set of a field, or null: any value. */
export function sideOf(box: Box, field: number): Intervals | null {
  for (const side of box) if (side.field === field) return side.set
  return null
}

/** What is in both; null if nothing is. */
export function meet(a: Box, b: Box): Box | null {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const sides: Side[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const left = a[i]
    const right = b[j]
    if (right === undefined || (left !== undefined && left.field < right.field)) {
      sides.push(left!)
      i++
    } else if (left === undefined || right.field < left.field) {
      sides.push(right)
      j++
    } else {
      const set = intersect(left.set, right.set)
      if (set.length === 0) return null
      sides.push({ field: left.field, set })
      i++
      j++
    }
  }
  return sides
}

export function boxesOverlap(a: Box, b: Box): boolean {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const left = a[i]!
    const right = b[j]!
    if (left.field < right.field) i++
    else if (right.field < left.field) j++
    else {
      if (!overlap(left.set, right.set)) return false
      i++
      j++
    }
  }
  return true
}

/** All of `inner` is in `outer`. */
export function isInside(inner: Box, outer: Box): boolean {
  let i = 0
  for (const { field, set } of outer) {
    while (i < inner.length && inner[i]!.field < field) i++
    const side = inner[i]
    if (side === undefined || side.field !== field || !isWithin(side.set, set)) return false
  }
  return true
}

/** The box with one more condition; null if nothing is left. `set` is not every value. */
export function narrowed(box: Box, field: number, set: Intervals): Box | null {
  return set.length === 0 ? null : meet(box, [{ field, set }])
}

/** What is in `box` and not in `other`, as boxes that do not overlap. */
export function minus(box: Box, other: Box, sizes: readonly number[]): Box[] {
  const rest: Box[] = []
  let inside = box
  for (const { field, set } of other) {
    const outside = narrowed(inside, field, complement(set, sizes[field]!))
    if (outside !== null) rest.push(outside)
    const within = narrowed(inside, field, set)
    if (within === null) return [box]
    inside = within
  }
  return rest
}

/** The share of `box` that lies in `other`, in every field counted by its values: 0 to 1. */
export function shareOf(box: Box, other: Box, sizes: readonly number[]): number {
  let share = 1
  let i = 0
  for (const { field, set } of other) {
    while (i < box.length && box[i]!.field < field) i++
    const side = box[i]
    share *=
      side !== undefined && side.field === field
        ? sharedSize(side.set, set) / sizeOf(side.set)
        : sizeOf(set) / sizes[field]!
  }
  return share
}

/** The box without its conditions on some fields: all that it might be where those are not known. */
export function without(box: Box, isUnknown: (field: number) => boolean): Box {
  return box.some(({ field }) => isUnknown(field)) ? box.filter(({ field }) => !isUnknown(field)) : box
}
