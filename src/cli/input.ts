/** Opens captures: files, pipes and standard input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { CaptureInput } from '../capture/merge.ts'
import { EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure, unreadable } from './failure.ts'
import { wait } from './output.ts'

const CHUNK = 1024 * 1024

export interface OpenInput extends CaptureInput {
  /** In bytes as they lie on disk, or null for a pipe. */
  readonly size: number | null
  /** Once; a failure while reading is thrown by the iterator. Ending the loop closes the file. */
  readonly chunks: Iterable<Uint8Array>
}

/**
 * Opens the file, or standard input for `-`.
 *
 * Chunks come out of two buffers in turn, so a chunk is overwritten when the one after the next is asked for:
 * until then a capture reader has copied what it still needs of it (see ByteFeed).
 * @throws Failure with exit code 3
 */
export function openInput(path: string): OpenInput {
  const standard = path === '-'
  if (standard && isatty(0)) {
    throw new Failure('-: standard input is a terminal; pipe a capture into it', EXIT_UNREADABLE)
  }
  try {
    const descriptor = standard ? 0 : openSync(path, 'r')
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) {
      if (!standard) closeSync(descriptor)
      throw Object.assign(new Error(), { code: 'EISDIR' })
    }
    return { name: path, size: stat.isFile() ? stat.size : null, chunks: readChunks(descriptor) }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function* readChunks(descriptor: number): Generator<Uint8Array, void> {
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const
  try {
    for (let turn = 0; ; turn ^= 1) {
      const buffer = buffers[turn]!
      const size = readSome(descriptor, buffer)
      if (size === 0) return
      yield size === CHUNK ? buffer : buffer.subarray(0, size)
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor)
  }
}

function readSome(descriptor: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, buffer, 0, buffer.length, null)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      // Windows says so at the end of a pipe.
      if (code === 'EOF') return 0
      // Standard input that somebody made non-blocking, and that has nothing yet.
      if (code !== 'EAGAIN') throw error
      wait(5)
    }
  }
}
