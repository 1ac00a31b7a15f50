/** Captures that can be read several times: a pipe is first written to a file of its own, which nobody else can open. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwritable } from '../failure.ts'
import { type OpenInput, openInput } from '../input.ts'
import { writeAll } from '../output.ts'

const CHUNK = 1024 * 1024

interface Spooled {
  readonly descriptor: number
  readonly size: number
}

export class Spool {
  readonly #spooled = new Map<string, Spooled>()

  /** Reads pipes to their end. @throws Failure where one cannot be read, or what it has not be written */
  async fill(files: readonly string[]): Promise<void> {
    for (const file of files) {
      const input = openInput(file)
      if (input.size === null) this.#spooled.set(file, await spooledOf(input))
    }
  }

  /** From its beginning, as often as one likes. @throws Failure */
  open(file: string): OpenInput {
    const spooled = this.#spooled.get(file)
    if (spooled === undefined) return openInput(file)
    return { name: file, size: spooled.size, chunks: chunksOf(spooled) }
  }

  /** Gives the room back. */
  close(): void {
    for (const { descriptor } of this.#spooled.values()) closeSync(descriptor)
    this.#spooled.clear()
  }
}

async function spooledOf({ name, chunks }: OpenInput): Promise<Spooled> {
  const descriptor = openNameless()
  let size = 0
  for await (const chunk of chunks) {
    writeAll(descriptor, chunk, `a copy of ${name} in ${tmpdir()}`)
    size += chunk.length
  }
  return { descriptor, size }
}

/** Gone when the process ends, however that comes about. */
function openNameless(): number {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
    try {
      return openSync(join(folder, 'capture'), 'wx+', 0o600)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  } catch (error) {
    throw unwritable(tmpdir(), error)
  }
}

/** Out of two buffers in turn, as `openInput` has them. */
function* chunksOf({ descriptor, size }: Spooled): Generator<Uint8Array, void> {
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const
  for (let at = 0, turn = 0; at < size; turn ^= 1) {
    const buffer = buffers[turn]!
    const length = readSync(descriptor, buffer, 0, CHUNK, at)
    if (length === 0) return
    yield buffer.subarray(0, length)
    at += length
  }
}
