/** Whether a box is held by several others together. */
import { type Box, boxesOverlap, isInside, minus, shareOf } from './box.ts'

/** Packets that a rule takes away from all that stands behind it. */
export interface Taken<By> {
  readonly box: Box
  readonly by: By
}

/** So many comparisons of two boxes are made before the question stays open. */
export class Budget {
  left: number

  constructor(comparisons: number) {
    this.left = comparisons
  }
}

export type Cover<By> =
  /** Who takes part in it. */
  | { readonly covered: true; readonly by: readonly By[] }
  /** Some of this is held by none. */
  | { readonly covered: false; readonly hole: Box }
  /** The budget ran out. */
  | null

/** Shares are added up as floating-point numbers. */
const ROUNDING = 1e-6

export function cover<By>(
  box: Box,
  takers: readonly Taken<By>[],
  sizes: readonly number[],
  budget: Budget,
): Cover<By> {
  const by = new Set<By>()
  const open: { box: Box; takers: readonly Taken<By>[] }[] = [{ box, takers }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const piece = next.box
    budget.left -= next.takers.length
    if (budget.left < 0) return null
    const near = next.takers.filter((taker) => boxesOverlap(taker.box, piece))
    const whole = near.find((taker) => isInside(piece, taker.box))
    if (whole !== undefined) {
      by.add(whole.by)
      continue
    }
    // What is held together is no more than the sum of the parts.
    let sum = 0
    let largest: Taken<By> | null = null
    let share = -1
    for (const taker of near) {
      const part = shareOf(piece, taker.box, sizes)
      sum += part
      if (part > share) {
        share = part
        largest = taker
      }
    }
    if (largest === null || sum < 1 - ROUNDING) return { covered: false, hole: piece }
    by.add(largest.by)
    const rest = near.filter((taker) => taker !== largest)
    for (const part of minus(piece, largest.box, sizes)) open.push({ box: part, takers: rest })
  }
  return { covered: true, by: [...by] }
}
