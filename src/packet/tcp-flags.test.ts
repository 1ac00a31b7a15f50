import { expect, test } from 'vitest'
import { formatTcpFlags, parseTcpFlags } from './tcp-flags.ts'

test('every byte of flags survives printing and parsing', () => {
  for (let flags = 0; flags < 256; flags++) expect(parseTcpFlags(formatTcpFlags(flags))).toBe(flags)
})

test("tcpdump's letters are understood, others are refused", () => {
  expect(formatTcpFlags(parseTcpFlags('s.C'))).toBe('SAW')
  expect(() => parseTcpFlags('SX')).toThrow(RangeError)
})
