import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, cutAt, frameOf, recordOf } from './fixtures.ts'
import { MergedCapture, readCapture } from './merge.ts'
import { pcapHeader, pcapRecord } from './pcap-writer.ts'
import { CaptureRecord } from './record.ts'
import type { Chunks, Decompressor } from './source.ts'
import { pcapngInterface, pcapngPacket, pcapngSection } from './writer.ts'

const micro = { precision: 'micro', byteOrder: 'little' } as const

const packetAt = (seconds: number, mark: number) =>
  recordOf({
    frame: 0,
    seconds,
    nanoseconds: 5000,
    linkType: 1,
    interfaceIndex: 0,
    direction: 0,
    data: [mark, 1, 2, 3],
    originalLength: 4,
  })

function pcapWith(times: readonly number[]): Uint8Array {
  return concat(pcapHeader(micro, 1), ...times.map((time, i) => pcapRecord(micro, packetAt(time, i))))
}

/** Everything in order; what `next` gave is looked at no sooner than before the next `fill`, when it must still hold. */
async function readLate(
  capture: MergedCapture,
): Promise<{ file: number; frame: number; seconds: number; mark: number }[]> {
  const seen: { file: number; frame: number; seconds: number; mark: number }[] = []
  do {
    const batch: CaptureRecord[] = []
    for (let record = new CaptureRecord(); capture.next(record); record = new CaptureRecord())
      batch.push(record)
    for (const { file, frame, seconds, bytes, view, start } of batch) {
      expect(view.getUint8(start)).toBe(bytes[start])
      seen.push({ file, frame, seconds, mark: bytes[start]! })
    }
  } while (await capture.fill())
  return seen
}

/** Zlib behind the shape that an engine's host gives: takes all, then unpacks. */
const gunzip: Decompressor = async function* (chunks) {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  yield gunzipSync(concat(...parts))
}

async function* failing(chunks: Uint8Array[], message: string): AsyncGenerator<Uint8Array, void> {
  yield* chunks
  throw new Error(message)
}

function input(chunks: Chunks, name = 'a') {
  return { name, chunks }
}

