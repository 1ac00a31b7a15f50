import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyFrame, chunked, concat, cutAt, pack, readAll, recordOf } from './fixtures.ts'
import { MAX_CAPTURED, PCAP_MAGIC_MODIFIED } from './pcap.ts'
import { type PcapFormat, pcapHeader, pcapRecord } from './pcap-writer.ts'
import { CaptureReader } from './reader.ts'
import { CaptureRecord } from './record.ts'

const formats: PcapFormat[] = (['micro', 'nano'] as const).flatMap((precision) =>
  (['little', 'big'] as const).map((byteOrder) => ({ precision, byteOrder })),
)
const micro: PcapFormat = { precision: 'micro', byteOrder: 'little' }
const ten = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

function header(
  options: { magic?: number; major?: number; minor?: number; linkType?: number; little?: boolean } = {},
) {
  const { magic = 0xa1b2c3d4, major = 2, minor = 4, linkType = 1, little = true } = options
  return pack(little, magic, [major], [minor], 0, 0, 65535, linkType)
}

function record(
  seconds: number,
  fraction: number,
  data = ten,
  captured = data.length,
  original = data.length,
) {
  return pack(true, seconds, fraction, captured, original, data)
}

test.each(formats)(
  '$precision, $byteOrder: what was written is read, however it is cut into chunks',
  (format) => {
    const unit = format.precision === 'micro' ? 1000 : 1
    const anyFile = fc.array(anyFrame, { maxLength: 8 }).chain((frames) => {
      const bytes = concat(
        pcapHeader(format, 1),
        ...frames.map((frame) => pcapRecord(format, recordOf(frame))),
      )
      return fc.record({ frames: fc.constant(frames), chunks: chunked(bytes) })
    })
    fc.assert(
      fc.property(anyFile, ({ frames, chunks }) => {
        const { frames: read, reader } = readAll(...chunks)
        expect(read).toEqual(
          frames.map((frame, i) => ({
            ...frame,
            frame: i + 1,
            interfaceIndex: 0,
            direction: 0,
            nanoseconds: frame.nanoseconds - (frame.nanoseconds % unit),
          })),
        )
        expect(reader.problems).toEqual([])
        expect(reader.format).toBe('pcap')
        expect(reader.timePrecision).toBe(unit === 1 ? 9 : 6)
      }),
    )
  },
)

test('a file in chunks of one byte is read like the whole', () => {
  const bytes = concat(header(), record(1, 2), record(3, 4))
  const cuts = Array.from(bytes, (_, i) => i)
  expect(readAll(...cutAt(bytes, cuts))).toEqual(readAll(bytes))
  expect(readAll(bytes).frames.length).toBe(2)
})

test('modified pcap: its record headers are eight bytes longer', () => {
  const long = pack(true, 7, 8, ten.length, 60, 3, [0x800], [0], ten)
  const { frames, codes } = readAll(concat(header({ magic: PCAP_MAGIC_MODIFIED }), long, long))
  expect(
    frames.map(({ frame, seconds, nanoseconds, originalLength }) => [
      frame,
      seconds,
      nanoseconds,
      originalLength,
    ]),
  ).toEqual([
    [1, 7, 8000, 60],
    [2, 7, 8000, 60],
  ])
  expect(frames[1]?.data).toEqual(Array.from(ten))
  expect(codes).toEqual([])
})

test.each([
  { minor: 2, name: 'before 2.3 the original length comes first', lengths: [40, 10] },
  { minor: 3, name: 'in 2.3 the larger length is the original one, first', lengths: [40, 10] },
  { minor: 3, name: 'in 2.3 the larger length is the original one, second', lengths: [10, 40] },
])('$name', ({ minor, lengths }) => {
  const { frames, codes } = readAll(concat(header({ minor }), record(1, 0, ten, lengths[0], lengths[1])))
  expect(frames.map(({ data, originalLength }) => [data.length, originalLength])).toEqual([[10, 40]])
  expect(codes).toEqual([])
})

