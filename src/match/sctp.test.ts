import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import type { SctpChunkPlan } from '../packet/build-transport.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const bench = (options: string) => new MatchBench(`-p sctp -m sctp ${options}`)
const packet = (...chunks: SctpChunkPlan[]) => ({
  ...net,
  sctp: { sourcePort: 80, destinationPort: 5672, chunks },
})
const data = { type: 0, flags: 3, body: [1, 2, 3, 4, 5] }
const sack = { type: 3 }
const abort = { type: 6, flags: 1 }

// As Linux answered to the same packets.

test('ports', () => {
  expect(bench('').ask(packet())).toBe('yes')
  expect(bench('--sport 80 --dport 5000:6000').ask(packet())).toBe('yes')
  expect(bench('! --sport 80').ask(packet())).toBe('no')
  expect(bench('--sport :').ask(packet())).toBe('yes')
  expect(bench('! --sport :').ask(packet())).toBe('no')
})

test('all of the types, one of them, no others', () => {
  expect(bench('--chunk-types all DATA,SACK').ask(packet(sack, data))).toBe('yes')
  expect(bench('--chunk-types all DATA,SACK').ask(packet(data, data))).toBe('no')
  expect(bench('--chunk-types any DATA,INIT').ask(packet(sack, data))).toBe('yes')
  expect(bench('--chunk-types any INIT').ask(packet(sack, data))).toBe('no')
  expect(bench('--chunk-types only DATA,SACK').ask(packet(sack, data))).toBe('yes')
  expect(bench('--chunk-types only DATA').ask(packet(sack, data))).toBe('no')
  expect(bench('! --chunk-types only DATA').ask(packet(sack, data))).toBe('yes')
  expect(bench('--chunk-types only ALL').ask(packet({ type: 255 }))).toBe('yes')
  expect(bench('--chunk-types all ALL').ask(packet(sack))).toBe('no')
  expect(bench('--chunk-types all NONE').ask(packet(sack))).toBe('yes')
  expect(bench('--chunk-types any NONE').ask(packet(sack))).toBe('no')
})

test('flags: upper case set, lower case not', () => {
  expect(bench('--chunk-types any DATA:uBE').ask(packet(data))).toBe('yes')
  expect(bench('--chunk-types any DATA:U').ask(packet(data))).toBe('no')
  expect(bench('--chunk-types only DATA:B,ABORT:T').ask(packet(data, abort))).toBe('yes')
  expect(bench('--chunk-types all ABORT:t').ask(packet(abort))).toBe('no')
})

test('a chunk of length 0, or no whole one, drops the packet, unless the answer is there before', () => {
  expect(bench('--chunk-types any DATA').ask(packet())).toBe('hotdrop')
  expect(bench('--chunk-types any DATA').ask(packet({ ...sack, length: 0 }))).toBe('hotdrop')
  expect(bench('--chunk-types any SACK').ask(packet({ ...sack, length: 0 }))).toBe('hotdrop')
  expect(bench('--chunk-types any SACK').ask(packet({ ...sack, length: 1 }, data))).toBe('yes')
  expect(bench('--chunk-types any DATA').ask(packet(data, { ...sack, length: 0 }))).toBe('yes')
  expect(bench('--chunk-types only DATA').ask(packet({ ...sack, length: 400 }))).toBe('no')
  expect(bench('--dport 1 --chunk-types any DATA').ask(packet())).toBe('no')
})

test('short headers, later pieces, and what the capture lacks', () => {
  const bare = (bytes: number) => ({ ...net, protocol: 132, payload: new Uint8Array(bytes) })
  expect(bench('').ask(bare(11))).toBe('hotdrop')
  expect(bench('').ask(bare(12))).toBe('yes')
  expect(bench('').ask({ ...bare(12), fragmentOffset: 8 })).toBe('no')
  expect(bench('--sport 80').ask(packet(data), 23)).toBe('unknown')
  expect(bench('--sport 80').ask(packet(data), 24)).toBe('yes')
  expect(bench('--chunk-types any SACK').ask(packet(data, sack), 44)).toBe('unknown')
  expect(bench('--chunk-types any DATA').ask(packet(data, sack), 44)).toBe('yes')
})
