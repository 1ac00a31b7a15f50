import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  anyFrame,
  block,
  concat,
  cutAt,
  description,
  frameOf,
  packet,
  readAll,
  recordOf,
  section,
} from './fixtures.ts'
import { pcapHeader, pcapRecord } from './pcap-writer.ts'
import { MAX_PROBLEMS } from './problem-log.ts'
import { CaptureReader } from './reader.ts'
import { CaptureRecord } from './record.ts'

const micro = { precision: 'micro', byteOrder: 'little' } as const

function pcapOf(count: number): Uint8Array {
  const frame = {
    ...fc.sample(anyFrame, { numRuns: 1, seed: 4 })[0]!,
    data: [1, 2, 3, 4, 5, 6, 7, 8],
    seconds: 1,
  }
  return concat(
    pcapHeader(micro, 1),
    ...Array.from({ length: count }, (_, i) => {
      const record = recordOf(frame)
      record.bytes[record.start] = i
      return pcapRecord(micro, record)
    }),
  )
}

function pcapngOf(count: number, little: boolean): Uint8Array {
  const packets = Array.from({ length: count }, (_, i) =>
    packet(little, 0, BigInt(i), Uint8Array.of(i, 2, 3, 4, 5), 60, block(little, 2, 4)),
  )
  return concat(section(little), description(little, 1), ...packets)
}

test('records of a chunk, the one that straddles into it included, keep their bytes until the next feed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(pcapOf(12), pcapngOf(12, true)),
      fc.array(fc.nat({ max: 400 })),
      (bytes, cuts) => {
        const reader = new CaptureReader()
        let count = 0
        for (const chunk of cutAt(
          bytes,
          cuts.map((cut) => Math.min(cut, bytes.length)),
        )) {
          reader.feed(chunk)
          const batch: CaptureRecord[] = []
          for (let record = new CaptureRecord(); reader.next(record); record = new CaptureRecord())
            batch.push(record)
          for (const record of batch) {
            expect(record.bytes[record.start]).toBe(count)
            expect(record.view.getUint8(record.start)).toBe(count)
            count++
          }
        }
        expect(count).toBe(12)
      },
    ),
  )
})

test('a record inside a chunk is a view of the chunk, and the records of a chunk share one DataView', () => {
  const whole = pcapOf(3)
  const reader = new CaptureReader()
  const [first, second] = [new CaptureRecord(), new CaptureRecord()]
  reader.feed(whole)
  reader.next(first)
  reader.next(second)
  expect(first.bytes.buffer).toBe(whole.buffer)
  expect(second.view).toBe(first.view)
})

test('chunks fed before the earlier ones are read lose nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 400 })), fc.array(fc.nat({ max: 3 })), (cuts, reads) => {
      const bytes = pcapOf(12)
      const reader = new CaptureReader()
      const record = new CaptureRecord()
      const seen: number[] = []
      const read = () => {
        if (!reader.next(record)) return false
        seen.push(frameOf(record).data[0]!)
        return true
      }
      for (const [i, chunk] of cutAt(
        bytes,
        cuts.map((cut) => Math.min(cut, bytes.length)),
      ).entries()) {
        reader.feed(chunk)
        for (let k = reads[i] ?? 0; k > 0; k--) read()
      }
      reader.end()
      while (read());
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(reader.problems).toEqual([])
    }),
  )
})

test.each([
  [[0x1f, 0x8b, 8, 0], 'gzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  [[0x42, 0x5a, 0x68, 0x39], 'bzip2'],
  [[0xfd, 0x37, 0x7a, 0x58], 'xz'],
  [[0x73, 0x6e, 0x6f, 0x6f], 'snoop'],
  [[0, 0, 0, 0, 0, 0, 0, 0], 'zeros'],
  [[0x12, 0x34, 0x56, 0x78], '12 34 56 78'],
])('bytes %j are not a capture, and the report says what they look like', (bytes, word) => {
  const { frames, reader } = readAll(Uint8Array.from(bytes), pcapOf(1))
  expect(frames).toEqual([])
  expect(reader.format).toBe(null)
  expect(reader.problems).toMatchObject([{ code: 'not-a-capture', fatal: true, offset: 0 }])
  expect(reader.problems[0]?.message).toContain(word)
})

test('a mutated capture, however chunked: every record lies in its bytes, problems are bounded, no fatal one but the last', () => {
  const originals = [
    pcapOf(6),
    pcapngOf(6, true),
    pcapngOf(6, false),
    concat(pcapngOf(2, false), pcapngOf(2, true)),
  ]
  const anyMutation = fc.record({
    at: fc.nat({ max: 600 }),
    values: fc.array(fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat({ max: 255 })), {
      maxLength: 4,
    }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(anyMutation, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat({ max: 600 }), { maxLength: 5 }),
      (original, mutations, cuts) => {
        const bytes = original.slice()
        for (const { at, values } of mutations) {
          for (const [i, value] of values.entries()) if (at + i < bytes.length) bytes[at + i] = value
        }
        const { frames, reader } = readAll(
          ...cutAt(
            bytes,
            cuts.map((cut) => Math.min(cut, bytes.length)),
          ),
        )
        // 16 bytes are the shortest record.
        expect(frames.length).toBeLessThanOrEqual(bytes.length / 16)
        for (const frame of frames) {
          expect(frame.originalLength).toBeGreaterThanOrEqual(frame.data.length)
          expect(frame.nanoseconds).toBeLessThan(1_000_000_000)
          expect(reader.interfaces[frame.interfaceIndex]).toMatchObject({ linkType: frame.linkType })
        }
        expect(reader.finished).toBe(true)
        expect(reader.problems.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1)
        expect(reader.problems.slice(0, -1).filter(({ fatal }) => fatal)).toEqual([])
        // The chunks make no difference to what is read and said.
        expect({ frames, problems: reader.problems }).toEqual({
          frames: readAll(bytes).frames,
          problems: readAll(bytes).reader.problems,
        })
      },
    ),
    { numRuns: 2000 },
  )
})
