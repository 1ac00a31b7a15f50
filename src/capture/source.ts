/** Where a capture's bytes come from: a stream of chunks, perhaps gzip, that may fail midway. */

/**
 * A file, a request's body, an array of buffers. A chunk must stay unchanged while its records are used. An error that
 * it throws is a `read-error` problem of the capture; so is a chunk that is no Uint8Array.
 */
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
  #input: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | null = null
  #inputFailed = false
  /** Chunks taken to look at the first bytes, not given out yet. */
  readonly #seen: Uint8Array[] = []
  #unpacked: AsyncIterator<Uint8Array> | null = null
  #opened = false
  #done = false

  constructor(chunks: Chunks, gunzip: Decompressor | null) {
    this.#chunks = chunks
    this.#gunzip = gunzip
  }

  /** The next chunk, or null at the end and after a failure. */
  async pull(): Promise<Uint8Array | null> {
    if (this.#done) return null
    try {
      if (!this.#opened) await this.#open()
      const chunk = this.#unpacked === null ? await this.#take() : bytesOf(await this.#unpacked.next())
      if (chunk !== null) return chunk
      this.#done = true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const code = this.#unpacked !== null && !this.#inputFailed ? 'bad-gzip' : 'read-error'
      this.failure ??= { code, message: code === 'bad-gzip' ? `gzip: ${reason}` : reason }
    }
    await this.close()
    return null
  }

  /** Lets the input close its file. */
  async close(): Promise<void> {
    const unpacked = this.#unpacked
    const input = this.#input
    this.#done = true
    this.#unpacked = null
    this.#input = null
    try {
      await unpacked?.return?.()
      // A decompressor need not close what it reads from, and may be waiting for it: do not wait, too.
      const closing = input?.return?.()
      if (unpacked === null) await closing
      else Promise.resolve(closing).catch(() => {})
    } catch {
      // Nobody reads on: that closing failed as well changes nothing.
    }
  }

  /** Looks at the first two bytes, in however many chunks they come. */
  async #open(): Promise<void> {
    this.#opened = true
    const chunks = this.#chunks
    this.#input = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
    const first: number[] = []
    const seen: Uint8Array[] = []
    while (first.length < 2) {
      const chunk = await this.#take()
      if (chunk === null) break
      if (chunk.length > 0) seen.push(chunk)
      first.push(...chunk.subarray(0, 2))
    }
    this.#seen.push(...seen)
    if (first[0] !== 0x1f || first[1] !== 0x8b) return
    if (this.#gunzip === null) {
      this.failure = { code: 'bad-gzip', message: 'gzip data, and nothing was given to unpack it with' }
      throw new Error(this.failure.message)
    }
    const packed = { next: () => this.#packedNext(), [Symbol.asyncIterator]: () => packed }
    this.#unpacked = this.#gunzip(packed)[Symbol.asyncIterator]()
  }

  async #packedNext(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = await this.#take()
    return value === null ? { done: true, value: undefined } : { done: false, value }
  }

  /** The next chunk of the input, or null at its end. */
  async #take(): Promise<Uint8Array | null> {
    const seen = this.#seen.shift()
    if (seen !== undefined) return seen
    if (this.#input === null) return null
    try {
      const chunk = bytesOf(await this.#input.next())
      if (chunk !== null) this.bytesRead += chunk.length
      return chunk
    } catch (error) {
      this.#inputFailed = true
      throw error
    }
  }
}

function bytesOf(result: IteratorResult<unknown>): Uint8Array | null {
  if (result.done === true) return null
  if (!(result.value instanceof Uint8Array)) throw new TypeError('a chunk that is not a Uint8Array')
  return result.value
}
