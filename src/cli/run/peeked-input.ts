/** An input that is read twice: its beginning for a look ahead, then all of it. For pipes, which cannot be opened anew. */
import type { CaptureInput } from '../../capture/merge.ts'

type Chunks = AsyncIterator<Uint8Array> | Iterator<Uint8Array>

export class PeekedInput {
  readonly name: string
  readonly #chunks: Chunks
  /** Copies: who makes the chunks overwrites them. */
  readonly #kept: Uint8Array[] = []

  constructor({ name, chunks }: CaptureInput) {
    this.name = name
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** For the look ahead; ending its loop does not end the input. */
  get beginning(): CaptureInput {
    return { name: this.name, chunks: this.#keep() }
  }

  /** Everything, what was looked at already first. */
  get whole(): CaptureInput {
    return { name: this.name, chunks: this.#all() }
  }

  async *#keep(): AsyncGenerator<Uint8Array, void> {
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) {
      const kept = next.value.slice()
      this.#kept.push(kept)
      yield kept
    }
  }

  async *#all(): AsyncGenerator<Uint8Array, void> {
    try {
      for (let kept = this.#kept.shift(); kept !== undefined; kept = this.#kept.shift()) yield kept
      for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next())
        yield next.value
    } finally {
      await this.#chunks.return?.()
    }
  }
}
