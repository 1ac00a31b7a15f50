import { expect, test } from 'vitest'
import { Clock } from '../conntrack/clock.ts'
import { extensions } from '../firewall/extensions.ts'
import { NotEvaluated } from '../hook/environment.ts'
import type { Setting } from '../ruleset/model.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { time } from './time.ts'

/** Whether a rule matches at a moment of UTC. */
function matcher(options: string): (moment: string) => boolean {
  const text = `*filter\n-A INPUT -m time ${options}\nCOMMIT\n`
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry: extensions })
  expect(diagnostics).toEqual([])
  const [rule] = ruleset.tables[0]!.chains[0]!.rules
  const settings = rule!.matches[0]!.options as Record<string, Setting>
  return (moment) => {
    const clock = new Clock(250)
    clock.set(Date.parse(`${moment}Z`) / 1000, 0)
    return time.compile!(settings as never, { tracker: { clock } } as never)(null as never)
  }
}

test('times of the day, both ends included', () => {
  const day = matcher('--timestart 08:00 --timestop 17:00')
  expect(['07:59:59', '08:00:00', '17:00:00', '17:00:01'].map((at) => day(`2024-03-01T${at}`))).toEqual([
    false,
    true,
    true,
    false,
  ])
  const night = matcher('--timestart 22:00 --timestop 06:00')
  expect(
    ['21:59:59', '22:00:00', '00:00:00', '06:00:00', '06:00:01'].map((at) => night(`2024-03-01T${at}`)),
  ).toEqual([false, true, true, true, false])
  expect(matcher('--timestart 10:00 --timestop 10:00')('2024-03-01T15:00:00')).toBe(true)
})

test('days of the week; a night belongs to the day that it begins on only with --contiguous', () => {
  const friday = matcher('--weekdays Fri')
  expect(friday('2024-03-01T12:00:00')).toBe(true)
  expect(friday('2024-03-02T00:00:00')).toBe(false)
  const nights = '--timestart 22:00 --timestop 06:00 --weekdays Fri'
  expect(matcher(nights)('2024-03-02T03:00:00')).toBe(false)
  expect(matcher(nights)('2024-03-01T03:00:00')).toBe(true)
  expect(matcher(`${nights} --contiguous`)('2024-03-02T03:00:00')).toBe(true)
  expect(matcher(`${nights} --contiguous`)('2024-03-01T03:00:00')).toBe(false)
  expect(matcher(`${nights} --contiguous`)('2024-03-01T23:00:00')).toBe(true)
  expect(matcher('! --weekdays Sat,Sun')('2024-03-02T03:00:00')).toBe(false)
})

test('days of the month, every day from 1970 to 2038', () => {
  const days = Array.from({ length: 31 }, (_, i) => matcher(`--monthdays ${i + 1}`))
  for (let day = 0; day < 24_800; day += 29) {
    const date = new Date(day * 86_400_000)
    const moment = date.toISOString().slice(0, 19)
    expect(days[date.getUTCDate() - 1]!(moment), moment).toBe(true)
    expect(days[date.getUTCDate() % 31]!(moment), moment).toBe(false)
  }
  for (const [moment, day] of [
    ['2024-02-29', 29],
    ['2024-03-01', 1],
    ['2023-02-28', 28],
    ['2023-03-01', 1],
    ['1972-12-31', 31],
    ['1973-01-01', 1],
  ] as const)
    expect(days[day - 1]!(`${moment}T00:00:00`), moment).toBe(true)
})

test('moments from and to', () => {
  const dates = matcher('--datestart 2024-01-01 --datestop 2024-02-01T12:00')
  expect(
    ['2023-12-31T23:59:59', '2024-01-01T00:00:00', '2024-02-01T12:00:00', '2024-02-01T12:00:01'].map(dates),
  ).toEqual([false, true, true, false])
  expect(matcher('--timestart 00:00')('2038-01-19T03:14:08')).toBe(false)
})

test('by the time zone of a kernel that nobody knows: not evaluated', () => {
  expect(() => matcher('--kerneltz')('2024-01-01T00:00:00')).toThrow(NotEvaluated)
})
