import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gunzip } from './gunzip.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** What came out, and the error's message at its end. */
async function unpack(packed: Uint8Array, size = 1000): Promise<{ bytes: Buffer; error: string | null }> {
  const out: Uint8Array[] = []
  try {
    for await (const chunk of gunzip(pieces(packed, size))) out.push(chunk)
  } catch (error) {
    return { bytes: Buffer.concat(out), error: (error as Error).message }
  }
  return { bytes: Buffer.concat(out), error: null }
}

/** Bytes that do not compress: a generator with a fixed seed. */
function makeNoise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let word = 1
  for (let i = 0; i < size; i++) {
    word = (word * 48_271) % 0x7fff_ffff
    bytes[i] = word & 255
  }
  return bytes
}

const noise = makeNoise(300_000)

test('packed bytes come out as they were, whatever the pieces', async () => {
  for (const size of [1, 7000, 100_000, 1_000_000]) {
    const data = size === 1 ? noise.subarray(0, 500) : noise
    const { bytes, error } = await unpack(gzipSync(data), size)
    expect(error).toBeNull()
    expect(bytes.equals(data)).toBe(true)
  }
})

test('members one behind the other are one stream', async () => {
  const packed = Buffer.concat([gzipSync('first '), gzipSync('second')])
  expect((await unpack(packed)).bytes.toString()).toBe('first second')
})

test('the end is missing: what is there comes out before the error', async () => {
  const packed = gzipSync(noise)
  const { bytes, error } = await unpack(packed.subarray(0, packed.length - 20_000))
  expect(error).toBe('unexpected end of file')
  expect(bytes.length).toBeGreaterThan(200_000)
  expect(bytes.equals(noise.subarray(0, bytes.length))).toBe(true)
})

test('broken in the middle: what stands ahead of it comes out before the error', async () => {
  const data = noise.toString('hex')
  const packed = gzipSync(data)
  const middle = packed.length >> 1
  packed.fill(0xff, middle, middle + 50)
  const { bytes, error } = await unpack(packed)
  expect(error).toMatch(/^(?:invalid|incorrect)/)
  expect(bytes.toString('latin1', 0, 200_000)).toBe(data.slice(0, 200_000))
})

test('a chunk of zeros packed a thousandfold never comes out in one piece', async () => {
  const packed = gzipSync(Buffer.alloc(50_000_000))
  let largest = 0
  let total = 0
  for await (const chunk of gunzip(pieces(packed, packed.length))) {
    largest = Math.max(largest, chunk.length)
    total += chunk.length
  }
  expect(total).toBe(50_000_000)
  expect(largest).toBeLessThanOrEqual(256 * 1024)
})

test('whoever stops early ends the input as well', async () => {
  let closed = false
  async function* input(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces(gzipSync(noise), 20_000)
    } finally {
      closed = true
    }
  }
  for await (const chunk of gunzip(input())) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  expect(closed).toBe(true)
})
