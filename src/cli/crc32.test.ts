import { expect, test } from 'vitest'
import { crc32 } from './crc32.ts'

const bytes = Buffer.from('123456789')

test('the check value of the catalogues of CRCs', () => {
  expect(crc32(bytes, 0) >>> 0).toBe(0xcbf43926)
})

test('in two pieces of any length: the same', () => {
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at), 0)) >>> 0).toBe(0xcbf43926)
  }
})
