import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Box, boxesOverlap, isInside, meet, minus, shareOf } from './box.ts'
import { Budget, cover } from './cover.ts'
import { holds, where } from './intervals.ts'

const SIZES = [4, 3, 5]
type Point = readonly number[]
const points: Point[] = [0, 1, 2, 3].flatMap((a) =>
  [0, 1, 2].flatMap((b) => [0, 1, 2, 3, 4].map((c) => [a, b, c])),
)
const contains = (box: Box, point: Point) => box.every(({ field, set }) => holds(set, point[field]!))

const side = (field: number) =>
  fc
    .array(fc.boolean(), { minLength: SIZES[field]!, maxLength: SIZES[field]! })
    .filter((bits) => bits.includes(true) && bits.includes(false))
    .map((bits) => ({ field, set: where(SIZES[field]!, (value) => bits[value]!) }))
const boxes: fc.Arbitrary<Box> = fc
  .tuple(...SIZES.map((_, field) => fc.option(side(field), { freq: 2 })))
  .map((sides) => sides.filter((one) => one !== null))

test('any two boxes: their operations are those of sets of points', () => {
  fc.assert(
    fc.property(boxes, boxes, (a, b) => {
      const inA = points.filter((point) => contains(a, point))
      const both = inA.filter((point) => contains(b, point))
      const met = meet(a, b)
      expect(met === null ? [] : points.filter((point) => contains(met, point))).toEqual(both)
      expect(boxesOverlap(a, b)).toBe(both.length > 0)
      expect(isInside(a, b)).toBe(both.length === inA.length)
      expect(shareOf(a, b, SIZES)).toBeCloseTo(both.length / inA.length)
      const rest = minus(a, b, SIZES)
      for (const point of points) {
        const times = rest.filter((box) => contains(box, point)).length
        expect(times).toBe(contains(a, point) && !contains(b, point) ? 1 : 0)
      }
    }),
  )
})

test('any boxes: covered just if each point is, by those that are named', () => {
  fc.assert(
    fc.property(boxes, fc.array(boxes, { maxLength: 7 }), (box, others) => {
      const takers = others.map((other, by) => ({ box: other, by }))
      const inside = points.filter((point) => contains(box, point))
      const result = cover(box, takers, SIZES, new Budget(100_000))!
      expect(result.covered).toBe(inside.every((point) => others.some((other) => contains(other, point))))
      if (result.covered) {
        for (const point of inside) expect(result.by.some((by) => contains(others[by]!, point))).toBe(true)
      } else
        expect(points.some((p) => contains(result.hole, p) && !others.some((o) => contains(o, p)))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('a budget that runs out leaves the question open', () => {
  const takers = [0, 1, 2, 3].map((by) => ({ box: [{ field: 0, set: [by, by + 1] }], by }))
  expect(cover([], takers, SIZES, new Budget(5))).toBeNull()
  expect(cover([], takers, SIZES, new Budget(50))).toEqual({ covered: true, by: expect.any(Array) })
})
