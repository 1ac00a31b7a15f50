/**
 * Standard output in big pieces, written before the call returns: nothing is lost at exit, nothing piles up. Every
 * method may throw a Failure with exit code 4.
 */
import { writeSync } from 'node:fs'
import { EXIT_OK } from './exit-codes.ts'
import { unwritable } from './failure.ts'

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
        this.#writeAll(Buffer.from(text))
        return
      }
    }
    this.#used += this.#buffer.write(text, this.#used)
  }

  /** Bytes as they are; good to be overwritten afterwards. */
  writeBytes(bytes: Uint8Array): void {
    this.flush()
    this.#writeAll(bytes)
  }

  line(text: string): void {
    this.write(text)
    this.write('\n')
  }

  flush(): void {
    const used = this.#used
    this.#used = 0
    if (used > 0) this.#writeAll(this.#buffer.subarray(0, used))
  }

  #writeAll(bytes: Uint8Array): void {
    writeAll(this.#descriptor, bytes, this.#descriptor === 2 ? 'standard error' : 'standard output')
  }
}

/**
 * Writes all of it before it returns; who cannot read on ends the command without a message.
 * @throws Failure with exit code 4
 */
export function writeAll(descriptor: number, bytes: Uint8Array, name: string): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at, bytes.length - at)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      // A pipe that another process made non-blocking, and that is full.
      if (code === 'EAGAIN') wait(2)
      // Whoever read (| head) has seen enough.
      else if (code === 'EPIPE') process.exit(EXIT_OK)
      else throw unwritable(name, error)
    }
  }
}

/** Where what is said on the side can be read no more, that ends nothing: standard output and the exit code still tell. */
export function writeStandardError(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nobody reads it, or there is no room.
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Sleeps without giving up control. */
export function wait(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds)
}