test('one file: all its records in its own order, whatever the chunks', async () => {
  const anyFile = fc.record({
    times: fc.array(fc.nat({ max: 9 }), { maxLength: 40 }),
    cuts: fc.array(fc.nat({ max: 24 }), { maxLength: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(anyFile, async ({ times, cuts }) => {
      const capture = new MergedCapture([input(cutAt(pcapWith(times), cuts))])
      const seen = await readLate(capture)
      expect(seen).toEqual(times.map((seconds, i) => ({ file: 0, frame: i + 1, seconds, mark: i })))
      expect(capture.bytesRead).toBe(24 + times.length * 20)
      expect(capture.problems).toEqual([])
    }),
  )
})

test('several files: by time, ties by file, each file in its own order', async () => {
  const anyFiles = fc.array(
    fc.record({
      times: fc.array(fc.nat({ max: 30 }), { maxLength: 40 }).map((times) => times.sort((a, b) => a - b)),
      cuts: fc.array(fc.nat({ max: 400 }), { maxLength: 6 }),
    }),
    { minLength: 2, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(anyFiles, async (files) => {
      const inputs = files.map(({ times, cuts }) => {
        const bytes = pcapWith(times)
        return input(
          cutAt(
            bytes,
            cuts.map((cut) => Math.min(cut, bytes.length)),
          ),
        )
      })
      const expected = files
        .flatMap(({ times }, file) => times.map((seconds, i) => ({ file, frame: i + 1, seconds, mark: i })))
        .sort((a, b) => a.seconds - b.seconds || a.file - b.file || a.frame - b.frame)
      const capture = new MergedCapture(inputs)
      expect(await readLate(capture)).toEqual(expected)
      expect(capture.interfaces.map(({ file }) => file).sort()).toEqual(files.map((_, file) => file))
    }),
  )
})

test('a file whose time runs backwards keeps its order among the others', async () => {
  const capture = new MergedCapture([input([pcapWith([10, 3, 11])]), input([pcapWith([4, 12])])])
  const seen = await readLate(capture)
  expect(seen.map(({ file, seconds }) => [file, seconds])).toEqual([
    [1, 4],
    [0, 10],
    [0, 3],
    [0, 11],
    [1, 12],
  ])
})

test('interfaces of all files are one list, and records point into it', async () => {
  const pcapng = (name: string, time: number) =>
    concat(
      pcapngSection(),
      pcapngInterface({ name, linkType: 1, snapLength: 0 }),
      pcapngPacket(packetAt(time, 0)),
    )
  const capture = new MergedCapture([input([pcapng('in0', 2)], 'x'), input([pcapng('out0', 1)], 'y')])
  const seen: [string, string | null][] = []
  for await (const { file, interfaceIndex } of capture) {
    seen.push([capture.names[file]!, capture.interfaces[interfaceIndex]!.name])
  }
  expect(seen).toEqual([
    ['y', 'out0'],
    ['x', 'in0'],
  ])
})

test('a broken file among others: its problem names it, the others are read to their end', async () => {
  const broken = concat(pcapWith([1, 5]), new Uint8Array(32))
  const capture = new MergedCapture([
    input([pcapWith([2, 9])]),
    input([broken]),
    input([Uint8Array.of(1, 2, 3, 4)]),
    input([]),
  ])
  const seen = await readLate(capture)
  expect(seen.map(({ file, seconds }) => [file, seconds])).toEqual([
    [1, 1],
    [0, 2],
    [1, 5],
    [0, 9],
  ])
  expect(capture.problems.map(({ code, file }) => [code, file])).toEqual([
    ['not-a-capture', 2],
    ['truncated-header', 3],
    ['bad-record', 1],
  ])
})

test('no files: nothing, at once', async () => {
  const capture = new MergedCapture([])
  expect(capture.next(new CaptureRecord())).toBe(false)
  expect(await capture.fill()).toBe(false)
})

test('gzip is told by its first two bytes, even in chunks of one, and unpacked', async () => {
  const packed = gzipSync(pcapWith([1, 2]))
  const bytes = Array.from(packed, (byte) => Uint8Array.of(byte))
  const capture = new MergedCapture([input(bytes)], { gunzip })
  expect((await readLate(capture)).map(({ seconds }) => seconds)).toEqual([1, 2])
  expect(capture.bytesRead).toBe(packed.length)
  expect(capture.problems).toEqual([])
})

test('gzip without a decompressor is a problem, and the input is closed', async () => {
  let closed = false
  const chunks = (function* () {
    try {
      yield gzipSync(pcapWith([1]))
      yield Uint8Array.of(0)
    } finally {
      closed = true
    }
  })()
  const capture = new MergedCapture([input(chunks)])
  expect(await readLate(capture)).toEqual([])
  expect(capture.problems).toMatchObject([{ code: 'bad-gzip', fatal: true }])
  expect(closed).toBe(true)
})

test('gzip that breaks off: what was unpacked before is kept', async () => {
  const breaking: Decompressor = async function* (chunks) {
    for await (const _ of chunks) yield pcapWith([1, 2]).subarray(0, 24 + 20 + 7)
    throw new Error('unexpected end of file')
  }
  const capture = new MergedCapture([input([gzipSync(pcapWith([1, 2]))])], { gunzip: breaking })
  expect((await readLate(capture)).map(({ seconds }) => seconds)).toEqual([1])
  expect(capture.problems).toEqual([
    { code: 'bad-gzip', file: 0, offset: 51, frame: 1, fatal: true, message: 'gzip: unexpected end of file' },
  ])
})

test.each([
  { what: 'plain', pack: (bytes: Uint8Array) => bytes, frames: 1 },
  { what: 'gzip', pack: (bytes: Uint8Array) => gzipSync(bytes), frames: 0 },
])('$what input that fails while it is read is a read error, not bad data', async ({ pack, frames }) => {
  const chunks = failing([pack(pcapWith([1, 2])).subarray(0, 50)], 'EIO: i/o error')
  const capture = new MergedCapture([input(chunks)], { gunzip })
  expect((await readLate(capture)).length).toBe(frames)
  expect(capture.problems).toMatchObject([{ code: 'read-error', fatal: true, message: 'EIO: i/o error' }])
})

test('an input that fails before its records were read loses none of them', async () => {
  const capture = new MergedCapture([input(failing([pcapWith([1, 2])], 'EIO'))])
  await capture.fill()
  await capture.fill()
  expect((await readLate(capture)).map(({ seconds }) => seconds)).toEqual([1, 2])
  expect(capture.problems).toMatchObject([{ code: 'read-error', offset: 64, frame: 2 }])
})

test('chunks that are no bytes are a read error', async () => {
  const text = ['text'] as unknown as Uint8Array[]
  const capture = new MergedCapture([input(text)])
  expect(await readLate(capture)).toEqual([])
  expect(capture.problems).toMatchObject([{ code: 'read-error', fatal: true }])
})

test('a loop over readCapture that is left early closes the input', async () => {
  let closed = false
  const chunks = (async function* () {
    try {
      for (;;) yield pcapWith([1, 2])
    } finally {
      closed = true
    }
  })()
  for await (const record of readCapture(chunks)) {
    expect(frameOf(record)).toMatchObject({ frame: 1, seconds: 1 })
    break
  }
  expect(closed).toBe(true)
})

test('readCapture tells problems as they come up, the last one too', async () => {
  const codes: string[] = []
  const bytes = pcapWith([1, 2])
  bytes[20] = 127
  const chunks = [bytes.subarray(0, bytes.length - 1)]
  const seen: number[] = []
  for await (const { seconds } of readCapture(chunks, { onProblem: ({ code }) => codes.push(code) })) {
    seen.push(seconds)
    expect(codes).toEqual(['unknown-link-type'])
  }
  expect(seen).toEqual([1])
  expect(codes).toEqual(['unknown-link-type', 'truncated-record'])
})
