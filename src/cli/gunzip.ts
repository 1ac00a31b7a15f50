import { createGunzip } from 'node:zlib'
import type { Decompressor } from '../capture/source.ts'

/** Packed bytes given to zlib at a time: unpacked they are at most a thousand times as many. */
const STEP = 16 * 1024
const CHUNK = 256 * 1024

/**
 * Unpacks gzip, members one behind the other included. What was unpacked before an error is handed on first: a
 * capture whose end is missing shows what it still holds.
 */
export const gunzip: Decompressor = async function* (chunks) {
  const stream = createGunzip({ chunkSize: CHUNK })
  const ready: Uint8Array[] = []
  let failure: Error | null = null
  // A step that fails is not answered by its callback, but by these events.
  let settle = () => {}
  stream.on('data', (bytes: Uint8Array) => ready.push(bytes))
  stream.on('error', (error) => {
    failure ??= error
    settle()
  })
  stream.on('close', () => settle())
  const settled = (start: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      settle = resolve
      start(resolve)
    })
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += STEP) {
        const step = chunk.subarray(at, at + STEP)
        await settled((done) => stream.write(step, () => done()))
        yield* ready.splice(0)
        if (failure !== null) throw failure
      }
    }
    // Answered by `close`, once the last bytes are out.
    if (failure === null) await settled(() => stream.end())
    yield* ready.splice(0)
    if (failure !== null) throw failure
  } finally {
    stream.destroy()
  }
}
