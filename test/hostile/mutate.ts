/** Captures with their bytes bent: flipped, lied about, cut, repeated, spliced. The same seed makes the same ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { concat } from '../../src/capture/fixtures.ts'
import { anyCapture, anyPacket, framed, linkTypes, pcapOf } from './packets.ts'

const examples = join(import.meta.dirname, '../../examples')

/** Whole numbers from a seed (xorshift32; Marsaglia, "Xorshift RNGs", 2003). */
export class Random {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds shall not begin alike, and 0 would stay 0.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % Math.max(1, limit)
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}

/** The example captures, and others of every link type and file format. */
export function corpus(): Uint8Array[] {
  const found = readdirSync(examples).filter((name) => name.endsWith('.pcapng'))
  const packets = fc.sample(anyPacket, { numRuns: 24, seed: 1 })
  return [
    ...found.map((name) => new Uint8Array(readFileSync(join(examples, name)))),
    ...linkTypes.map((linkType) =>
      pcapOf(
        linkType,
        packets.map((packet, index) => framed(linkType, packet, index)),
        (length) => length,
      ),
    ),
    ...fc.sample(anyCapture, { numRuns: 24, seed: 2 }),
  ]
}

const NUMBERS = [
  0, 1, 3, 4, 8, 12, 16, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]

const mutations: readonly ((
  bytes: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
) => Uint8Array)[] = [
  (bytes, random) => {
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
    return bytes
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.of([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
    return bytes
  },
  // Where lengths stand.
  (bytes, random) => {
    if (bytes.length < 8) return bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    view.setUint32((random.below(bytes.length - 4) >> 2) << 2, random.of(NUMBERS), random.below(2) === 0)
    return bytes
  },
  (bytes, random) => {
    if (bytes.length < 4) return bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const at = random.below(bytes.length - 2)
    view.setUint16(at, view.getUint16(at) + random.below(9) - 4)
    return bytes
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => {
    const from = random.below(bytes.length)
    const piece = bytes.subarray(from, from + random.below(200))
    const at = random.below(bytes.length)
    return concat(bytes.subarray(0, at), piece, bytes.subarray(at))
  },
  (bytes, random) => {
    const from = random.below(bytes.length)
    return concat(bytes.subarray(0, from), bytes.subarray(from + random.below(200)))
  },
  (bytes, random, others) => {
    const other = random.of(others)
    return concat(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length)))
  },
  (bytes, random) => {
    const from = random.below(bytes.length)
    return bytes.fill(random.of([0, 0, 0xff]), from, from + random.below(64))
  },
  (bytes, _, others) => concat(bytes, others[0]!),
]

/** Up to eight mutations of one of them. */
export function mutated(captures: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = random.of(captures).slice()
  for (let left = random.below(8) + 1; left > 0 && bytes.length > 0; left--)
    bytes = random.of(mutations)(bytes, random, captures)
  return bytes
}

/** The same bytes in chunks of whatever size. */
export function inChunks(bytes: Uint8Array, random: Random): Uint8Array[] {
  const most = random.of([1, 7, 64, 1500, 1_000_000])
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = random.below(most) + 1
    chunks.push(bytes.slice(at, at + size))
    at += size
  }
  return chunks
}
