import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket } from './build.ts'
import { type TcpOptionPlan, tcpOptionBytes } from './build-transport.ts'
import { decoded } from './decoded.ts'
import type { Packet } from './packet.ts'
import { areOptionsCut, highestSack, parseSynOptions, SynOptions } from './tcp-options.ts'

type Options = readonly TcpOptionPlan[] | Uint8Array

function segment(options: Options, captured?: number, dataOffset?: number): Packet {
  const tcp = { sourcePort: 1, destinationPort: 2, flags: 'S', options }
  const overridden = dataOffset === undefined ? tcp : { ...tcp, dataOffset }
  return decoded(buildPacket({ source: '10.0.0.1', destination: '10.0.0.2', tcp: overridden }), captured)
}

function parse(options: Options, captured?: number): SynOptions {
  const out = new SynOptions()
  parseSynOptions(segment(options, captured), out)
  return out
}

const raw = (...bytes: number[]) => Uint8Array.from(bytes)

test('no option bytes at all are told apart from options that say nothing', () => {
  expect(parse([])).toEqual({ present: false, windowScale: -1, sackPermitted: false, cut: false })
  expect(parse(['nop'])).toEqual({ present: true, windowScale: -1, sackPermitted: false, cut: false })
})

test('the options of a usual SYN are found', () => {
  const options: Options = [{ mss: 1460 }, 'sackPermitted', { timestamps: [1, 0] }, 'nop', { windowScale: 7 }]
  expect(parse(options)).toEqual({ present: true, windowScale: 7, sackPermitted: true, cut: false })
})

test.each([
  ['scale 15 counts as 14', raw(3, 3, 15), 14, false],
  ['the last of two scales counts', raw(3, 3, 5, 3, 3, 0), 0, false],
  ['a scale of the wrong length does not count', raw(3, 4, 5, 0), -1, false],
  ['SACK permitted of the wrong length does not count', raw(4, 3, 0), -1, false],
  ['nothing behind the end of list counts', raw(0, 3, 3, 5), -1, false],
  ['length 0 ends the walk', raw(8, 0, 3, 3, 5), -1, false],
  ['length 1 ends the walk', raw(8, 1, 3, 3, 5), -1, false],
  ['an overrun ends the walk', raw(4, 2, 8, 60, 3, 3, 5, 0), -1, true],
  ['a kind without a length ends the walk', raw(1, 1, 1, 3), -1, false],
])('%s', (_name, options, windowScale, sackPermitted) => {
  expect(parse(options)).toMatchObject({ windowScale, sackPermitted, present: true })
})

test('options cut by the capture are known as far as they were captured', () => {
  const options: Options = ['sackPermitted', { windowScale: 7 }, { mss: 1 }]
  expect(parse(options, 40)).toMatchObject({
    present: true,
    sackPermitted: false,
    windowScale: -1,
    cut: true,
  })
  expect(parse(options, 44)).toMatchObject({ present: true, sackPermitted: true, windowScale: -1, cut: true })
  expect(parse(options, 45)).toMatchObject({ sackPermitted: true, windowScale: 7, cut: true })
  expect(parse(options)).toMatchObject({ sackPermitted: true, windowScale: 7, cut: false })
  expect(areOptionsCut(segment(options, 51))).toBe(true)
  expect(areOptionsCut(segment(options))).toBe(false)
})

test('without SACK the acknowledgment is the highest', () => {
  expect(highestSack(segment([]), 100)).toBe(100)
  expect(highestSack(segment(['nop', 'nop', { timestamps: [5, 5] }]), 100)).toBe(100)
})

test('of several blocks the highest right edge counts, modulo 2^32', () => {
  expect(
    highestSack(
      segment([
        {
          sack: [
            [200, 300],
            [500, 600],
            [350, 400],
          ],
        },
      ]),
      100,
    ),
  ).toBe(600)
  expect(highestSack(segment([{ sack: [[200, 300]] }]), 1000)).toBe(1000)
  expect(highestSack(segment(['nop', 'nop', { sack: [[-20, 16]] }]), -100)).toBe(16)
})

test('only the first SACK option of a right length counts', () => {
  const blocks = tcpOptionBytes([{ sack: [[1, 200]] }, { sack: [[1, 300]] }])
  expect(highestSack(segment(blocks), 100)).toBe(200)
  const wrong = tcpOptionBytes([{ raw: [5, 6, 9, 9, 9, 9] }, { sack: [[1, 300]] }])
  expect(highestSack(segment(wrong), 100)).toBe(300)
})

test('any options and any data offset, nothing is read beyond the capture', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 40, max: 80 }),
      fc.nat(15),
      (options, captured, words) => {
        const whole = segment(options, undefined, words)
        const packet = segment(options, Math.min(captured, whole.capturedEnd), words)
        packet.view = new DataView(packet.bytes.buffer, 0, packet.capturedEnd)
        const out = new SynOptions()
        parseSynOptions(packet, out)
        expect(out.windowScale).toBeLessThanOrEqual(14)
        expect(highestSack(packet, 7)).toBe(highestSack(packet, 7) | 0)
      },
    ),
    { numRuns: 1000 },
  )
})
