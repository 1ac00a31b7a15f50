import { expect, test } from 'vitest'
import { Progress } from './progress.ts'
import { terminalOf } from './terminal.ts'

function progressOn(stream: { isTTY?: boolean; columns?: number }, total: number | null) {
  const written: string[] = []
  let time = 0
  const progress = new Progress(total, {
    terminal: terminalOf(stream, { NO_COLOR: '1' }),
    now: () => time,
    write: (text) => written.push(text),
  })
  return {
    progress,
    written,
    at: (milliseconds: number, bytes: number, packets: number) => {
      time = milliseconds
      progress.update(bytes, packets)
    },
  }
}

test('short work, then long work: a line from the first second on, at most five a second, gone at the end', () => {
  const { at, progress, written } = progressOn({ isTTY: true, columns: 80 }, 4_000_000_000)
  at(900, 1_000_000_000, 1_000_000)
  expect(written).toEqual([])
  at(1000, 1_100_000_000, 1_100_000)
  at(1100, 1_200_000_000, 1_200_000)
  at(1200, 2_000_000_000, 2_345_678)
  progress.finish()
  progress.finish()
  expect(written.map((text) => text.replaceAll('\u001b[2K', '<erase>'))).toEqual([
    '\r<erase>reading: 27 % of 4.0 GB, 1,100,000 packets',
    '\r<erase>reading: 50 % of 4.0 GB, 2,345,678 packets',
    '\r<erase>',
  ])
})

test('input without a size: what was read so far', () => {
  const { at, written } = progressOn({ isTTY: true, columns: 80 }, null)
  at(2000, 512_000, 10)
  expect(written[0]).toContain('reading: 512 kB, 10 packets')
})

test('narrow terminal: the line does not wrap', () => {
  const { at, written } = progressOn({ isTTY: true, columns: 40 }, 999_999_999_999)
  at(2000, 512_000, 123_456_789_012)
  expect(written[0]!.replace('\r\u001b[2K', '')).toHaveLength(39)
})

test('no terminal: nothing', () => {
  const { at, progress, written } = progressOn({}, 10)
  at(5000, 5, 5)
  progress.finish()
  expect(written).toEqual([])
})
