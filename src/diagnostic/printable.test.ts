import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableLines } from './printable.ts'

test('what steers a terminal is shown as an escape, the rest as it is', () => {
  expect(printable('\u001b]0;owned\u0007')).toBe('\\x1b]0;owned\\x07')
  expect(printable('a\rb\nc\td')).toBe('a\\x0db\\x0ac\\x09d')
  expect(printable('\u009b31m')).toBe('\\x9b31m')
  expect(printable('txt.\u202egnp')).toBe('txt.\\u202egnp')
  expect(printable('Übertragung →😀')).toBe('Übertragung →😀')
})

test('several lines stay lines', () => {
  expect(printableLines('a\u0008\n\u2066b\r')).toBe('a\\x08\n\\u2066b\\x0d')
})

test('of any text nothing is left that steers', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u)
    }),
  )
})
