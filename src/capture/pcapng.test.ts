import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  anyFrame,
  block,
  chunked,
  concat,
  cutAt,
  description,
  type Frame,
  option,
  pack,
  packet,
  readAll,
  section,
} from './fixtures.ts'

const ten = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
const nano: [number, Uint8Array] = [9, Uint8Array.of(9)]
const start = (little = true) => concat(section(little), description(little, 1))

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}

const stampOf = ({ seconds, nanoseconds }: Frame) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
const flags = (little: boolean, direction: number) => option(little, 2, pack(little, direction))

test.each([true, false])(
  'little-endian %s: what was written is read, however it is cut into chunks',
  (little) => {
    const anyFile = fc.array(anyFrame, { maxLength: 8 }).chain((frames) => {
      const interfaces = [0, 1, 2].map(() => description(little, 1, 0, nano))
      const packets = frames.map((frame) =>
        packet(
          little,
          frame.interfaceIndex,
          stampOf(frame),
          Uint8Array.from(frame.data),
          frame.originalLength,
          ...(frame.direction === 0 ? [] : [flags(little, 0xfffffffc | frame.direction)]),
        ),
      )
      const bytes = concat(section(little), ...interfaces, ...packets)
      return fc.record({ frames: fc.constant(frames), chunks: chunked(bytes) })
    })
    fc.assert(
      fc.property(anyFile, ({ frames, chunks }) => {
        const { frames: read, reader } = readAll(...chunks)
        expect(read).toEqual(frames.map((frame, i) => ({ ...frame, frame: i + 1 })))
        expect(reader.problems).toEqual([])
        expect(reader.format).toBe('pcapng')
      }),
    )
  },
)

test('a file in chunks of one byte is read like the whole', () => {
  const bytes = concat(start(), packet(true, 0, 1n, ten), block(true, 5, 0), packet(true, 0, 2n, ten))
  const cuts = Array.from(bytes, (_, i) => i)
  expect(readAll(...cutAt(bytes, cuts))).toEqual(readAll(bytes))
  expect(readAll(bytes).frames.length).toBe(2)
})

test('sections of both byte orders: each has its own interfaces, equal ones stay the same one', () => {
  const named = (little: boolean) => description(little, 1, 96, [2, text('eth0\0\0')])
  const { frames, reader } = readAll(
    concat(
      section(true),
      named(true),
      packet(true, 0, 1_000_000n, ten),
      section(false),
      named(false),
      description(false, 101, 0, nano),
      packet(false, 0, 2_000_000n, ten),
      packet(false, 1, 3_000_000_000n, ten),
    ),
  )
  expect(frames.map(({ interfaceIndex, linkType, seconds }) => [interfaceIndex, linkType, seconds])).toEqual([
    [0, 1, 1],
    [0, 1, 2],
    [1, 101, 3],
  ])
  expect(reader.interfaces).toEqual([
    { name: 'eth0', linkType: 1, snapLength: 96, file: 0, timePrecision: 6 },
    { name: null, linkType: 101, snapLength: 0, file: 0, timePrecision: 9 },
  ])
  expect(reader.timePrecision).toBe(9)
})

test.each([
  [1, 1],
  [2, 2],
  [3, 0],
  [0, 0],
])('flags with direction bits %i give direction %i', (bits, direction) => {
  const comment = option(true, 1, text('hello'))
  const { frames } = readAll(concat(start(), packet(true, 0, 1n, ten, 10, comment, flags(true, bits))))
  expect(frames).toMatchObject([{ direction }])
})

test('if_tsoffset moves the time, backwards too', () => {
  const shifted = description(true, 1, 0, [14, pack(true, -100n)])
  const { frames } = readAll(concat(section(true), shifted, packet(true, 0, 101_000_001n, ten)))
  expect(frames).toMatchObject([{ seconds: 1, nanoseconds: 1000 }])
})

test('simple packets: snap length of the first interface, time of the packet before', () => {
  const simple = (original: number) => block(true, 3, original, ten)
  const { frames, codes } = readAll(
    concat(section(true), description(true, 1, 6), packet(true, 0, 5_000_007n, ten), simple(40), simple(5)),
  )
  expect(frames.slice(1)).toMatchObject([
    { frame: 2, seconds: 5, nanoseconds: 7000, data: [1, 2, 3, 4, 5, 6], originalLength: 40 },
    { frame: 3, seconds: 5, nanoseconds: 7000, data: [1, 2, 3, 4, 5], originalLength: 5 },
  ])
  expect(codes).toEqual([])
})

test('the obsolete packet block is read, with its direction', () => {
  const { frames, codes } = readAll(
    concat(
      start(false),
      block(false, 2, [0], [9], 0, 2_000_001, 10, 44, ten, Uint8Array.of(0, 0), flags(false, 2)),
    ),
  )
  expect(frames).toMatchObject([
    { seconds: 2, nanoseconds: 1000, data: Array.from(ten), originalLength: 44, direction: 2 },
  ])
  expect(codes).toEqual([])
})

test('blocks without packets are skipped; unknown types are reported once a type', () => {
  const known = [4, 5, 9, 10, 0xbad, 0x40000bad].map((type) => block(true, type, 0x20414243))
  const unknown = [0x80000001, 77, 0x80000001].map((type) => block(true, type))
  const { frames, reader } = readAll(concat(start(), ...known, ...unknown, packet(true, 0, 1n, ten)))
  expect(frames.length).toBe(1)
  expect(reader.problems.map(({ code, fatal, message }) => [code, fatal, message])).toEqual([
    ['unknown-block', false, 'blocks of type 0x80000001 are skipped'],
    ['unknown-block', false, 'blocks of type 0x4d are skipped'],
  ])
})

