import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const datagram = { ...net, udp: { sourcePort: 53, destinationPort: 5353, payload: [1, 2, 3] } }
const bench = (options: string) => new MatchBench(`-p udp -m udp ${options}`)

test('ports lie in a range, or outside of it; a reversed range holds none', () => {
  expect(bench('').ask(datagram)).toBe('yes')
  expect(bench('--sport 53 --dport 5353').ask(datagram)).toBe('yes')
  expect(bench('! --sport 53').ask(datagram)).toBe('no')
  expect(bench('--sport 100:50').ask(datagram)).toBe('no')
  expect(bench('! --sport 100:50').ask(datagram)).toBe('yes')
})

test('less than 8 bytes drop the packet; later pieces never match', () => {
  const bare = (bytes: number) => ({ ...net, protocol: 17, payload: new Uint8Array(bytes) })
  expect(bench('').ask(bare(7))).toBe('hotdrop')
  expect(bench('! --sport 9').ask(bare(7))).toBe('hotdrop')
  expect(bench('--sport 0').ask(bare(8))).toBe('yes')
  expect(bench('').ask({ ...bare(8), fragmentOffset: 8 })).toBe('no')
  expect(bench('! --sport 9').ask({ ...bare(0), fragmentOffset: 8 })).toBe('no')
})

test('ports that the capture lacks', () => {
  expect(bench('--sport 53').ask(datagram, 23)).toBe('unknown')
  expect(bench('--sport 53').ask(datagram, 24)).toBe('yes')
})
