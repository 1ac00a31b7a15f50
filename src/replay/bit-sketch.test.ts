import { expect, test } from 'vitest'
import { SKETCH_WORDS, sketchAdd, sketchCount } from './bit-sketch.ts'

function counted(values: Iterable<number>): number {
  const words = new Int32Array(SKETCH_WORDS * 3)
  for (const value of values) sketchAdd(words, SKETCH_WORDS, value)
  expect(words.subarray(0, SKETCH_WORDS).every((word) => word === 0)).toBe(true)
  expect(words.subarray(SKETCH_WORDS * 2).every((word) => word === 0)).toBe(true)
  return sketchCount(words, SKETCH_WORDS)
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index * 7 + 1)

test('different values are counted about, the same one once', () => {
  expect(counted([])).toBe(0)
  expect(counted([80, 80, 80])).toBe(1)
  for (const count of [5, 20, 100, 1000, 3000]) {
    const estimate = counted(range(count))
    expect(Math.abs(estimate - count) / count).toBeLessThan(0.12)
  }
})

test('more than it can tell apart is a bound', () => {
  expect(counted(range(60_000))).toBeGreaterThanOrEqual(5000)
})
