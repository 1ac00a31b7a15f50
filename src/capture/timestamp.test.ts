import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_SECONDS, TimeScale, writeNanosecondStamp } from './timestamp.ts'

function exactly(resolution: number, offset: number, stamp: bigint): [number, number, boolean] {
  const perSecond = ((resolution & 0x80) !== 0 ? 2n : 10n) ** BigInt(resolution & 0x7f)
  const seconds = stamp / perSecond + BigInt(offset)
  const limit = BigInt(MAX_SECONDS)
  const inRange = seconds > -limit && seconds < limit
  const kept = seconds >= limit ? limit : seconds <= -limit ? -limit : seconds
  return [Number(kept), Number(((stamp % perSecond) * 1_000_000_000n) / perSecond), inRange]
}

const high = (stamp: bigint) => Number(BigInt.asIntN(32, stamp >> 32n))
const low = (stamp: bigint) => Number(BigInt.asIntN(32, stamp))

test('every resolution, any 64-bit stamps in a row: exact, rounded down to nanoseconds', () => {
  const anyStamp = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    // Neighbours, so that results follow each other within a second and across its end.
    fc.bigInt({ min: 1_699_999_999_999_999_000n, max: 1_700_000_001_000_001_000n }),
    fc.bigInt({ min: 1_699_999_999_999_990n, max: 1_700_000_001_000_010n }),
  )
  const anyResolution = fc.oneof(
    fc.constantFrom(0, 6, 9, 0x80 | 10, 0x80 | 23, 0x80 | 32),
    fc.nat({ max: 255 }),
  )
  fc.assert(
    fc.property(
      anyResolution,
      fc.integer(),
      fc.array(anyStamp, { maxLength: 20 }),
      (resolution, offset, stamps) => {
        const scale = new TimeScale(resolution, offset)
        for (const stamp of stamps) {
          const inRange = scale.convert(high(stamp), low(stamp))
          expect([scale.seconds, scale.nanoseconds, inRange]).toEqual(exactly(resolution, offset, stamp))
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test.each([
  [0, 0],
  [3, 3],
  [6, 6],
  [9, 9],
  [12, 9],
  [0x80 | 20, 9],
])('resolution %i has %i digits', (resolution, digits) => {
  expect(new TimeScale(resolution, 0).digits).toBe(digits)
})

test('nanosecond stamps up to the year 2554 are written and read back', () => {
  const view = new DataView(new ArrayBuffer(8))
  const scale = new TimeScale(9, 0)
  fc.assert(
    fc.property(
      fc.nat({ max: 999_999_999 }),
      fc.integer({ min: 0, max: 18_446_744_072 }),
      (nanoseconds, seconds) => {
        writeNanosecondStamp(view, 0, seconds, nanoseconds)
        scale.convert(view.getInt32(0, true), view.getInt32(4, true))
        expect([scale.seconds, scale.nanoseconds]).toEqual([seconds, nanoseconds])
      },
    ),
  )
})

test('times that a stamp cannot hold saturate', () => {
  const view = new DataView(new ArrayBuffer(8))
  writeNanosecondStamp(view, 0, -1, 5)
  expect(view.getBigUint64(0)).toBe(0n)
  writeNanosecondStamp(view, 0, 18_446_744_073, 5)
  expect(view.getBigUint64(0)).toBe(2n ** 64n - 1n)
})

test('stamp 0 behind one of the last second that 64 bits hold is second 0', () => {
  const scale = new TimeScale(9, 0)
  const last = 18_446_744_073_000_000_000n
  scale.convert(Number(last >> 32n) | 0, Number(last & 0xffffffffn) | 0)
  expect(scale.seconds).toBe(18_446_744_073)
  scale.convert(0, 0)
  expect({ seconds: scale.seconds, nanoseconds: scale.nanoseconds }).toEqual({ seconds: 0, nanoseconds: 0 })
})
