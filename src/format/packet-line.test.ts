import { expect, test } from 'vitest'
import { timeText } from '../replay/record-of.ts'
import { timeOfDay } from './packet-line.ts'

const inUtc = (time: string) => timeOfDay(time, () => 0)

test('a time of day has the digits of its capture, and nanoseconds only where there are any', () => {
  expect(inUtc('1700000000.000120')).toBe('22:13:20.000120')
  expect(inUtc('1700000000.000120000')).toBe('22:13:20.000120')
  expect(inUtc('1700000000.000120001')).toBe('22:13:20.000120001')
  expect(inUtc('1700000000')).toBe('22:13:20')
})

test('a zone moves it, over midnight too', () => {
  expect(timeOfDay('1700000000.5', () => 7200)).toBe('00:13:20.5')
})

test('a time ahead of 1970 counts down to it', () => {
  expect(timeText(-1, 400_000_000, 6)).toBe('-0.600000')
  expect(timeText(-2, 0, 6)).toBe('-2.000000')
  expect(timeText(-2, 1, 9)).toBe('-1.999999999')
  expect(inUtc('-0.600000')).toBe('23:59:59.400000')
  expect(inUtc('-2.000000')).toBe('23:59:58.000000')
  expect(inUtc('-1.999999999')).toBe('23:59:58.000000001')
})
