import { expect, test } from 'vitest'
import { MAX_SECONDS } from '../capture/timestamp.ts'
import { Bench } from '../firewall/fixtures.ts'
import { Clock, ticksOf } from './clock.ts'

test('the last second that a capture can claim: the ticks are still exact', () => {
  for (const hz of [24, 100, 250, 1000, 1200, 10_000]) {
    const clock = new Clock(hz)
    clock.set(MAX_SECONDS, 999_999_999)
    expect(Number.isSafeInteger(clock.ticks + 0x7fff_ffff)).toBe(true)
    expect(clock.now).toBe(clock.ticks | 0)
  }
})

test('a time before the one before: the clock stands, and counts it', () => {
  const clock = new Clock(100)
  clock.set(10, 500_000_000)
  clock.set(10, 400_000_000)
  expect([clock.ticks, clock.backwards]).toEqual([1050, 1])
})

test('a lifetime beyond INT_MAX ticks: as long as there can be', () => {
  expect(ticksOf(432_000, 250)).toBe(108_000_000)
  expect(ticksOf(8_589_934, 1000)).toBe(0x7fff_ffff)
  expect(ticksOf(4_294_967_295, 250)).toBe(0x7fff_ffff)
})

test('a timeout of 99 days at 1,000 ticks a second: the entry lives, for as long as ticks can be compared', () => {
  const bench = new Bench({ hz: 1000, sysctls: { nf_conntrack_generic_timeout: 8_589_934 } })
  const seen = bench.send({
    source: '10.0.0.1',
    destination: '10.0.0.2',
    protocol: 50,
    payload: [1, 2, 3, 4],
  })
  expect(seen).toEqual({ ctstate: 'NEW', reasons: [], entry: '2147483 [UNREPLIED]' })
  bench.wait(2_147_483)
  expect(bench.entries()).toHaveLength(1)
  bench.wait(1)
  expect(bench.entries()).toHaveLength(0)
})
