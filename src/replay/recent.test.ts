import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NOWHERE, Recent } from './recent.ts'

/** The places with this hash, the youngest first. */
function placesOf(recent: Recent, hash: number): number[] {
  const places: number[] = []
  for (let place = recent.first(hash); place !== NOWHERE; place = recent.older(place)) places.push(place)
  return places
}

test('as a list would remember: the youngest first, the oldest forgotten, what was taken out is gone', () => {
  const step = fc.record({ hash: fc.integer({ min: -3, max: 12 }), remove: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recent = new Recent(8)
      const model: ({ place: number; hash: number } | null)[] = []
      for (const { hash, remove } of steps) {
        const youngest = recent.first(hash)
        if (remove && youngest !== NOWHERE) {
          recent.remove(youngest)
          const last = model.map((one) => one?.hash).lastIndexOf(hash)
          model[last] = null
        } else model.push({ place: recent.add(hash), hash })
      }
      for (let hash = -3; hash <= 12; hash++) {
        const expected = model.slice(-8).filter((one) => one?.hash === hash)
        expect(placesOf(recent, hash)).toEqual(expected.map((one) => one!.place).reverse())
      }
    }),
  )
})
