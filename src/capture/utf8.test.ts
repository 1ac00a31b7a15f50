import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

test('any text is encoded as TextEncoder does, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 0xffff }), (text, unit) => {
      const mixed = text + String.fromCharCode(unit) + text
      expect(encodeUtf8(mixed).join()).toBe(new TextEncoder().encode(mixed).join())
    }),
  )
})

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const bytes = encodeUtf8(text)
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text)
    }),
  )
})

test('bytes that are not UTF-8 become replacement characters, the others stay', () => {
  const decode = (...bytes: number[]) => decodeUtf8(Uint8Array.from(bytes), 0, bytes.length)
  expect(decode(0x61, 0xff, 0x62)).toBe('a\ufffdb')
  expect(decode(0xc3)).toBe('\ufffd')
  expect(decode(0xc0, 0x80)).toBe('\ufffd\ufffd')
  expect(decode(0xed, 0xa0, 0x80)).toBe('\ufffd\ufffd\ufffd')
  expect(decode(0xf4, 0x90, 0x80, 0x80)).toBe('\ufffd\ufffd\ufffd\ufffd')
  expect(decode(0xe2, 0x82, 0xac)).toBe('€')
})
