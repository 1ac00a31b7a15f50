import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENTRY_WORDS } from '../entry.ts'
import { chunk, type From, init, SctpFlow, sctpPacket } from './sctp-flow.ts'

const DATA = chunk(0, 3, 12)
const SACK = chunk(3, 0, 12)
const HEARTBEAT = chunk(4, 0, 4)
const HEARTBEAT_ACK = chunk(5, 0, 4)
const ABORT = chunk(6)
const ABORT_T = chunk(6, 1)
const SHUTDOWN = chunk(7, 0, 4)
const SHUTDOWN_ACK = chunk(8)
const ERROR = chunk(9)
const COOKIE_ECHO = chunk(10, 0, 8)
const COOKIE_ACK = chunk(11)
const SHUTDOWN_COMPLETE = chunk(14)
const SHUTDOWN_COMPLETE_T = chunk(14, 1)

const invalid = (entry: string | null, reason: object) => ({ answer: 'invalid', reasons: [reason], entry })
const refresh = (entry: string) => ({ answer: 'refresh', reasons: [], entry })
const pass = (entry: string) => ({ answer: 'pass', reasons: [], entry })

test('open, foreign tag, close, open again: as the live kernel answered', () => {
  const flow = new SctpFlow()
  expect(flow.send('A', 0, [init(0xaa)])).toEqual(refresh('CLOSED 10'))
  expect(flow.send('B', 0xaa, [init(0xbb, 2)])).toEqual(refresh('COOKIE_WAIT 3'))
  expect(flow.send('A', 0xbb, [COOKIE_ECHO])).toEqual(refresh('COOKIE_ECHOED 3'))
  expect(flow.send('B', 0xaa, [COOKIE_ACK])).toEqual(refresh('ESTABLISHED 210 ASSURED'))
  expect(flow.send('A', 0x99, [DATA])).toEqual(
    invalid('ESTABLISHED 210 ASSURED', { code: 'sctp-vtag', found: 0x99, expected: 0xbb, direction: 0 }),
  )
  expect(flow.send('A', 0xbb, [SHUTDOWN])).toEqual(refresh('SHUTDOWN_SENT 3 ASSURED'))
  expect(flow.send('B', 0xaa, [SHUTDOWN_ACK])).toEqual(refresh('SHUTDOWN_ACK_SENT 3 ASSURED'))
  expect(flow.send('A', 0xbb, [SHUTDOWN_COMPLETE])).toEqual(refresh('CLOSED 10 ASSURED'))
  expect(flow.send('A', 0, [init(0x31)])).toEqual(pass('CLOSED 10 ASSURED'))
})

test('picked up by heartbeats: DATA is INVALID until they were answered, then passes both ways', () => {
  const flow = new SctpFlow()
  expect(flow.send('A', 0xbb, [HEARTBEAT])).toEqual(refresh('HEARTBEAT_SENT 30'))
  expect(flow.send('B', 0xaa, [DATA])).toEqual(
    invalid('HEARTBEAT_SENT 30', { code: 'sctp-vtag', found: 0xaa, expected: 0, direction: 1 }),
  )
  expect(flow.send('B', 0xaa, [HEARTBEAT_ACK])).toEqual(refresh('ESTABLISHED 210 ASSURED'))
  expect(flow.send('A', 0xbb, [DATA])).toEqual(refresh('ESTABLISHED 210 ASSURED'))
  expect(flow.send('B', 0xaa, [DATA, SACK])).toEqual(refresh('ESTABLISHED 210 ASSURED'))
})

const new_ = (type: number) => invalid(null, { code: 'sctp-new', type })
const foreign = invalid(null, { code: 'sctp-vtag', found: 5, expected: 0, direction: 0 })

