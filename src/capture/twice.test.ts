import { expect, test } from 'vitest'
import { readTwice } from './twice.ts'

/** Chunks out of one buffer that is used again and again, as files are read. */
function* reused(count: number, closed: string[]): Generator<Uint8Array, void> {
  const buffer = new Uint8Array(1)
  try {
    for (let i = 0; i < count; i++) {
      buffer[0] = i
      yield buffer
    }
  } finally {
    closed.push('closed')
  }
}

async function bytesOf(
  chunks: AsyncIterable<Uint8Array>,
  most = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const bytes: number[] = []
  for await (const chunk of chunks) {
    bytes.push(...chunk)
    if (bytes.length >= most) break
  }
  return bytes
}

test('a look at the beginning: the whole is read all the same, and the input is closed once', async () => {
  for (const looked of [1, 3, 99]) {
    const closed: string[] = []
    const { first, second } = readTwice(reused(5, closed))
    expect(await bytesOf(first, looked)).toEqual([0, 1, 2, 3, 4].slice(0, looked))
    expect(await bytesOf(second)).toEqual([0, 1, 2, 3, 4])
    expect(closed).toEqual(['closed'])
  }
})

test('an input that fails: both readings do, at the same place', async () => {
  async function* failing(): AsyncGenerator<Uint8Array, void> {
    yield Uint8Array.of(1)
    throw new Error('gone')
  }
  const { first, second } = readTwice(failing())
  await expect(bytesOf(first)).rejects.toThrow('gone')
  const seen: number[] = []
  const read = async () => {
    for await (const chunk of second) seen.push(...chunk)
  }
  await expect(read()).rejects.toThrow('gone')
  expect(seen).toEqual([1])
})
