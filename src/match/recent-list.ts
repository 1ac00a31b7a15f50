/** A list of addresses with the times at which they were seen (xt_recent). */

/** Addresses on a list, and times of an address, unless module parameters tell otherwise. */
const MOST_ADDRESSES = 100
const LEAST_HITS = 20
const NONE = -1
const BUCKETS = 128

/** How many times are kept of an address where a rule asks for so many hits: a power of two. */
export function ringSize(hitcount: number): number {
  const wanted = Math.max(hitcount, LEAST_HITS)
  return 1 << (32 - Math.clz32(wanted - 1))
}

/** At most 100 addresses; the one that was not seen for longest gives way. Places are 0–99, times are in ticks. */
export class RecentList {
  /** What addresses of both families are compared by, four words. */
  readonly mask: Int32Array
  /** How many there are. */
  size = 0
  #ring: number
  readonly #addresses = new Int32Array(MOST_ADDRESSES * 4)
  readonly #families = new Uint8Array(MOST_ADDRESSES)
  readonly #ttls = new Uint8Array(MOST_ADDRESSES)
  /** Of each place: its times in a ring, how many there are, and where the next one goes. */
  #stamps: (Float64Array | null)[] = new Array(MOST_ADDRESSES).fill(null)
  readonly #counts = new Int32Array(MOST_ADDRESSES)
  readonly #ends = new Int32Array(MOST_ADDRESSES)
  /** By address; a free place is in the list of the free ones. */
  readonly #heads = new Int16Array(BUCKETS).fill(NONE)
  readonly #next = new Int16Array(MOST_ADDRESSES)
  #free = NONE
  #fresh = 0
  /** By the time last seen. */
  readonly #newer = new Int16Array(MOST_ADDRESSES)
  readonly #older = new Int16Array(MOST_ADDRESSES)
  #oldest = NONE
  #newest = NONE

  constructor(mask: readonly number[], ring: number) {
    this.mask = Int32Array.from(mask)
    this.#ring = ring
  }

  /** A rule asks for more times than are kept: the list begins anew. */
  keepTimes(ring: number): void {
    if (ring <= this.#ring) return
    while (this.#oldest !== NONE) this.remove(this.#oldest)
    this.#ring = ring
    this.#stamps = new Array(MOST_ADDRESSES).fill(null)
  }

  /** Where an address is, or -1. A `ttl` other than 0 has to agree with that of the list, unless that is 0. */
  find(address: Int32Array, family: number, ttl: number): number {
    const addresses = this.#addresses
    for (let place = this.#heads[bucketOf(address, 0)]!; place !== NONE; place = this.#next[place]!) {
      const at = place * 4
      if (
        addresses[at] === address[0] &&
        addresses[at + 1] === address[1] &&
        addresses[at + 2] === address[2] &&
        addresses[at + 3] === address[3] &&
        this.#families[place] === family &&
        (ttl === 0 || ttl === this.#ttls[place] || this.#ttls[place] === 0)
      ) {
        return place
      }
    }
    return NONE
  }

  /** Puts an address on the list that is not on it, as seen at this tick. */
  add(address: Int32Array, family: number, ttl: number, tick: number): void {
    if (this.size >= MOST_ADDRESSES) this.remove(this.#oldest)
    let place = this.#free
    if (place === NONE) place = this.#fresh++
    else this.#free = this.#next[place]!
    this.#addresses.set(address, place * 4)
    this.#families[place] = family
    this.#ttls[place] = ttl
    let stamps = this.#stamps[place]!
    if (stamps === null) {
      stamps = new Float64Array(this.#ring)
      this.#stamps[place] = stamps
    }
    stamps[0] = tick
    this.#counts[place] = 1
    this.#ends[place] = 1
    const bucket = bucketOf(address, 0)
    this.#next[place] = this.#heads[bucket]!
    this.#heads[bucket] = place
    this.#append(place)
    this.size++
  }

  /** Seen once more. */
  update(place: number, ttl: number, tick: number): void {
    const end = this.#ends[place]! & (this.#ring - 1)
    this.#stamps[place]![end] = tick
    this.#ends[place] = end + 1
    if (end + 1 > this.#counts[place]!) this.#counts[place] = end + 1
    this.#ttls[place] = ttl
    this.#unlink(place)
    this.#append(place)
  }

  remove(place: number): void {
    const bucket = bucketOf(this.#addresses, place * 4)
    if (this.#heads[bucket] === place) this.#heads[bucket] = this.#next[place]!
    else {
      let before = this.#heads[bucket]!
      while (this.#next[before] !== place) before = this.#next[before]!
      this.#next[before] = this.#next[place]!
    }
    this.#next[place] = this.#free
    this.#free = place
    this.#unlink(place)
    this.size--
  }

  /** Seen at least so often, once for 0, at `since` or later. */
  wasSeen(place: number, hits: number, since: number): boolean {
    const stamps = this.#stamps[place]!
    const count = this.#counts[place]!
    let left = Math.max(1, hits)
    for (let i = 0; i < count; i++) if (stamps[i]! >= since && --left === 0) return true
    return false
  }

  /** Drops the address that was not seen for longest, if that was before `since` and it is not `kept`. */
  reap(since: number, kept: number): void {
    const place = this.#oldest
    if (place === NONE || place === kept) return
    if (this.#stamps[place]![this.#ends[place]! - 1]! < since) this.remove(place)
  }

  #append(place: number): void {
    this.#older[place] = this.#newest
    this.#newer[place] = NONE
    if (this.#newest === NONE) this.#oldest = place
    else this.#newer[this.#newest] = place
    this.#newest = place
  }

  #unlink(place: number): void {
    const older = this.#older[place]!
    const newer = this.#newer[place]!
    if (older === NONE) this.#oldest = newer
    else this.#newer[older] = newer
    if (newer === NONE) this.#newest = older
    else this.#older[newer] = older
  }
}

function bucketOf(words: Int32Array, at: number): number {
  const mixed = Math.imul(words[at]! ^ words[at + 1]! ^ words[at + 2]! ^ words[at + 3]!, 0x9e37_79b1)
  return mixed >>> 25
}
