import { expect, test } from 'vitest'
import { PeekedInput } from './peeked-input.ts'

/** Five chunks out of one buffer. */
async function* reusing(): AsyncGenerator<Uint8Array, void> {
  const buffer = new Uint8Array(1)
  for (let value = 1; value <= 5; value++) {
    buffer[0] = value
    yield buffer
  }
}

async function read(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, most = 99): Promise<number[]> {
  const values: number[] = []
  for await (const chunk of chunks) {
    values.push(...chunk)
    if (values.length >= most) break
  }
  return values
}

test.each([0, 1, 3, 5])('a look at %i chunks takes nothing away', async (count) => {
  const input = new PeekedInput({ name: '-', chunks: reusing() })
  if (count > 0) expect(await read(input.beginning.chunks, count)).toHaveLength(count)
  expect(await read(input.whole.chunks)).toEqual([1, 2, 3, 4, 5])
})
