import fc from 'fast-check'
import { expect, test } from 'vitest'
import { adjustChecksum, adjustChecksum32 } from './adjust.ts'

/** The checksum of words, computed from nothing. */
function checksum(words: readonly number[]): number {
  let sum = words.reduce((total, word) => total + word, 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

const word = fc.nat(0xffff)

test('a changed word leaves the checksum as if it had been computed anew', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), word, (words, changed) => {
      // A sum of all zero words has two forms; real headers are never all zero.
      fc.pre(words.slice(1).some((value) => value !== 0))
      const view = new DataView(new ArrayBuffer(2))
      view.setUint16(0, checksum(words))
      adjustChecksum(view, 0, words[0]!, changed)
      expect(view.getUint16(0)).toBe(checksum([changed, ...words.slice(1)]))
    }),
  )
})

test('so does a changed address', () => {
  const view = new DataView(new ArrayBuffer(2))
  view.setUint16(0, checksum([0xc0a8, 0x0001, 0x1234]))
  adjustChecksum32(view, 0, 0xc0a80001, 0x0a000002)
  expect(view.getUint16(0)).toBe(checksum([0x0a00, 0x0002, 0x1234]))
})
