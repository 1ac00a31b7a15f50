/** The last so many things seen, found again by a hash: a ring with chains through it. Allocates nothing once it is made. */

/** No further place. */
export const NOWHERE = -1

/** Free, or taken out. */
const OUT = -2

export class Recent {
  /** Places, a power of two. */
  readonly size: number
  readonly #hashes: Int32Array
  readonly #heads: Int32Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  #turn = 0

  /** `size`: a power of two. */
  constructor(size: number) {
    this.size = size
    this.#hashes = new Int32Array(size)
    this.#heads = new Int32Array(size).fill(NOWHERE)
    this.#next = new Int32Array(size).fill(NOWHERE)
    this.#previous = new Int32Array(size).fill(OUT)
  }

  /** The place for something new; whatever is oldest makes room. */
  add(hash: number): number {
    const place = this.#turn
    this.#turn = (place + 1) & (this.size - 1)
    this.remove(place)
    const head = hash & (this.size - 1)
    const first = this.#heads[head]!
    this.#hashes[place] = hash
    this.#next[place] = first
    this.#previous[place] = NOWHERE
    if (first !== NOWHERE) this.#previous[first] = place
    this.#heads[head] = place
    return place
  }

  /** Takes out what is at the place, if anything is. */
  remove(place: number): void {
    const previous = this.#previous[place]!
    if (previous === OUT) return
    const next = this.#next[place]!
    if (previous === NOWHERE) this.#heads[this.#hashes[place]! & (this.size - 1)] = next
    else this.#next[previous] = next
    if (next !== NOWHERE) this.#previous[next] = previous
    this.#previous[place] = OUT
  }

  /** The youngest place with this hash, or NOWHERE. */
  first(hash: number): number {
    return this.#same(this.#heads[hash & (this.size - 1)]!, hash)
  }

  /** The next older one with the hash of this place, or NOWHERE. */
  older(place: number): number {
    return this.#same(this.#next[place]!, this.#hashes[place]!)
  }

  #same(from: number, hash: number): number {
    let place = from
    while (place !== NOWHERE && this.#hashes[place] !== hash) place = this.#next[place]!
    return place
  }
}
