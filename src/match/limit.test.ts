import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { NotEvaluated } from '../hook/environment.ts'
import type { PacketPlan } from '../packet/build.ts'
import { creditsPerTick, limit, limitCredits } from './limit.ts'

const packet: PacketPlan = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  udp: { sourcePort: 1, destinationPort: 2 },
}

function passed(bench: RuleBench, packets: number): number {
  let count = 0
  for (let i = 0; i < packets; i++) if (bench.send(packet).verdict === 'ACCEPT') count++
  return count
}

const bench = (options: string) =>
  new RuleBench({ rules: `-A FORWARD -m limit ${options} -j ACCEPT\n-A FORWARD -j DROP` })

test.each([
  [100, 256],
  [250, 128],
  [300, 128],
  [1000, 32],
])('at %i ticks a second a tick gives %i credits', (hz, credits) => {
  expect(creditsPerTick(hz)).toBe(credits)
})

test('the bucket is full at first, and fills by whole ticks', () => {
  const limited = bench('--limit 10/s --limit-burst 5')
  expect(passed(limited, 8)).toBe(5)
  limited.wait(0.25)
  expect(passed(limited, 8)).toBe(2)
  limited.wait(0.5)
  expect(passed(limited, 8)).toBe(5)
  limited.wait(0.095)
  expect(passed(limited, 1)).toBe(0)
  limited.wait(0.006)
  expect(passed(limited, 2)).toBe(1)
})

test('10000/s, burst 5: five a tick at most', () => {
  const limited = bench('--limit 10000/s --limit-burst 5')
  for (let tick = 0; tick < 4; tick++) {
    expect(passed(limited, 20)).toBe(5)
    limited.wait(0.0041)
  }
})

test('10000/s, burst 100: the cap is 320, a packet costs 3', () => {
  expect(passed(bench('--limit 10000/s --limit-burst 100'), 200)).toBe(106)
})

test('2/day, burst 5: the credits wrap around, so that the burst is 1', () => {
  const limited = bench('--limit 2/day --limit-burst 5')
  expect(passed(limited, 5)).toBe(1)
  limited.wait(4_617)
  expect(passed(limited, 1)).toBe(0)
  limited.wait(1)
  expect(passed(limited, 2)).toBe(1)
})

test('a pause of 2^32 credits gives none', () => {
  const limited = bench('--limit 1/hour --limit-burst 1')
  expect(passed(limited, 2)).toBe(1)
  limited.wait(2 ** 25 / 250 + 0.01)
  expect(passed(limited, 1)).toBe(0)
  limited.wait(3600)
  expect(passed(limited, 2)).toBe(1)
})

test('what a kernel of other ticks refuses is not evaluated', () => {
  const tracker = new Tracker({ hz: 1000 })
  const setting = <T>(value: T) => ({ value, inverted: false })
  const interval = 432_000_000
  expect(limitCredits(interval, 1000)).toBeGreaterThan(0)
  const compile = (burst: number) =>
    limit.compile!({ limit: setting(interval), burst: setting(burst) }, { tracker } as never)
  expect(compile(1)).toBeTypeOf('function')
  let refused = 0
  for (let burst = 1; burst < 20; burst++) {
    try {
      compile(burst)
    } catch (error) {
      expect(error).toBeInstanceOf(NotEvaluated)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(0)
})
