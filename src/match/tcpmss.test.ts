import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import type { TcpPlan } from '../packet/build-transport.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const segment = (more: Partial<TcpPlan>) => ({
  ...net,
  tcp: { sourcePort: 80, destinationPort: 443, flags: 'S', ...more },
})
const bench = (options: string) => new MatchBench(`-p tcp -m tcpmss ${options}`)

test('the size that is announced; without one, the opposite of what is asked', () => {
  expect(bench('--mss 500:600').ask(segment({ options: [{ mss: 536 }] }))).toBe('yes')
  expect(bench('! --mss 500:600').ask(segment({ options: ['nop', 'nop', { mss: 536 }] }))).toBe('no')
  expect(bench('--mss 0:65535').ask(segment({}))).toBe('no')
  expect(bench('! --mss 0:65535').ask(segment({}))).toBe('yes')
  expect(bench('--mss 65535').ask(segment({ options: [{ mss: 65535 }] }))).toBe('yes')
})

test('an option of another length is none; the end of the list does not end the search', () => {
  expect(bench('--mss 1286').ask(segment({ options: Uint8Array.of(2, 3, 5, 2, 4, 5, 6, 0) }))).toBe('yes')
  expect(bench('--mss 1286').ask(segment({ options: Uint8Array.of(0, 0, 0, 0, 2, 4, 5, 6) }))).toBe('yes')
  expect(bench('! --mss 0:65535').ask(segment({ options: Uint8Array.of(1, 2, 4, 5) }))).toBe('yes')
})

test('what is no header, or has no room for its options, drops the packet', () => {
  for (const dataOffset of [0, 4, 6, 15])
    expect(bench('--mss 1').ask(segment({ dataOffset })), String(dataOffset)).toBe('hotdrop')
  expect(bench('! --mss 1').ask({ ...net, protocol: 6, payload: new Uint8Array(19) })).toBe('hotdrop')
})

test('what the capture lacks', () => {
  const plan = segment({ options: ['nop', { mss: 536 }] })
  expect(bench('--mss 536').ask(plan, 32)).toBe('unknown')
  expect(bench('--mss 536').ask(plan, 44)).toBe('unknown')
  expect(bench('--mss 536').ask(plan, 45)).toBe('yes')
})
