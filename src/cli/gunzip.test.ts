import { constants, gzipSync, inflateRawSync } from 'node:zlib'
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
  expect(error).toMatch(/^(?:invalid|incorrect|checksum)/)
  expect(bytes.toString('latin1', 0, 200_000)).toBe(data.slice(0, 200_000))
})

const data = noise.toString('hex', 0, 3000)
const packedData = gzipSync(data)

test.each([
  ['checksum', -8],
  ['length', -4],
])('the %s at the end is wrong: everything comes out, then that is said', async (what, place) => {
  for (const bytes of [Buffer.from(data), noise]) {
    const packed = gzipSync(bytes)
    packed.fill(0, packed.length + place, packed.length + place + 4)
    const result = await unpack(packed)
    expect(result.bytes.equals(bytes)).toBe(true)
    expect(result.error).toContain(`${what} mismatch`)
  }
})

test('garbage in the middle of little data: no byte ahead of it is lost', async () => {
  for (const share of [0.1, 0.5, 0.9]) {
    const packed = Buffer.from(packedData)
    const place = Math.floor(packed.length * share)
    packed.fill(0xff, place, place + 30)
    const { bytes, error } = await unpack(packed)
    expect(error).not.toBeNull()
    const intact = inflateRawSync(packedData.subarray(10, place), { finishFlush: constants.Z_SYNC_FLUSH })
    expect(intact.length).toBeGreaterThan(0)
    expect(bytes.subarray(0, intact.length).equals(intact)).toBe(true)
    expect(bytes.length).toBeGreaterThanOrEqual(intact.length)
  }
})

test('garbage behind more than is kept: at most 64 KiB ahead of it are lost', async () => {
  const long = Buffer.alloc(4_000_000)
  for (let at = 0; at < long.length; at += noise.length) noise.copy(long, at)
  for (let at = 0; at < long.length; at += 1000) long.writeUInt32LE(at, at)
  const packed = gzipSync(long, { level: 1 })
  expect(packed.length).toBeGreaterThan(2_500_000)
  packed.fill(0xff, 2_000_000, 2_000_100)
  const { bytes, error } = await unpack(packed, 100_000)
  expect(error).not.toBeNull()
  const intact = inflateRawSync(packed.subarray(10, 2_000_000), { finishFlush: constants.Z_SYNC_FLUSH })
  expect(bytes.length).toBeGreaterThan(intact.length - 64 * 1024)
  const same = Math.min(bytes.length, intact.length)
  expect(bytes.subarray(0, same).equals(intact.subarray(0, same))).toBe(true)
})

test('cut anywhere: as much as zlib has of it, and the error', async () => {
  for (let end = 2; end < packedData.length; end += 97) {
    const { bytes, error } = await unpack(packedData.subarray(0, end))
    expect(error).toBe('unexpected end of file')
    const expected = inflateRawSync(packedData.subarray(10, end), { finishFlush: constants.Z_SYNC_FLUSH })
    expect(bytes.equals(expected)).toBe(true)
  }
})

test.each([
  ['zeros', Buffer.alloc(600)],
  ['garbage', Buffer.from('behind it')],
  ['half a magic number', Buffer.from([0x1f])],
])('%s behind the last member: passed over, as gzip does', async (_, trailing) => {
  const { bytes, error } = await unpack(Buffer.concat([gzipSync('first '), gzipSync('second'), trailing]))
  expect({ text: bytes.toString(), error }).toEqual({ text: 'first second', error: null })
})

test('the second member is wrong: the first and what is right of the second come out', async () => {
  const packed = Buffer.concat([gzipSync('first '), gzipSync('second')])
  packed[packed.length - 8]! ^= 1
  const { bytes, error } = await unpack(packed)
  expect(bytes.toString()).toBe('first second')
  expect(error).toContain('checksum mismatch')
})

test('a header with all that it may have: passed', async () => {
  const plain = gzipSync('data')
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0b11111, 0, 0, 0, 0, 0, 3]),
    Buffer.from('\x05\0extra' + 'name\0' + 'comment\0' + 'hc', 'latin1'),
  ])
  for (const size of [1, 1000]) {
    const { bytes, error } = await unpack(Buffer.concat([header, plain.subarray(10)]), size)
    expect({ text: bytes.toString(), error }).toEqual({ text: 'data', error: null })
  }
})

test.each([
  ['no gzip at all', Buffer.from('PK'), 'incorrect header check'],
  ['another method', Buffer.from([0x1f, 0x8b, 7, 0]), 'unknown compression method'],
  ['flags that nobody knows', Buffer.from([0x1f, 0x8b, 8, 0x20]), 'unknown header flags set'],
])('%s: refused', async (_, packed, message) => {
  expect(await unpack(packed)).toEqual({ bytes: Buffer.alloc(0), error: message })
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
