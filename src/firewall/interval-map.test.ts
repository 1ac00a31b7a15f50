import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntervalCut, type ItemRange } from './interval-cut.ts'
import { IntervalMap, NOWHERE } from './interval-map.ts'

/** Few values, so that ranges meet. */
const word = fc.oneof(
  fc.integer({ min: 0x0a000000, max: 0x0a0003ff }),

  fc.constantFrom(0, 1, 2, -1, -2, 0x7fffffff, -0x80000000, 0x10000, 0x1ffff),
  fc.integer(),
)

function wide(value: readonly number[]): bigint {
  return value.reduce((sum, part) => (sum << 32n) | BigInt(part >>> 0), 0n)
}

test.each([1, 4])('an interval has just the ranges that hold its values (%i words)', (width) => {
  const value = fc.array(word, { minLength: width, maxLength: width })
  const pair = fc.tuple(value, value).map(([a, b]) => (wide(a) <= wide(b) ? [a, b] : [b, a]))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 120 }), fc.array(value, { minLength: 1 }), (pairs, values) => {
      const ranges: ItemRange[] = pairs.map(([from, to], item) => ({ from: from!, to: to!, item }))
      const map = new IntervalMap(new IntervalCut(ranges, width))
      for (const looked of [...values, ...pairs.flat()]) {
        const interval = map.find(looked[0]!, looked[1] ?? 0, looked[2] ?? 0, looked[3] ?? 0)
        const found =
          interval === NOWHERE ? [] : [...map.items.subarray(map.starts[interval], map.starts[interval + 1])]
        const expected = ranges
          .filter(({ from, to }) => wide(from) <= wide(looked) && wide(looked) <= wide(to))
          .map(({ item }) => item)
        expect(found).toEqual(expected)
      }
    }),
  )
})

test('many ranges, where a table leads the way', () => {
  const ranges = Array.from({ length: 5000 }, (_, item) => {
    const from = Math.imul(item, 0x9e3779b1)
    return { from: [from], to: [from], item }
  })
  const map = new IntervalMap(new IntervalCut(ranges, 1))
  for (const { from, item } of ranges) {
    const interval = map.find(from[0]!, 0, 0, 0)
    expect([...map.items.subarray(map.starts[interval], map.starts[interval + 1])]).toEqual([item])
  }
})