test('bits for a frame check sequence are no part of the link type', () => {
  const { frames, reader } = readAll(concat(header({ linkType: 0x2400_0001 }), record(1, 0)))
  expect(frames[0]?.linkType).toBe(1)
  expect(reader.interfaces).toEqual([
    { name: null, linkType: 1, snapLength: 65535, file: 0, timePrecision: 6 },
  ])
})

test('an unknown link type is reported once, at its first frame, and its frames are delivered', () => {
  const { frames, reader } = readAll(concat(header({ linkType: 127 }), record(1, 0), record(2, 0)))
  expect(frames.length).toBe(2)
  expect(reader.problems).toEqual([
    {
      code: 'unknown-link-type',
      file: 0,
      offset: 24,
      frame: 1,
      fatal: false,
      message: 'link type 127 (IEEE802_11_RADIOTAP) is not decoded',
    },
  ])
})

test('a file that ends inside a record keeps the records before it', () => {
  const bytes = concat(header(), record(1, 0), record(2, 0))
  for (let cut = 24 + 26 + 1; cut < bytes.length; cut++) {
    const { frames, reader } = readAll(bytes.subarray(0, cut))
    expect(frames.length).toBe(1)
    expect(reader.problems).toMatchObject([{ code: 'truncated-record', fatal: false, frame: 1, offset: 50 }])
  }
})

test('a file that ends inside its header says so, an empty one too', () => {
  for (let cut = 0; cut < 24; cut++) {
    expect(readAll(header().subarray(0, cut)).reader.problems).toMatchObject([
      { code: 'truncated-header', fatal: true },
    ])
  }
  expect(readAll(header()).codes).toEqual([])
})

test.each([
  { what: 'a length above the limit', bytes: record(2, 0, ten, MAX_CAPTURED + 1) },
  { what: 'a negative length', bytes: record(2, 0, ten, -1) },
  { what: 'zeros', bytes: new Uint8Array(4096) },
])('$what where a record should begin ends the file, the record before is kept', ({ bytes }) => {
  const { frames, reader } = readAll(concat(header(), record(1, 0), bytes, record(3, 0)))
  expect(frames.length).toBe(1)
  expect(reader.problems).toMatchObject([{ code: 'bad-record', fatal: true, frame: 1, offset: 50 }])
  expect(reader.finished).toBe(true)
})

test('a frame of the largest length is read from two chunks', () => {
  const bytes = concat(header(), record(1, 0, new Uint8Array(MAX_CAPTURED)))
  bytes[bytes.length - 1] = 7
  const reader = new CaptureReader()
  const read = new CaptureRecord()
  reader.feed(bytes.subarray(0, 100))
  expect(reader.next(read)).toBe(false)
  reader.feed(bytes.subarray(100))
  expect(reader.next(read)).toBe(true)
  expect([read.end - read.start, read.bytes[read.end - 1]]).toEqual([MAX_CAPTURED, 7])
})

test('a frame shorter on the wire than captured, and a million and more microseconds, are doubted and kept', () => {
  const { frames, codes } = readAll(concat(header(), record(1, 2_500_000, ten, 10, 4)))
  expect(frames).toMatchObject([{ seconds: 3, nanoseconds: 500_000_000, originalLength: 10 }])
  expect(codes).toEqual(['bad-record', 'bad-record'])
})

test.each([
  [1, 0],
  [2, 5],
  [3, 0],
  [543, 0],
])('version %i.%i is refused by its number', (major, minor) => {
  const { frames, reader } = readAll(concat(header({ major, minor }), record(1, 0)))
  expect(frames).toEqual([])
  expect(reader.problems).toMatchObject([{ code: 'unsupported-version', fatal: true }])
  expect(reader.problems[0]?.message).toContain(`${major}.${minor}`)
})

test('the last frame of the 32-bit clock keeps its time', () => {
  const file = concat(pcapHeader(micro, 1), record(0xffffffff, 999_999))
  expect(readAll(file).frames).toMatchObject([{ seconds: 0xffffffff, nanoseconds: 999_999_000 }])
})
