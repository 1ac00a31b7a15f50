import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ctime, parseCtime, whenElement } from './clock.ts'

test('a day of one digit is padded with a blank, hours with a zero', () => {
  expect(ctime(1793588645)).toBe('Mon Nov  2 03:04:05 2026')
})

test('in XML hours and days have no padding, minutes and seconds have', () => {
  expect(whenElement(1793588645, () => 3600)).toBe(
    '<when><hour>4</hour><min>04</min><sec>05</sec><wday>2</wday><day>2</day><month>11</month><year>2026</year></when>',
  )
})

test('a moment beyond all calendars: printed as 1970, never thrown', () => {
  expect(ctime(Number.MAX_VALUE)).toBe('Thu Jan  1 00:00:00 1970')
})

test('any second read back is the same', () => {
  fc.assert(
    fc.property(fc.nat(4_294_967_295), (seconds) => {
      const [, month, day, time, year] = ctime(seconds).split(/ +/)
      expect(parseCtime(month!, day!, time!, year!)).toBe(seconds)
    }),
  )
})

test.each([
  ['Nov', '31', '00:00:00', '2026'],
  ['Nov', '30', '24:00:00', '2026'],
  ['nov', '30', '23:00:00', '2026'],
  ['Nov', '30', '23:00:00', '26'],
])('%s %s %s %s: no time', (month, day, time, year) => {
  expect(parseCtime(month, day, time, year)).toBe(null)
})
