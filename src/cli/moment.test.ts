import { expect, test } from 'vitest'
import { ValueError } from './command.ts'
import { momentInstant, parseMoment } from './moment.ts'
import { parseZone, UTC } from './zone.ts'

/** 2023-11-14 22:13:20.5 UTC. */
const start = { seconds: 1_700_000_000, nanoseconds: 500_000_000 }

function when(text: string, zone = 'UTC'): string {
  const instant = momentInstant(parseMoment(text), start, parseZone(zone))
  if (instant === null) return 'at its packet'
  const { seconds, nanoseconds } = instant
  return new Date(seconds * 1000).toISOString().replace('.000Z', `.${`${nanoseconds}`.padStart(9, '0')}`)
}

test.each([
  ['22:13:21', 'UTC', '2023-11-14T22:13:21.000000000'],
  ['22:13:20.5', 'UTC', '2023-11-14T22:13:20.500000000'],
  ['22:14', 'UTC', '2023-11-14T22:14:00.000000000'],
  ['23:13:21.000000001', '+01:00', '2023-11-14T22:13:21.000000001'],
  ['17:30', 'America/New_York', '2023-11-14T22:30:00.000000000'],
  // Earlier than the first packet: the next day's.
  ['22:13:20.4', 'UTC', '2023-11-15T22:13:20.400000000'],
  ['00:00', 'UTC', '2023-11-15T00:00:00.000000000'],
  ['2023-11-14T22:13:21.25', 'UTC', '2023-11-14T22:13:21.250000000'],
  ['2023-11-14 22:13', '-05:30', '2023-11-15T03:43:00.000000000'],
  ['2023-11-14T22:13:21Z', 'Asia/Tokyo', '2023-11-14T22:13:21.000000000'],
  ['2023-11-14T22:13:21+02:00', 'Asia/Tokyo', '2023-11-14T20:13:21.000000000'],
  ['+0s', 'UTC', '2023-11-14T22:13:20.500000000'],
  ['+3.5s', 'UTC', '2023-11-14T22:13:24.000000000'],
  ['+2m', 'UTC', '2023-11-14T22:15:20.500000000'],
  ['+1h30m', 'UTC', '2023-11-14T23:43:20.500000000'],
  ['+0.5ms', 'UTC', '2023-11-14T22:13:20.500500000'],
  ['+5d1ns', 'UTC', '2023-11-19T22:13:20.500000001'],
  ['#120', 'UTC', 'at its packet'],
])('%s in %s is %s', (text, zone, expected) => {
  expect(when(text, zone)).toBe(expected)
})

test('a packet may be of one file', () => {
  expect(parseMoment('#120')).toEqual({ kind: 'packet', file: null, number: 120 })
  expect(parseMoment('#b:c.pcap:7')).toEqual({ kind: 'packet', file: 'b:c.pcap', number: 7 })
})

test.each([
  ['120', "expected +120s for seconds after the first packet or '#120' for a packet"],
  ['+120', 'expected a unit behind the number (+120s, +120m, …)'],
  ['noon', "expected a time (12:34:56.7, 2026-11-24T12:34:56), +3.5s or '#120'"],
  ['#0', "expected a time (12:34:56.7, 2026-11-24T12:34:56), +3.5s or '#120'"],
  ['25:00', 'expected a time of day from 00:00:00 to 23:59:59'],
  ['2023-02-29T00:00', 'expected a day that the calendar has, from 1970 on'],
  ['', "expected a time (12:34:56.7, 2026-11-24T12:34:56), +3.5s or '#120'"],
])('%s is refused: %s', (text, message) => {
  expect(() => parseMoment(text)).toThrow(new ValueError(message))
})

test('clocks set back: a time shown twice is the first', () => {
  expect(when('2023-10-29T02:30', 'Europe/Berlin')).toBe('2023-10-29T00:30:00.000000000')
})

test('clocks set forward: a time never shown is as much later', () => {
  expect(when('2023-03-26T02:30', 'Europe/Berlin')).toBe('2023-03-26T01:30:00.000000000')
})

test.each([
  ['utc', 0],
  ['Z', 0],
  ['+02:00', 7200],
  ['-0530', -19_800],
  ['+14', 50_400],
  ['Asia/Kathmandu', 20_700],
])('zone %s is %i seconds east', (name, offset) => {
  expect(parseZone(name).offsetAt(start.seconds)).toBe(offset)
})

test('a named zone follows its summer time, in any order of asking', () => {
  const zone = parseZone('Europe/Berlin')
  const change = Date.UTC(2023, 9, 29, 1) / 1000
  expect([change - 1, change, change - 1].map((at) => zone.offsetAt(at))).toEqual([7200, 3600, 7200])
  expect(UTC.offsetAt(change)).toBe(0)
})

test.each([
  ['+15:00', 'expected an offset between -14:00 and +14:00'],
  ['+02:60', 'expected an offset between -14:00 and +14:00'],
  [
    'Europe/Berln',
    'expected UTC, an offset such as +02:00 or a name such as Europe/Berlin (did you mean Europe/Berlin?)',
  ],
  ['', 'expected UTC, an offset such as +02:00 or a name such as Europe/Berlin'],
])('zone %s is refused: %s', (name, message) => {
  expect(() => parseZone(name)).toThrow(new ValueError(message))
})