test.each([
  ['INIT, tag 0', 0, [init(7)], refresh('CLOSED 10')],
  ['INIT, tag 5', 5, [init(7)], new_(1)],
  ['HEARTBEAT', 5, [HEARTBEAT], refresh('HEARTBEAT_SENT 30')],
  ['HEARTBEAT_ACK', 5, [HEARTBEAT_ACK], refresh('CLOSED 10')],
  ['SHUTDOWN_ACK', 5, [SHUTDOWN_ACK], refresh('SHUTDOWN_ACK_SENT 3')],
  ['INIT_ACK, tag 0', 0, [init(7, 2)], refresh('CLOSED 10')],
  ['INIT_ACK, tag 5', 5, [init(7, 2)], foreign],
  ['SHUTDOWN, tag 0', 0, [SHUTDOWN], refresh('CLOSED 10')],
  ['SHUTDOWN, tag 5', 5, [SHUTDOWN], foreign],
  ['ERROR, tag 0', 0, [ERROR], refresh('CLOSED 10')],
  ['ERROR, tag 5', 5, [ERROR], foreign],
  ['COOKIE_ECHO, tag 0', 0, [COOKIE_ECHO], refresh('CLOSED 10')],
  [
    'COOKIE_ECHO, tag 5',
    5,
    [COOKIE_ECHO],
    invalid(null, { code: 'sctp-vtag-special', type: 10, found: 5, expected: 0 }),
  ],
  ['DATA', 0, [DATA], new_(0)],
  ['SACK', 0, [SACK], new_(3)],
  ['ABORT', 0, [ABORT], new_(6)],
  ['COOKIE_ACK', 0, [COOKIE_ACK], new_(11)],
  ['SHUTDOWN_COMPLETE', 0, [SHUTDOWN_COMPLETE], new_(14)],
  ['unknown type', 0, [chunk(200)], new_(200)],
  ['HEARTBEAT with DATA', 5, [HEARTBEAT, DATA], new_(0)],
  ['HEARTBEAT with ABORT', 5, [HEARTBEAT, ABORT], new_(6)],
] as const)('no entry, %s', (_, vtag, chunks, result) => {
  expect(new SctpFlow().send('A', vtag, chunks)).toEqual(result)
})

test('no entry, INIT of fewer than 16 bytes, is INVALID by the packet and not by its length field', () => {
  expect(new SctpFlow().send('A', 0, [chunk(1, 0, 12)])).toEqual(new_(1))
  expect(new SctpFlow().send('A', 0, [{ ...init(7), length: 4 }])).toEqual(
    // The body reads as a second chunk, which may not follow an INIT.
    invalid(null, { code: 'sctp-chunks', chunk: 1, type: 0, length: 7, flag: 1 }),
  )
})

test('not confirmed, words of whatever came before are not looked at', () => {
  const flow = SctpFlow.established()
  flow.confirmed = false
  expect(flow.send('A', 0, [init(0xcc)]).answer).toBe('refresh')
  expect([flow.vtag('A'), flow.vtag('B')]).toEqual([0, 0xcc])
})

test('established, INIT with a tag, is INVALID', () => {
  expect(SctpFlow.established().send('A', 9, [init(1)])).toEqual(
    invalid('ESTABLISHED 210 ASSURED', { code: 'sctp-vtag-special', type: 1, found: 9, expected: 0 }),
  )
})

test.each([
  ['ABORT with its own tag', 0xbb, ABORT, 'refresh'],
  ['ABORT with the peer tag', 0xaa, ABORT, 'invalid'],
  ['ABORT, T set, with the peer tag', 0xaa, ABORT_T, 'refresh'],
  ['ABORT, T set, with its own tag', 0xbb, ABORT_T, 'invalid'],
  ['SHUTDOWN_COMPLETE with its own tag', 0xbb, SHUTDOWN_COMPLETE, 'refresh'],
  ['SHUTDOWN_COMPLETE, T set, with the peer tag', 0xaa, SHUTDOWN_COMPLETE_T, 'refresh'],
  ['SHUTDOWN_COMPLETE, T set, with its own tag', 0xbb, SHUTDOWN_COMPLETE_T, 'invalid'],
  ['COOKIE_ECHO with its own tag', 0xbb, COOKIE_ECHO, 'refresh'],
  ['COOKIE_ECHO with the peer tag', 0xaa, COOKIE_ECHO, 'invalid'],
  ['SHUTDOWN_ACK with any tag', 0x77, SHUTDOWN_ACK, 'refresh'],
] as const)('established, %s', (_, vtag, sent, answer) => {
  expect(SctpFlow.established().send('A', vtag, [sent]).answer).toBe(answer)
})

test('DATA and ABORT with a foreign tag, fails by ABORT alone: it excuses the packet from the common check', () => {
  const result = SctpFlow.established().send('A', 0x77, [DATA, ABORT])
  expect(result.reasons).toEqual([{ code: 'sctp-vtag-special', type: 6, found: 0x77, expected: 0xbb }])
})

