/** Standard output in big pieces, written before the call returns: nothing is lost at exit, nothing piles up. */
import { writeSync } from 'node:fs'
import { EXIT_OK } from './exit-codes.ts'

const SIZE = 128 * 1024

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const WIDEST = 3

export class Output {
  readonly #descriptor: number
  readonly #buffer = Buffer.allocUnsafe(SIZE)
  #used = 0

  constructor(descriptor = 1) {
    this.#descriptor = descriptor
  }

  write(text: string): void {
    if (text.length * WIDEST > SIZE - this.#used) {
      this.flush()
      if (text.length * WIDEST > SIZE) {
        this.#writeAll(Buffer.from(text), Buffer.byteLength(text))
        return
      }
    }
    this.#used += this.#buffer.write(text, this.#used)
  }

  /** Bytes as they are; good to be overwritten afterwards. */
  writeBytes(bytes: Uint8Array): void {
    this.flush()
    this.#writeAll(bytes, bytes.length)
  }

  line(text: string): void {
    this.write(text)
    this.write('\n')
  }

  flush(): void {
    const used = this.#used
    this.#used = 0
    if (used > 0) this.#writeAll(this.#buffer, used)
  }

  #writeAll(bytes: Uint8Array, end: number): void {
    let at = 0
    while (at < end) {
      try {
        at += writeSync(this.#descriptor, bytes, at, end - at)
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : ''
        // A pipe that another process made non-blocking, and that is full.
        if (code === 'EAGAIN') wait(2)
        // Whoever read (| head) has seen enough.
        else if (code === 'EPIPE') process.exit(EXIT_OK)
        else throw error
      }
    }
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Sleeps without giving up control. */
export function wait(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds)
}
