/**
 * The index of the state table: from a flow's hash to its entries.
 *
 * Extendible hashing: a directory over the hash's upper bits leads to segments of 4,096 slots with linear probing. A
 * segment that fills up splits in two, so the index grows with the table and no packet waits for more than one
 * segment's worth of moving. A slot holds a hash and a reference: entry number × 2 + tuple (0 original, 1 reply) + 1.
 */

const SEGMENT_SLOTS = 4_096
/** Full enough to split: probes stay short. */
const FILL = 0.625
/** Beyond this depth a segment that will not split (all its hashes alike) doubles instead. */
const DEEPEST = 20

/** Slots of indices that are no longer used, all of them empty again. */
const left: Int32Array[] = []
/** More would keep memory for nobody. */
const MOST_LEFT = 4

class Segment {
  slots: Int32Array
  used = 0
  /** How many upper bits of the hash all of its entries share. */
  readonly depth: number

  constructor(depth: number, slots = SEGMENT_SLOTS) {
    this.depth = depth
    const kept = slots === SEGMENT_SLOTS ? left.pop() : undefined
    this.slots = kept ?? new Int32Array(slots * 2)
  }
}

export class HashIndex {
  #directory: Segment[] = [new Segment(1), new Segment(1)]
  /** Their slots, which are what a packet wants. */
  #slots: Int32Array[] = this.#directory.map(({ slots }) => slots)
  /** Upper bits of the hash that choose from the directory: 1 at least, because a shift by 32 would be one by 0. */
  #depth = 1

  /** The slots of the segment for a hash; probe from `firstSlot`, in steps of two words, until a reference of 0. */
  slots(hash: number): Int32Array {
    return this.#slots[hash >>> (32 - this.#depth)]!
  }

  /**
   * What stands in the index under `count` hashes, 0 for nothing, in two rounds, so that their cache misses overlap. Another
   * reference may have the same hash. What it returns is good for nothing but being used.
   */
  lookUp(hashes: Int32Array, references: Int32Array, count: number): number {
    const all = this.#slots
    const shift = (32 - this.#depth) | 0
    let sink = 0
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!
      const slots = all[hash >>> shift]!
      sink ^= slots[(hash << 1) & (slots.length - 1)]!
    }
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!
      const slots = all[hash >>> shift]!
      const mask = (slots.length - 1) | 0
      let slot = (hash << 1) & mask
      while (slots[slot] !== hash && slots[slot | 1] !== 0) slot = (slot + 2) & mask
      references[i] = slots[slot | 1]!
    }
    return sink
  }

  /** The first reference under a hash, or 0. */
  find(hash: number): number {
    const slots = this.slots(hash)
    const mask = slots.length - 1
    let slot = firstSlot(slots, hash)
    while (slots[slot] !== hash && slots[slot + 1] !== 0) slot = (slot + 2) & mask
    return slots[slot + 1]!
  }

  insert(hash: number, reference: number): void {
    let segment = this.#segment(hash)
    while (segment.used >= (segment.slots.length / 2) * FILL) {
      this.#grow(segment, hash)
      segment = this.#segment(hash)
    }
    place(segment.slots, hash, reference)
    segment.used++
  }

  /** Removes a reference that is there. */
  remove(hash: number, reference: number): void {
    const segment = this.#segment(hash)
    const slots = segment.slots
    const mask = slots.length - 1
    let hole = firstSlot(slots, hash)
    while (slots[hole + 1] !== reference) {
      if (slots[hole + 1] === 0) return
      hole = (hole + 2) & mask
    }
    // Close the gap: move back whatever may stand in it (no tombstones).
    for (let next = (hole + 2) & mask; slots[next + 1] !== 0; next = (next + 2) & mask) {
      const home = firstSlot(slots, slots[next]!)
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole] = slots[next]!
        slots[hole + 1] = slots[next + 1]!
        hole = next
      }
    }
    slots[hole] = 0
    slots[hole + 1] = 0
    segment.used--
  }

  /** Leaves the memory to indices that are made later; this one is not to be used any more. */
  dispose(): void {
    for (const { slots } of new Set(this.#directory)) {
      if (slots.length !== SEGMENT_SLOTS * 2 || left.length === MOST_LEFT) continue
      slots.fill(0)
      left.push(slots)
    }
    this.#directory = []
  }

  /** Bytes in use. */
  get bytes(): number {
    let bytes = this.#directory.length * 8
    for (const segment of new Set(this.#directory)) bytes += segment.slots.byteLength
    return bytes
  }

  #segment(hash: number): Segment {
    return this.#directory[hash >>> (32 - this.#depth)]!
  }

  #grow(full: Segment, hash: number): void {
    const depth = full.depth
    if (depth >= DEEPEST) {
      const old = full.slots
      full.slots = new Int32Array(old.length * 2)
      for (let i = 0; i < old.length; i += 2) {
        if (old[i + 1] !== 0) place(full.slots, old[i]!, old[i + 1]!)
      }
      this.#slots = this.#slots.map((slots) => (slots === old ? full.slots : slots))
      return
    }
    if (depth === this.#depth) {
      this.#directory = this.#directory.flatMap((segment) => [segment, segment])
      this.#slots = this.#directory.map((segment) => segment.slots)
      this.#depth++
    }
    const halves = [new Segment(depth + 1), new Segment(depth + 1)] as const
    const slots = full.slots
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i + 1] === 0) continue
      const half = halves[(slots[i]! >>> (31 - depth)) & 1]!
      place(half.slots, slots[i]!, slots[i + 1]!)
      half.used++
    }
    // The directory's run of entries that led to `full`.
    const run = 1 << (this.#depth - depth)
    const from = (hash >>> (32 - depth)) * run
    halves.forEach((half, i) => {
      const first = from + (i * run) / 2
      this.#directory.fill(half, first, first + run / 2)
      this.#slots.fill(half.slots, first, first + run / 2)
    })
  }
}

/** Where probing for a hash starts: the lower bits choose the slot, the upper ones chose the segment. */
export function firstSlot(slots: Int32Array, hash: number): number {
  return (hash << 1) & (slots.length - 1)
}

function place(slots: Int32Array, hash: number, reference: number): void {
  const mask = slots.length - 1
  let at = firstSlot(slots, hash)
  while (slots[at + 1] !== 0) at = (at + 2) & mask
  slots[at] = hash
  slots[at + 1] = reference
}
