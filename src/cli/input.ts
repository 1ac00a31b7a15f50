/** Opens captures: files, pipes and standard input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { isatty } from 'node:tty'
import type { RunInput } from '../run/prepared-host.ts'
import { EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure, unreadable } from './failure.ts'
import { wait } from './output.ts'

const CHUNK = 1024 * 1024

export interface OpenInput extends RunInput {
  /** Once; a failure while reading is thrown by the iterator. Ending the loop closes the file. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
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
    const isPipe = standard && (stat.isFIFO() || stat.isSocket())
    return {
      name: path,
      size: stat.isFile() ? stat.size : null,
      chunks: isPipe ? readPipe() : readChunks(descriptor),
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * A pipe may be live: what arrives is handed on at once, and the first interrupt (Ctrl-C) ends the input as its end
 * would, so that what was computed is shown. A second one ends the command. Buffers as in `readChunks`.
 */
async function* readPipe(): AsyncGenerator<Uint8Array, void> {
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const
  let turn = 0
  let failure: Error | null = null
  let ended = false
  let wake: (chunk: Uint8Array | null) => void = () => {}
  const end = () => {
    ended = true
    wake(null)
  }
  const onread: OnReadOpts = {
    buffer: () => buffers[turn & 1]!,
    callback: (size, buffer) => {
      turn++
      wake(buffer.subarray(0, size))
      // Nothing more until it is asked for.
      return false
    },
  }
  // Its types know `onread` for sockets that connect only.
  const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
    fd: 0,
    readable: true,
    writable: false,
    onread,
  }
  const socket = new Socket(options)
  socket.on('error', (error) => {
    failure = error
    end()
  })
  socket.on('end', end).on('close', end)
  process.once('SIGINT', end)
  try {
    while (!ended) {
      const chunk = await new Promise<Uint8Array | null>((resolve) => {
        wake = resolve
        socket.resume()
      })
      if (chunk === null) break
      yield chunk
    }
    if (failure !== null) throw failure
  } finally {
    process.removeListener('SIGINT', end)
    socket.destroy()
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