test('an unknown link type is reported once an interface', () => {
  const { frames, reader } = readAll(
    concat(
      section(true),
      description(true, 127),
      description(true, 195, 0, [2, text('radio')]),
      packet(true, 1, 1n, ten),
      packet(true, 0, 1n, ten),
      packet(true, 1, 1n, ten),
    ),
  )
  expect(frames.length).toBe(3)
  expect(reader.problems.map(({ code, frame, message }) => [code, frame, message])).toEqual([
    ['unknown-link-type', 1, 'link type 195 (IEEE802_15_4_WITHFCS) of interface radio is not decoded'],
    ['unknown-link-type', 2, 'link type 127 (IEEE802_11_RADIOTAP) of interface 0 is not decoded'],
  ])
})

test.each([
  { what: 'interface not described', bad: packet(true, 1, 1n, ten) },
  { what: 'captured length beyond the block', bad: block(true, 6, 0, 0, 0, 13, 13, ten) },
  { what: 'captured length of 4 GiB', bad: block(true, 6, 0, 0, 0, -1, -1, ten) },
  { what: 'packet block too short for its fields', bad: block(true, 6, 0, 0) },
  { what: 'simple packet without a length', bad: block(true, 3) },
])('$what: that packet is left out, the next one is read', ({ bad }) => {
  const { frames, reader } = readAll(concat(start(), bad, packet(true, 0, 1n, ten)))
  expect(frames).toMatchObject([{ frame: 1, data: Array.from(ten) }])
  expect(reader.problems).toMatchObject([{ code: 'bad-record', fatal: false, frame: 0, offset: 48 }])
})

test('an interface block too short: only its own packets are left out', () => {
  const { frames, codes } = readAll(
    concat(
      section(true),
      block(true, 1, 1),
      description(true, 1),
      packet(true, 0, 1n, ten),
      packet(true, 1, 2n, ten),
    ),
  )
  expect(frames).toMatchObject([{ frame: 1, interfaceIndex: 0, nanoseconds: 2000 }])
  expect(codes).toEqual(['bad-block', 'bad-record'])
})

test('an option that runs past its block is not used, the frame is', () => {
  const { frames, codes } = readAll(concat(start(), packet(true, 0, 1n, ten, 10, pack(true, [1], [5], 0))))
  expect(frames).toMatchObject([{ data: Array.from(ten), direction: 0 }])
  expect(codes).toEqual(['bad-block'])
})

test.each([
  { what: 'length 0', bad: pack(true, 6, 0, 0, 0) },
  { what: 'length 8', bad: pack(true, 6, 8, 8, 8) },
  { what: 'length not a multiple of 4', bad: pack(true, 6, 14, 0, 14, 0, 0) },
  { what: 'length above the limit', bad: pack(true, 6, 0x7ffffffc, 0) },
  { what: 'another length behind', bad: pack(true, 5, 16, 0, 20) },
  { what: 'a section of no byte order', bad: pack(true, 0x0a0d0d0a, 28, 0x11111111, 0, 0, 0, 28) },
  { what: 'a section too short', bad: block(true, 0x0a0d0d0a, 0x1a2b3c4d) },
  { what: 'zeros', bad: new Uint8Array(4096) },
])('$what: the file ends there, what came before is kept', ({ bad }) => {
  const { frames, reader } = readAll(concat(start(), packet(true, 0, 1n, ten), bad, packet(true, 0, 1n, ten)))
  expect(frames.length).toBe(1)
  expect(reader.problems).toMatchObject([{ code: 'bad-block', fatal: true, frame: 1, offset: 92 }])
  expect(reader.finished).toBe(true)
})

test('a section of another major version ends the file', () => {
  const { reader } = readAll(
    concat(start(), block(true, 0x0a0d0d0a, 0x1a2b3c4d, [2], [0], -1n), packet(true, 0, 1n, ten)),
  )
  expect(reader.problems).toMatchObject([{ code: 'unsupported-version', fatal: true }])
  expect(reader.finished).toBe(true)
})

test('a file that ends inside a block keeps the packets before it; inside its first block it has none', () => {
  const whole = concat(
    section(true),
    description(true, 1),
    packet(true, 0, 1n, ten),
    packet(true, 0, 1n, ten),
  )
  for (let cut = 0; cut < whole.length; cut++) {
    const { frames, codes } = readAll(whole.subarray(0, cut))
    const atBoundary = cut === 28 || cut === 48 || cut === 92
    expect(codes).toEqual(cut < 28 ? ['truncated-header'] : atBoundary ? [] : ['truncated-record'])
    expect(frames.length).toBe(cut >= 92 ? 1 : 0)
  }
})

test('a hundred problems are listed, the others counted, and the fatal one is never lost', () => {
  const bad = packet(true, 5, 1n, ten)
  const { reader } = readAll(concat(start(), ...Array.from({ length: 150 }, () => bad), new Uint8Array(16)))
  expect(reader.problems.length).toBe(101)
  expect(reader.problems.at(-1)).toMatchObject({ code: 'bad-block', fatal: true })
  expect(reader.omittedProblems).toBe(50)
})
