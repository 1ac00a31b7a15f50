import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1', protocol: 33 }
const bench = (options: string) => new MatchBench(`-p dccp -m dccp ${options}`)

/** `words`: the data offset; `type` as RFC 4340 numbers them; options stand behind what the type has. */
function packet(type: number, words: number, ...rest: number[]) {
  return { ...net, payload: Uint8Array.of(0, 80, 1, 0xbb, words, 0, 0, 0, type << 1, 0, 0, 0, ...rest) }
}
const data = packet(2, 3)

// What Linux answered to the same packets.

test('ports and types', () => {
  expect(bench('').ask(data)).toBe('yes')
  expect(bench('--sport 80 --dport http:443').ask(data)).toBe('yes')
  expect(bench('! --dport 443').ask(data)).toBe('no')
  expect(bench('--dccp-types REQUEST,DATA').ask(data)).toBe('yes')
  expect(bench('! --dccp-types REQUEST,DATA').ask(data)).toBe('no')
  for (const type of [10, 11, 15]) expect(bench('--dccp-types INVALID').ask(packet(type, 3))).toBe('yes')
  expect(bench('--dccp-types INVALID').ask(packet(9, 3))).toBe('no')
})

test('options stand behind what the type brings along', () => {
  expect(bench('--dccp-option 32').ask(packet(2, 4, 1, 32, 3, 0))).toBe('yes')
  expect(bench('--dccp-option 32').ask(packet(2, 4, 33, 3, 32, 0))).toBe('no')
  expect(bench('--dccp-option 32').ask(packet(0, 5, 32, 32, 32, 32, 0, 0, 0, 0)), 'service code').toBe('no')
  expect(bench('--dccp-option 32').ask(packet(0, 5, 0, 0, 0, 0, 0, 0, 0, 32))).toBe('yes')
  expect(bench('--dccp-option 32').ask(data)).toBe('no')
  expect(bench('! --dccp-option 32').ask(data)).toBe('yes')
})

test('a data offset that is too small, or beyond the packet, drops the packet', () => {
  expect(bench('--dccp-option 32').ask(packet(2, 2))).toBe('hotdrop')
  expect(bench('--dccp-option 32').ask(packet(3, 4))).toBe('hotdrop')
  expect(bench('--dccp-option 32').ask(packet(2, 4))).toBe('hotdrop')
  expect(bench('--sport 1 --dccp-option 32').ask(packet(2, 4))).toBe('no')
})

test('short headers, later pieces, and what the capture lacks', () => {
  expect(bench('').ask({ ...net, payload: new Uint8Array(11) })).toBe('hotdrop')
  expect(bench('').ask({ ...data, fragmentOffset: 8 })).toBe('no')
  expect(bench('--sport 80').ask(data, 24)).toBe('yes')
  expect(bench('--dccp-types DATA').ask(data, 28)).toBe('unknown')
  expect(bench('--dccp-option 32').ask(packet(2, 4, 1, 1, 1, 32), 35)).toBe('unknown')
})
