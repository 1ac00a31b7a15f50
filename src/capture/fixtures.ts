/** What the tests of this folder share: captures built block by block, and readers run to their end. */

import fc from 'fast-check'
import { CaptureReader } from './reader.ts'
import { CaptureRecord } from './record.ts'

/** A record's values, copied out of the reused object. */
export interface Frame {
  frame: number
  seconds: number
  nanoseconds: number
  linkType: number
  interfaceIndex: number
  direction: number
  data: number[]
  originalLength: number
}

export function frameOf(record: CaptureRecord): Frame {
  const { frame, seconds, nanoseconds, linkType, interfaceIndex, direction, originalLength } = record
  const data = Array.from(record.bytes.subarray(record.start, record.end))
  return { frame, seconds, nanoseconds, linkType, interfaceIndex, direction, data, originalLength }
}

/** Reads chunks to the end; the view of each record is checked to show the same bytes as its array. */
export function readAll(...chunks: Uint8Array[]): {
  frames: Frame[]
  reader: CaptureReader
  codes: string[]
} {
  const reader = new CaptureReader()
  const record = new CaptureRecord()
  const frames: Frame[] = []
  const drain = () => {
    while (reader.next(record)) {
      if (record.end > record.start && record.view.getUint8(record.start) !== record.bytes[record.start]) {
        throw new Error('view and bytes of a record differ')
      }
      frames.push(frameOf(record))
    }
  }
  for (const chunk of chunks) {
    reader.feed(chunk)
    drain()
  }
  reader.end()
  drain()
  return { frames, reader, codes: reader.problems.map(({ code }) => code) }
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Numbers in a byte order: 16 bits where written `[value]`, 64 bits for a bigint, else 32; bytes as they are. */
export type Field = number | readonly [number] | bigint | Uint8Array

export function pack(little: boolean, ...fields: Field[]): Uint8Array {
  return concat(
    ...fields.map((field) => {
      if (field instanceof Uint8Array) return field
      const view = new DataView(
        new ArrayBuffer(typeof field === 'bigint' ? 8 : typeof field === 'number' ? 4 : 2),
      )
      if (typeof field === 'bigint') view.setBigUint64(0, BigInt.asUintN(64, field), little)
      else if (typeof field === 'number') view.setUint32(0, field, little)
      else view.setUint16(0, field[0], little)
      return new Uint8Array(view.buffer)
    }),
  )
}

function pad(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array(-bytes.length & 3))
}

export function block(little: boolean, type: number, ...fields: Field[]): Uint8Array {
  const body = pad(pack(little, ...fields))
  return pack(little, type, body.length + 12, body, body.length + 12)
}

export function option(little: boolean, code: number, value: Uint8Array): Uint8Array {
  return pack(little, [code], [value.length], pad(value))
}

export function section(little: boolean): Uint8Array {
  return block(little, 0x0a0d0d0a, 0x1a2b3c4d, [1], [0], -1n)
}

/** An interface description; options as code and value. */
export function description(
  little: boolean,
  linkType: number,
  snapLength = 0,
  ...options: [number, Uint8Array][]
): Uint8Array {
  const list = options.map(([code, value]) => option(little, code, value))
  return block(little, 1, [linkType], [0], snapLength, ...list)
}

/** An enhanced packet block with its stamp as the 64-bit count. */
export function packet(
  little: boolean,
  id: number,
  stamp: bigint,
  data: Uint8Array,
  original = data.length,
  ...options: Uint8Array[]
): Uint8Array {
  const high = Number(BigInt.asUintN(64, stamp) >> 32n)
  const low = Number(BigInt.asUintN(32, stamp))
  return block(little, 6, id, high, low, data.length, original, pad(data), ...options)
}

/** The bytes in pieces, cut at random places. */
export function chunked(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }).map((cuts) => cutAt(bytes, cuts))
}

export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [0, ...cuts, bytes.length].sort((a, b) => a - b)
  // Copies, so that nothing reads across a cut by way of the shared buffer.
  return sorted.slice(1).map((end, i) => bytes.slice(sorted[i]!, end))
}

export const anyFrame: fc.Arbitrary<Frame> = fc
  .record({
    seconds: fc.integer({ min: 0, max: 0xffffffff }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    interfaceIndex: fc.nat({ max: 2 }),
    direction: fc.nat({ max: 2 }),
    data: fc.array(fc.nat({ max: 255 }), { maxLength: 90 }),
    cut: fc.oneof(fc.constant(0), fc.nat({ max: 70_000 })),
  })
  .map(({ cut, data, ...rest }) => ({
    ...rest,
    frame: 0,
    linkType: 1,
    data,
    originalLength: data.length + cut,
  }))
  // Sixteen zeros are no record.
  .filter((frame) => frame.originalLength > 0 || frame.seconds > 0)

/** The frame as a writer takes it, in the middle of a larger buffer. */
export function recordOf(frame: Frame): CaptureRecord {
  const record = new CaptureRecord()
  record.seconds = frame.seconds
  record.nanoseconds = frame.nanoseconds
  record.interfaceIndex = frame.interfaceIndex
  record.direction = frame.direction
  record.bytes = Uint8Array.from([9, 9, ...frame.data, 9])
  record.view = new DataView(record.bytes.buffer)
  record.start = 2
  record.end = 2 + frame.data.length
  record.originalLength = frame.originalLength
  return record
}