test('a later chunk is INVALID, the state of the earlier one stays', () => {
  const flow = SctpFlow.established()
  expect(flow.send('A', 0xbb, [SHUTDOWN, ABORT_T]).answer).toBe('invalid')
  expect(flow.entry).toBe('SHUTDOWN_SENT 210 ASSURED')
})

test('the timeout is that of the state after the last chunk', () => {
  expect(SctpFlow.established().send('A', 0xbb, [SHUTDOWN, ABORT]).entry).toBe('CLOSED 10 ASSURED')
})

test('HEARTBEAT_SENT, reply with a chunk that is not allowed there, is INVALID', () => {
  const flow = new SctpFlow()
  flow.send('A', 0xbb, [HEARTBEAT])
  expect(flow.send('B', 0, [ERROR])).toEqual(
    invalid('HEARTBEAT_SENT 30', { code: 'sctp-state', state: 8, direction: 1, type: 9 }),
  )
})

test('heartbeat with a foreign tag, passes without refresh, and its answer teaches the new tags', () => {
  const flow = SctpFlow.established()
  expect(flow.send('A', 0xcc, [HEARTBEAT])).toEqual(pass('ESTABLISHED 210 ASSURED'))
  expect(flow.send('A', 0xcc, [HEARTBEAT_ACK]).answer).toBe('invalid') // from the same side
  expect(flow.send('B', 0xdd, [HEARTBEAT_ACK])).toEqual(refresh('ESTABLISHED 210 ASSURED'))
  expect([flow.vtag('A'), flow.vtag('B')]).toEqual([0, 0xdd])
  expect(flow.send('B', 0xee, [HEARTBEAT_ACK]).answer).toBe('invalid') // used up
})

test('heartbeat with a foreign tag, then one with the right tag from the same side, forgets the first', () => {
  const flow = SctpFlow.established()
  flow.send('A', 0xcc, [HEARTBEAT])
  flow.send('A', 0xbb, [HEARTBEAT])
  expect(flow.send('B', 0xdd, [HEARTBEAT_ACK]).answer).toBe('invalid')
})

test.each([
  ['with DATA', [HEARTBEAT, DATA]],
  ['twice', [HEARTBEAT, HEARTBEAT]],
  ['then its answer', [HEARTBEAT, HEARTBEAT_ACK]],
] as const)('heartbeat with a foreign tag %s, is INVALID', (_, chunks) => {
  const result = SctpFlow.established().send('A', 0xcc, chunks)
  expect(result.reasons).toEqual([
    { code: 'sctp-vtag-special', type: chunks[1].type === 5 ? 5 : 4, found: 0xcc, expected: 0xbb },
  ])
})

test('heartbeat with a foreign tag and SHUTDOWN, is not counted but the state moves', () => {
  expect(SctpFlow.established().send('A', 0xcc, [HEARTBEAT, SHUTDOWN])).toEqual(
    pass('SHUTDOWN_SENT 210 ASSURED'),
  )
})

test('INIT_ACK unasked, with another initiate tag than the known one, is INVALID; with the known one passes', () => {
  const flow = new SctpFlow()
  flow.send('A', 0, [init(0xaa)])
  flow.send('B', 0xaa, [init(0xbb, 2)])
  expect(flow.send('A', 0xbb, [init(0xac, 2)])).toEqual(
    invalid('COOKIE_WAIT 3', { code: 'sctp-init-tag', type: 2 }),
  )
  expect(flow.send('A', 0xbb, [init(0xaa, 2)]).answer).toBe('refresh')
})

test('INITs cross: each INIT_ACK must repeat the tag of the INIT of its side', () => {
  const crossing = () => {
    const flow = new SctpFlow()
    flow.send('A', 0, [init(0xaa)])
    flow.send('B', 0, [init(0xbb)])
    return flow
  }
  expect(crossing().send('A', 0xbb, [init(0xac, 2)]).reasons).toEqual([{ code: 'sctp-init-tag', type: 2 }])
  expect(crossing().send('B', 0xaa, [init(0xbc, 2)]).reasons).toEqual([{ code: 'sctp-init-tag', type: 2 }])
  expect(crossing().send('B', 0xaa, [init(0xbb, 2)]).entry).toBe('COOKIE_WAIT 3')
})

