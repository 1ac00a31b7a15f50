/** Input that is looked at before it is read: for a pipe, which cannot be opened a second time. */
import type { Chunks } from './source.ts'

/** The same bytes two times over, from one input. */
export interface TwoReadings {
  /** For the look; it may end early. Its chunks are copies. */
  readonly first: AsyncIterable<Uint8Array>
  /** From the beginning, and on to the end of the input; to be read when the first reading is over. */
  readonly second: AsyncIterable<Uint8Array>
}

/** What the first reading took is kept in memory until the second one gives it out. An error of the input comes out of both. */
export function readTwice(chunks: Chunks): TwoReadings {
  const kept: Uint8Array[] = []
  const input = iteratorOf(chunks)
  let failure: { readonly error: unknown } | null = null
  let isDone = false

  async function* look(): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const { done, value } = await input.next()
        if (done) {
          isDone = true
          return
        }
        // Who reads files may use its buffers again.
        const copy = value.slice()
        kept.push(copy)
        yield copy
      }
    } catch (error) {
      failure = { error }
      throw error
    }
  }

  async function* all(): AsyncGenerator<Uint8Array, void> {
    try {
      for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) yield chunk
      if (failure !== null) throw failure.error
      while (!isDone) {
        const { done, value } = await input.next()
        if (done) return
        yield value
      }
    } finally {
      await input.return?.()
    }
  }

  return { first: look(), second: all() }
}

function iteratorOf(chunks: Chunks): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
}
