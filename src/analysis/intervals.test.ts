import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  between,
  complement,
  holds,
  type Intervals,
  intersect,
  isWithin,
  nothing,
  one,
  overlap,
  sharedSize,
  sizeOf,
  union,
  where,
} from './intervals.ts'

const SIZE = 24
const sets = fc
  .array(fc.boolean(), { minLength: SIZE, maxLength: SIZE })
  .map((bits) => where(SIZE, (value) => bits[value]!))
const members = (set: Intervals) =>
  Array.from({ length: SIZE }, (_, value) => value).filter((v) => holds(set, v))
const isNormal = (set: Intervals) =>
  set.length % 2 === 0 && set.every((end, i) => i === 0 || end > set[i - 1]!)

test('ends belong to a range; reversed ones hold nothing', () => {
  expect(between(3, 5)).toEqual([3, 6])
  expect(between(5, 3)).toEqual(nothing)
  expect(one(7)).toEqual([7, 8])
  expect(sizeOf([0, 2, 5, 9])).toBe(6)
})

test('any two sets: the operations are those of sets of numbers', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const [inA, inB] = [members(a), members(b)]
      const both = inA.filter((value) => inB.includes(value))
      expect(members(intersect(a, b))).toEqual(both)
      expect(overlap(a, b)).toBe(both.length > 0)
      expect(sharedSize(a, b)).toBe(both.length)
      expect(isWithin(a, b)).toBe(both.length === inA.length)
      expect(members(complement(a, SIZE))).toEqual(members([0, SIZE]).filter((value) => !inA.includes(value)))
      expect(members(union([a, b]))).toEqual(
        members([0, SIZE]).filter((v) => inA.includes(v) || inB.includes(v)),
      )
      expect(sizeOf(a)).toBe(inA.length)
      for (const set of [a, intersect(a, b), complement(a, SIZE), union([a, b])])
        expect(isNormal(set)).toBe(true)
    }),
  )
})
