import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const packet = {
  source: '10.0.0.2',
  destination: '10.0.0.1',
  tcp: { sourcePort: 80, destinationPort: 443, flags: 'S' },
}
const ask = (tests: string, captured?: number) => new MatchBench(`-m u32 ${tests}`).ask(packet, captured)

test('numbers anywhere in the packet, masked, shifted, compared', () => {
  expect(ask('--u32 "0>>28=4"')).toBe('yes')
  expect(ask('--u32 "6&0xFF=1,4:6"')).toBe('yes')
  expect(ask('--u32 "6&0xFF=17"')).toBe('no')
  expect(ask('--u32 "0>>22&0x3C@0>>16=80"')).toBe('yes')
  expect(ask('--u32 "0<<24>>24=40"')).toBe('yes')
  expect(ask('--u32 "12=0x0a000002&&16=0x0a000002"')).toBe('no')
})

test('a place outside of the packet makes the whole expression false', () => {
  expect(ask('--u32 "36=0:0xffffffff"')).toBe('yes')
  expect(ask('--u32 "37=0:0xffffffff"')).toBe('no')
  expect(ask('! --u32 "37=0:0xffffffff"')).toBe('yes')
  expect(ask('--u32 "12@0=0:0xffffffff"'), 'the base is an address').toBe('no')
  expect(ask('! --u32 "4294967295=0"')).toBe('yes')
})

test('what the capture lacks; an earlier test may settle it', () => {
  expect(ask('--u32 "20=0x005001bb"', 23)).toBe('unknown')
  expect(ask('! --u32 "20=0x005001bb"', 23)).toBe('unknown')
  expect(ask('--u32 "0>>28=6&&20=1"', 23)).toBe('no')
  expect(ask('--u32 "0>>22&0x3C@0>>16=80"', 23)).toBe('unknown')
  expect(ask('--u32 "0>>22&0x3C@0>>16=80"', 24)).toBe('yes')
})
