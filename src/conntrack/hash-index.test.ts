import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstSlot, HashIndex } from './hash-index.ts'

function find(index: HashIndex, hash: number): number[] {
  const slots = index.slots(hash)
  const found: number[] = []
  for (let at = firstSlot(slots, hash); slots[at + 1] !== 0; at = (at + 2) & (slots.length - 1)) {
    if (slots[at] === hash) found.push(slots[at + 1]!)
  }
  return found
}

test('an index of 100,000 finds each, and none after removal', () => {
  const index = new HashIndex()
  const hash = (n: number): number => Math.imul(n, 0x9e3779b1)
  for (let n = 1; n <= 100_000; n++) index.insert(hash(n), n)
  for (let n = 1; n <= 100_000; n++) expect(find(index, hash(n))).toEqual([n])
  for (let n = 1; n <= 100_000; n += 2) index.remove(hash(n), n)
  for (let n = 1; n <= 100_000; n++) expect(find(index, hash(n))).toEqual(n % 2 === 1 ? [] : [n])
  expect(index.bytes / 100_000).toBeLessThan(24)
})

test('20,000 entries of one hash are all kept', () => {
  const index = new HashIndex()
  for (let n = 1; n <= 20_000; n++) index.insert(42, n)
  expect(find(index, 42).length).toBe(20_000)
})

test('random insertions and removals agree with a map', () => {
  const action = fc.record({
    hash: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 5 })),
    remove: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
      const index = new HashIndex()
      const model = new Map<number, number[]>()
      let reference = 0
      for (const { hash, remove } of actions) {
        const known = model.get(hash) ?? []
        if (remove) {
          const gone = known.pop()
          if (gone !== undefined) index.remove(hash, gone)
        } else {
          known.push(++reference)
          index.insert(hash, reference)
        }
        model.set(hash, known)
      }
      for (const [hash, known] of model) expect(find(index, hash).sort()).toEqual([...known].sort())
    }),
  )
})
