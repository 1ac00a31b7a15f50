import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import type { TcpPlan } from '../packet/build-transport.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const six = { source: 'fd00::2', destination: 'fd00::1' }
const segment = (more: Partial<TcpPlan> = {}) => ({
  ...net,
  tcp: { sourcePort: 80, destinationPort: 443, flags: 'SA', ...more },
})
const bare = (bytes: number) => ({ ...net, protocol: 6, payload: new Uint8Array(bytes) })
const bench = (options: string) => new MatchBench(`-p tcp -m tcp ${options}`)

// What Linux answered to the same packets, rule by rule, stands in every expectation.

test('ports lie in a range, or outside of it', () => {
  expect(bench('--sport 80 --dport 400:443').ask(segment())).toBe('yes')
  expect(bench('--sport 81').ask(segment())).toBe('no')
  expect(bench('! --sport 80').ask(segment())).toBe('no')
  expect(bench('! --sport 81 ! --dport :442').ask(segment())).toBe('yes')
  expect(bench('').ask(segment())).toBe('yes')
})

test('flags: ECE and CWR are never looked at', () => {
  expect(bench('--syn').ask(segment({ flags: 'S' }))).toBe('yes')
  expect(bench('--syn').ask(segment({ flags: 'SEC' }))).toBe('yes')
  expect(bench('--syn').ask(segment())).toBe('no')
  expect(bench('! --syn').ask(segment())).toBe('yes')
  expect(bench('--tcp-flags ALL NONE').ask(segment({ flags: 'EC' }))).toBe('yes')
  expect(bench('--tcp-flags SYN,ACK SYN').ask(segment({ flags: 0xff }))).toBe('no')
})

test('an option is found behind others; the end of the list does not end the search', () => {
  const mss = bench('--tcp-option 2')
  expect(mss.ask(segment())).toBe('no')
  expect(mss.ask(segment({ options: ['nop', 'nop', { mss: 536 }] }))).toBe('yes')
  expect(mss.ask(segment({ options: Uint8Array.of(0, 0, 0, 0, 2, 4, 5, 0xb4) }))).toBe('yes')
  expect(mss.ask(segment({ options: Uint8Array.of(8, 0, 2, 4, 1, 1, 1, 1) })), 'length 0 is one byte').toBe(
    'yes',
  )
  expect(mss.ask(segment({ options: Uint8Array.of(8, 1, 2, 4, 1, 1, 1, 1) }))).toBe('yes')
  expect(mss.ask(segment({ options: Uint8Array.of(1, 1, 1, 2) })), 'the last byte').toBe('yes')
  expect(mss.ask(segment({ options: Uint8Array.of(8, 200, 2, 4) })), 'longer than the header').toBe('no')
  expect(bench('! --tcp-option 2').ask(segment())).toBe('yes')
  expect(bench('! --tcp-option 2').ask(segment({ options: [{ mss: 9 }] }))).toBe('no')
})

test('a data offset below 5, or beyond the packet, drops the packet, once options are asked for', () => {
  for (const dataOffset of [0, 4, 6, 15]) {
    expect(bench('--tcp-option 2').ask(segment({ dataOffset })), String(dataOffset)).toBe('hotdrop')
    expect(bench('--sport 81 --tcp-option 2').ask(segment({ dataOffset }))).toBe('no')
    expect(bench('--sport 80').ask(segment({ dataOffset }))).toBe('yes')
  }
})

test('less than 20 bytes drop the packet, whatever is asked', () => {
  for (const length of [0, 4, 14, 19]) {
    expect(bench('').ask(bare(length)), String(length)).toBe('hotdrop')
    expect(bench('! --dport 5').ask(bare(length))).toBe('hotdrop')
  }
  expect(bench('--sport 0').ask(bare(20))).toBe('yes')
})

test('later pieces never match; in IPv4 one at offset 8 drops', () => {
  const piece = (fragmentOffset: number) => ({ ...bare(40), fragmentOffset, moreFragments: true })
  expect(bench('').ask(piece(0))).toBe('yes')
  expect(bench('').ask(piece(8))).toBe('hotdrop')
  expect(bench('! --sport 80').ask(piece(16))).toBe('no')
  const piece6 = {
    ...six,
    protocol: 6,
    payload: new Uint8Array(40),
    extensions: [{ fragment: { offset: 8, more: true } }],
  }
  expect(new MatchBench('-p tcp -m tcp', { family: 'ipv6' }).ask(piece6)).toBe('no')
})

test('bytes that the capture lacks: told apart only where they matter', () => {
  const bytes = segment({ options: ['nop', { mss: 5 }, 'sackPermitted'] })
  expect(bench('--sport 80').ask(bytes, 23)).toBe('unknown')
  expect(bench('--sport 80').ask(bytes, 24)).toBe('yes')
  expect(bench('--sport 81 --syn').ask(bytes, 24)).toBe('no')
  expect(bench('--syn').ask(bytes, 33)).toBe('unknown')
  expect(bench('--syn').ask(bytes, 34)).toBe('no')
  expect(bench('--tcp-option 2').ask(bytes, 41)).toBe('unknown')
  expect(bench('--tcp-option 2').ask(bytes, 42)).toBe('yes')
  expect(bench('--tcp-option 4').ask(bytes, 45)).toBe('unknown')
  expect(bench('--tcp-option 4').ask(bytes, 46)).toBe('yes')
  expect(bench('--tcp-option 8').ask(bytes, 46)).toBe('unknown')
})
