import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addSum, addWord, crc32c, internetChecksum } from './checksum.ts'

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** RFC 1071 word for word, in arithmetic that cannot overflow. */
function naive(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536)
  return 0xffff - sum
}

function naiveCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc
}

test('the worked example of RFC 1071 gives its sum', () => {
  const bytes = Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])
  expect(addSum(viewOf(bytes), 0, 8, 0)).toBe(0xddf2)
})

test('any bytes at any offset, checksum equals the naive one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (bytes, skip) => {
      const start = Math.min(skip, bytes.length)
      expect(internetChecksum(viewOf(bytes), start, bytes.length)).toBe(naive(bytes.subarray(start)))
    }),
  )
})

test.each([65_531, 65_532, 65_535, 65_536, 200_003])('%i bytes of 0xff do not overflow', (length) => {
  const bytes = new Uint8Array(length).fill(0xff)
  expect(internetChecksum(viewOf(bytes), 0, length, 0xffff)).toBe(naive(bytes))
})

test('a word added is the same as its four bytes', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.integer(), (sum, word) => {
      const view = new DataView(new ArrayBuffer(4))
      view.setInt32(0, word)
      expect(addWord(sum, word)).toBe(addSum(view, 0, 4, sum))
    }),
  )
})

test('CRC32c of "123456789" is the published check value', () => {
  const bytes = Uint8Array.from('123456789', (letter) => letter.charCodeAt(0))
  expect(crc32c(bytes, 0, 9) >>> 0).toBe(0xe3069283)
})

test('any bytes, CRC32c equals the naive one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(crc32c(bytes, 0, bytes.length) >>> 0).toBe(naiveCrc(bytes) >>> 0)
    }),
  )
})
