import fc from 'fast-check'
import { expect, test } from 'vitest'
import { radixSort } from './radix-order.ts'

const word = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffff_ffff }))

test('it is the stable sort by all words, the first word first', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word)), fc.boolean(), (things, descending) => {
      const order = Int32Array.from(things, (_, thing) => thing)
      radixSort(order, [(thing) => things[thing]![0], (thing) => things[thing]![1]], descending)
      const turn = descending ? -1 : 1
      const expected = things
        .map((_, thing) => thing)
        .sort((a, b) => turn * (things[a]![0] - things[b]![0] || things[a]![1] - things[b]![1]))
      expect([...order]).toEqual(expected)
    }),
  )
})
