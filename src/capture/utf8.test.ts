import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

// UTF-16 units, many of them surrogates, in pairs and alone.
const anyUnits = fc.array(fc.oneof(fc.nat({ max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 })))

test('any text is encoded as TextEncoder does, lone surrogates included', () => {
  fc.assert(
    fc.property(anyUnits, (units) => {
      const text = String.fromCharCode(...units)
      expect(encodeUtf8(text).join()).toBe(new TextEncoder().encode(text).join())
    }),
  )
})

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(anyUnits, (units) => {
      const bytes = new TextEncoder().encode(String.fromCharCode(...units))
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      )
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
