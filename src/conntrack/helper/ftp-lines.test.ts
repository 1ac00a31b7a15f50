import { expect, test } from 'vitest'
import { FtpLines } from './ftp-lines.ts'

const known = (lines: FtpLines, direction: number, sequences: number[]) =>
  sequences.filter((sequence) => lines.mayStartLine(direction, sequence))

test('no line seen, nothing starts one', () => {
  expect(new FtpLines().mayStartLine(0, 0)).toBe(false)
})

test('directions are kept apart', () => {
  const lines = new FtpLines()
  lines.add(0, 100)
  expect(known(lines, 0, [100, 101])).toEqual([100])
  expect(known(lines, 1, [100])).toEqual([])
})

test('third line start, a later one replaces the older, an earlier one nothing', () => {
  const lines = new FtpLines()
  for (const sequence of [200, 100, 150]) lines.add(0, sequence)
  expect(known(lines, 0, [100, 150, 200])).toEqual([150, 200])
  lines.add(0, 90)
  expect(known(lines, 0, [90, 150, 200])).toEqual([150, 200])
})

test('same line start again, takes no second place', () => {
  const lines = new FtpLines()
  for (const sequence of [100, 200, 100, 300]) lines.add(0, sequence)
  expect(known(lines, 0, [100, 200, 300])).toEqual([200, 300])
})

test('across 2^32, later is later', () => {
  const lines = new FtpLines()
  for (const sequence of [0xffff_fff0, 0x1_0000_0010, 0x1_0000_0020]) lines.add(1, sequence)
  expect(known(lines, 1, [0xffff_fff0, 0x10, 0x20])).toEqual([0x10, 0x20])
})

test('picked up in mid-stream, one packet of each direction is read wherever it stands', () => {
  const lines = new FtpLines()
  lines.pickUp()
  expect([lines.mayStartLine(0, 5), lines.mayStartLine(0, 5)]).toEqual([true, false])
  expect([lines.mayStartLine(1, 5), lines.mayStartLine(1, 5)]).toEqual([true, false])
})
