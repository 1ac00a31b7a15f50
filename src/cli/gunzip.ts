/** Unpacks gzip (RFC 1952) on top of Node's inflate, so that nothing that can be read of a damaged file is lost. */
import { createInflateRaw } from 'node:zlib'
import type { Decompressor } from '../capture/source.ts'
import { crc32 } from './crc32.ts'

/** Packed bytes given to zlib at a time: unpacked they are at most a thousand times as many. */
const STEP = 32 * 1024
/** What zlib had unpacked when it met an error is never told: not more than this. */
const CHUNK = 64 * 1024
/** A member's packed bytes up to here are kept, to be unpacked again in smaller steps up to its error. */
const KEPT = 1024 * 1024
const FINE = 200

const FLAG_CHECKSUM = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16
const FLAGS_RESERVED = 0xe0

const CUT = 'unexpected end of file'

/**
 * Unpacks gzip, members one behind the other included; what else stands behind a member is passed over, as gzip does.
 * What was unpacked before an error is handed on first: all of it, only of a member whose error lies more than a
 * megabyte behind its start up to 64 KiB are lost.
 */
export const gunzip: Decompressor = async function* (chunks) {
  const packed = new PackedBytes(chunks)
  try {
    if (!(await isMember(packed))) throw new Error('incorrect header check')
    do {
      await passHeader(packed)
      yield* unpackMember(packed)
    } while (await isMember(packed))
  } finally {
    await packed.close()
  }
}

/** The packed bytes, one or several at a time. */
class PackedBytes {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** At most so many of those that come next, which stay unread; none at the end. */
  async peek(most: number): Promise<Uint8Array> {
    while (this.#at === this.#chunk.length) {
      const { done, value } = await this.#chunks.next()
      if (done === true) break
      this.#chunk = value
      this.#at = 0
    }
    return this.#chunk.subarray(this.#at, this.#at + most)
  }

  skip(count: number): void {
    this.#at += count
  }

  /** The next byte, or -1 at the end. */
  async byte(): Promise<number> {
    const [byte = -1] = await this.peek(1)
    if (byte >= 0) this.#at++
    return byte
  }

  /** Little-endian. @throws Error at the end */
  async number(bytes: number): Promise<number> {
    let value = 0
    for (let i = 0; i < bytes; i++) {
      const byte = await this.byte()
      if (byte < 0) throw new Error(CUT)
      value |= byte << (8 * i)
    }
    return value
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

/** Reads the magic number of a member; anything else there, too. */
async function isMember(packed: PackedBytes): Promise<boolean> {
  return (await packed.byte()) === 0x1f && (await packed.byte()) === 0x8b
}

/** What stands between the magic number and the packed data. */
async function passHeader(packed: PackedBytes): Promise<void> {
  if ((await packed.number(1)) !== 8) throw new Error('unknown compression method')
  const flags = await packed.number(1)
  if ((flags & FLAGS_RESERVED) !== 0) throw new Error('unknown header flags set')
  // Time, extra flags, system.
  for (let i = 0; i < 6; i++) await packed.number(1)
  if ((flags & FLAG_EXTRA) !== 0) {
    for (let left = await packed.number(2); left > 0; left--) await packed.number(1)
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) !== 0) while ((await packed.number(1)) !== 0);
  }
  if ((flags & FLAG_CHECKSUM) !== 0) await packed.number(2)
}

/** The data of a member, and the check of its trailer. */
async function* unpackMember(packed: PackedBytes): AsyncGenerator<Uint8Array, void> {
  const inflater = new Inflater()
  const kept: Uint8Array[] = []
  let keptLength = 0
  let crc = 0
  let length = 0
  try {
    for (;;) {
      const step = await packed.peek(STEP)
      if (step.length === 0) throw new Error(CUT)
      const { unpacked, used } = await inflater.write(step)
      for (const bytes of unpacked) {
        crc = crc32(bytes, crc)
        length += bytes.length
        yield bytes
      }
      if (inflater.failure !== null) {
        if (keptLength <= KEPT) yield* unpackAgain(kept, step, length, FINE)
        throw inflater.failure
      }
      packed.skip(used)
      if (used < step.length) break
      keptLength += used
      if (keptLength <= KEPT) kept.push(step.slice())
      else kept.length = 0
    }
  } finally {
    inflater.close()
  }
  if ((await packed.number(4)) !== crc) {
    throw new Error('checksum mismatch: something in it was changed; what could be unpacked is kept')
  }
  // RFC 1952, 2.3.1: modulo 2^32.
  if ((await packed.number(4)) !== (length | 0)) {
    throw new Error('length mismatch: something in it was changed; what could be unpacked is kept')
  }
}

/** What comes out of a step up to the byte that is wrong, behind the `known` bytes that came out already. */
async function* unpackAgain(
  kept: readonly Uint8Array[],
  step: Uint8Array,
  known: number,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  const inflater = new Inflater()
  let position = 0
  try {
    for (let index = 0, at = 0; at < step.length; index++) {
      const piece = kept[index] ?? step.subarray(at, at + size)
      const { unpacked } = await inflater.write(piece)
      for (const bytes of unpacked) {
        const start = Math.max(0, known - position)
        position += bytes.length
        if (start < bytes.length) yield bytes.subarray(start)
      }
      if (inflater.failure !== null) {
        const right = [...kept, step.subarray(0, at)].filter(({ length }) => length > 0)
        if (size > 1) yield* unpackAgain(right, piece, Math.max(known, position), 1)
        return
      }
      if (index >= kept.length) at += size
    }
  } finally {
    inflater.close()
  }
}

interface Written {
  readonly unpacked: readonly Uint8Array[]
  /** Packed bytes that were read: fewer than given where the packed data end. */
  readonly used: number
}

class Inflater {
  failure: Error | null = null
  readonly #stream = createInflateRaw({ chunkSize: CHUNK })
  readonly #ready: Uint8Array[] = []
  #settle = () => {}

  constructor() {
    // A step that fails or ends the data may not be answered by its callback, but by these events.
    const settle = () => this.#settle()
    this.#stream.on('data', (bytes: Uint8Array) => this.#ready.push(bytes))
    this.#stream.on('end', settle).on('close', settle)
    this.#stream.on('error', (error) => {
      this.failure ??= error
      settle()
    })
  }

  async write(step: Uint8Array): Promise<Written> {
    const before = this.#stream.bytesWritten
    await new Promise<void>((resolve) => {
      this.#settle = resolve
      this.#stream.write(step, () => resolve())
    })
    return { unpacked: this.#ready.splice(0), used: this.#stream.bytesWritten - before }
  }

  close(): void {
    this.#stream.destroy()
  }
}
