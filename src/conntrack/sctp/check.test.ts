import { expect, test } from 'vitest'
import type { SctpChunkPlan } from '../../packet/build-transport.ts'
import { Reasons, reasonData } from '../reason.ts'
import { checkSctp } from './check.ts'
import { chunk, init, type SctpSend, sctpPacket } from './sctp-flow.ts'

function check(chunks: readonly SctpChunkPlan[], options: SctpSend = {}, verifyChecksum = true) {
  const reasons = new Reasons()
  const good = checkSctp(sctpPacket(0, chunks, options), reasons, verifyChecksum)
  return good ? 'good' : reasonData(reasons)
}

test('fewer than 12 bytes on the wire, is short', () => {
  expect(check([chunk(0)], { length: 11 })).toEqual([{ code: 'sctp-short', length: 11 }])
})

test('no chunk, and 1 to 3 bytes of one, are empty', () => {
  expect(check([])).toEqual([{ code: 'sctp-empty' }])
  expect(check([chunk(0)], { length: 15 })).toEqual([{ code: 'sctp-empty' }])
})

test('wrong checksum, is INVALID where it is verified, and goes on elsewhere', () => {
  expect(check([chunk(0)], { checksum: 'bad' })).toEqual([
    { code: 'sctp-crc', found: 0x11111111, expected: 0x22222222 },
  ])
  expect(check([chunk(0)], { checksum: 'bad' }, false)).toBe('good')
})

test.each([
  ['length 0', [{ type: 0, length: 0 }], { chunk: 0, type: 0, length: 0, flag: 0 }],
  ['length 0 in the second', [chunk(0), { type: 3, length: 0 }], { chunk: 1, type: 3, length: 0, flag: 0 }],
  ['INIT of length 0', [{ type: 1, length: 0 }], { chunk: 0, type: 1, length: 0, flag: 1 }],
  ['COOKIE_ECHO second', [chunk(0), chunk(10)], { chunk: 1, type: 10, length: 4, flag: 0 }],
  ['COOKIE_ACK second', [chunk(0), chunk(11)], { chunk: 1, type: 11, length: 4, flag: 0 }],
  ['INIT second', [chunk(0), init(1)], { chunk: 1, type: 1, length: 20, flag: 1 }],
  ['something behind INIT', [init(1), chunk(0)], { chunk: 1, type: 0, length: 4, flag: 1 }],
  ['something behind INIT_ACK', [init(1, 2), chunk(0)], { chunk: 1, type: 0, length: 4, flag: 1 }],
  ['behind SHUTDOWN_COMPLETE', [chunk(14), chunk(0)], { chunk: 1, type: 0, length: 4, flag: 1 }],
] as const)('chunks in a wrong place: %s, is INVALID with its numbers', (_, chunks, numbers) => {
  expect(check(chunks)).toEqual([{ code: 'sctp-chunks', ...numbers }])
})

test.each([
  ['COOKIE_ECHO first, with DATA', [chunk(10), chunk(0)]],
  ['COOKIE_ACK first, with DATA', [chunk(11), chunk(0)]],
  ['INIT alone', [init(1)]],
  ['length beyond the packet', [{ type: 0, length: 65_535 }, chunk(10)]],
  ['length 1 goes on by 4', [{ type: 0, length: 1 }, chunk(0)]],
] as const)('%s, is good', (_, chunks) => {
  expect(check(chunks)).toBe('good')
})

test('INIT with 3 bytes behind it, counts as alone', () => {
  expect(check([init(1), chunk(0)], { length: 12 + 20 + 3 })).toBe('good')
})

test('65,535 bytes of one-byte chunks, end', () => {
  const packet = sctpPacket(0, [chunk(0, 0, 65_520)])
  for (let at = 32; at < packet.bytes.length; at += 4) packet.bytes.set([9, 0, 0, 1], at)
  expect(checkSctp(packet, new Reasons(), false)).toBe(true)
})