test('INITs crossed, then another INIT of A, the INIT of B is not pending any more', () => {
  const flow = new SctpFlow()
  flow.send('A', 0, [init(0xaa)])
  flow.send('B', 0, [init(0xbb)])
  flow.send('A', 0, [init(0xac)])
  // Only A asks now, so B may answer with any tag.
  expect(flow.send('B', 0xac, [init(0xbc, 2)]).answer).toBe('refresh')
  expect([flow.vtag('A'), flow.vtag('B')]).toEqual([0xbc, 0xac])
})

test('INIT repeated unchanged from CLOSED, is passed and pends no second time', () => {
  const flow = new SctpFlow()
  flow.send('A', 0, [init(0xaa)])
  expect(flow.send('A', 0, [init(0xaa)])).toEqual(pass('CLOSED 10'))
})

test('COOKIE_ACK, nothing is pending any more: a second INIT_ACK must repeat the tag', () => {
  const flow = SctpFlow.established()
  expect(flow.send('B', 0xaa, [init(0xbc, 2)]).answer).toBe('invalid')
  expect(flow.send('B', 0xaa, [init(0xbb, 2)]).answer).toBe('refresh')
})

test('INIT_ACK too short, is INVALID', () => {
  const flow = new SctpFlow()
  flow.send('A', 0, [init(0xaa)])
  expect(flow.send('B', 0xaa, [chunk(2, 0, 12)])).toEqual(
    invalid('CLOSED 10', { code: 'sctp-init-tag', type: 2 }),
  )
})

test('tags above 2^31 compare and print as unsigned', () => {
  const flow = new SctpFlow()
  flow.send('A', 0, [init(0xffff_fff0)])
  expect(flow.send('B', 0x8000_0001, [ERROR]).reasons).toEqual([
    { code: 'sctp-vtag', found: 0x8000_0001, expected: 0xffff_fff0, direction: 1 },
  ])
})

test('cut inside a lone DATA chunk, nothing is missing', () => {
  expect(SctpFlow.established().send('A', 0xbb, [chunk(0, 3, 1000)], { captured: 40 })).toEqual(
    refresh('ESTABLISHED 210 ASSURED'),
  )
})

test('cut ahead of a second chunk, what was captured decides and the cut is told', () => {
  const big = chunk(0, 3, 1000)
  expect(SctpFlow.established().send('A', 0xbb, [big, SHUTDOWN], { captured: 40 })).toEqual({
    answer: 'refresh',
    reasons: [{ code: 'cut-transport', captured: 40, needed: 1024 }],
    entry: 'ESTABLISHED 210 ASSURED',
  })
})

test.each([
  ['the tag', SctpFlow.established, 0xbb, [DATA], 7, 12],
  [
    'a chunk that might excuse a foreign tag',
    SctpFlow.established,
    0x77,
    [chunk(0, 3, 1000), ABORT],
    40,
    1020,
  ],
  ['the first chunk of a flow', () => new SctpFlow(), 0, [init(1)], 14, 16],
  ["a first INIT's tag", () => new SctpFlow(), 0, [init(1)], 18, 20],
  ["an INIT's tag", SctpFlow.established, 0, [init(1)], 18, 20],
] as const)('cut before %s, is not judged', (_, make, vtag, chunks, captured, needed) => {
  const flow = make()
  const before = flow.entry
  expect(flow.send('A', vtag, chunks, { captured })).toEqual({
    answer: 'unknown',
    reasons: [{ code: 'cut-transport', captured, needed }],
    entry: before,
  })
})

test('any packets, cut anywhere: nothing is thrown, other entries stay untouched', () => {
  const step = fc.record({
    from: fc.constantFrom<From>('A', 'B'),
    bytes: fc.uint8Array({ maxLength: 80 }),
    length: fc.nat(100),
    captured: fc.nat(100),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const flow = SctpFlow.established()
      for (const { from, bytes, length, captured } of steps) {
        const packet = sctpPacket(0xbb, [{ type: bytes[0] ?? 0, body: bytes.subarray(1) }])
        packet.bytes.set(bytes, 32)
        packet.transportLength = Math.min(length, packet.bytes.length - 20)
        packet.transportCaptured = Math.min(captured, packet.transportLength)
        flow.sendPacket(from, packet)
      }
      const others = [...flow.words.subarray(0, ENTRY_WORDS), ...flow.words.subarray(2 * ENTRY_WORDS)]
      expect(others.every((word) => word === 0x5a5a5a5a)).toBe(true)
    }),
  )
})
