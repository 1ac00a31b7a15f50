/** Where a capture's bytes come from: a stream of chunks, perhaps gzip, that may fail midway. */

/** A file, a request's body, an array of buffers. A chunk must stay unchanged while its records are used. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Unpacks gzip: the host's own, since the engine has none (Node: zlib.createGunzip; browser: DecompressionStream). */
export type Decompressor = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

export interface SourceFailure {
  readonly code: 'bad-gzip' | 'read-error'
  readonly message: string
}

/** Pulls chunks one at a time; a failure ends it and is kept, not thrown. */
export class ChunkSource {
  /** Bytes taken from the input, still packed if it is gzip: for progress against the file's size. */
  bytesRead = 0
  failure: SourceFailure | null = null

  readonly #chunks: Chunks
  readonly #gunzip: Decompressor | null
  #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | null = null
  #input: AsyncGenerator<Uint8Array, void> | null = null
  #unpacking = false
  #inputFailed = false
  #done = false

  constructor(chunks: Chunks, gunzip: Decompressor | null) {
    this.#chunks = chunks
    this.#gunzip = gunzip
  }

  /** The next chunk, or null at the end and after a failure. */
  async pull(): Promise<Uint8Array | null> {
    if (this.#done) return null
    try {
      this.#iterator ??= await this.#open()
      const result = this.#iterator === null ? null : await this.#iterator.next()
      if (result !== null && result.done !== true) {
        if (!(result.value instanceof Uint8Array)) throw new TypeError('a chunk that is not a Uint8Array')
        return result.value
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const code = this.#unpacking && !this.#inputFailed ? 'bad-gzip' : 'read-error'
      this.failure ??= { code, message: code === 'bad-gzip' ? `gzip: ${reason}` : reason }
      await this.close()
    }
    this.#done = true
    return null
  }

  /** Lets the input close its file. */
  async close(): Promise<void> {
    const iterator = this.#iterator
    this.#done = true
    this.#iterator = null
    try {
      await iterator?.return?.()
      // A decompressor need not close what it reads from, and may be waiting for it: do not wait, too.
      const closing = this.#input?.return()
      if (this.#unpacking) closing?.catch(() => {})
      else await closing
    } catch {
      // Nobody reads on: that closing failed as well changes nothing.
    }
  }

  /** Looks at the first two bytes, in however many chunks they come. */
  async #open(): Promise<AsyncIterator<Uint8Array> | null> {
    const input = this.#counted()
    this.#input = input
    const first: Uint8Array[] = []
    let size = 0
    while (size < 2) {
      const result = await input.next()
      if (result.done === true) break
      if (result.value.length > 0) first.push(result.value)
      size += result.value.length
    }
    const whole = replay(first, input)
    const low = first[0]?.[0]
    const high = first[0] !== undefined && first[0].length > 1 ? first[0][1] : first[1]?.[0]
    if (low !== 0x1f || high !== 0x8b) return whole
    if (this.#gunzip === null) {
      this.failure = { code: 'bad-gzip', message: 'gzip data, and nothing was given to unpack it with' }
      await input.return()
      return null
    }
    this.#unpacking = true
    return this.#gunzip(whole)[Symbol.asyncIterator]()
  }

  async *#counted(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of this.#chunks) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError('a chunk that is not a Uint8Array')
        this.bytesRead += chunk.length
        yield chunk
      }
    } catch (error) {
      this.#inputFailed = true
      throw error
    }
  }
}

async function* replay(
  first: Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield* first
  yield* rest
}
