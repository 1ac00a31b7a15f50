import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editDistance, suggest } from './suggest.ts'

test.each([
  ['prot', 'port', 1],
  ['cstate', 'ctstate', 1],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['same', 'same', 0],
])('%s to %s takes %i edits', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
})

test('distance is the same both ways, and never beyond one over the limit', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
      const distance = editDistance(a, b, limit)
      expect(distance).toBe(editDistance(b, a, limit))
      expect(distance).toBeLessThanOrEqual(limit + 1)
      expect(distance === 0).toBe(a === b)
    }),
  )
})

test('a mistyped word finds the nearest known one', () => {
  const known = ['host', 'net', 'port', 'portrange', 'ctstate', 'state']
  expect(suggest('prot', known)).toBe('port')
  expect(suggest('CSTATE', known)).toBe('ctstate')
  expect(suggest('port-range', known)).toBe('portrange')
})

test('a word unlike any other finds nothing', () => {
  expect(suggest('x', ['host', 'net'])).toBeNull()
  expect(suggest('a'.repeat(100_000), ['host', 'net'])).toBeNull()
})
