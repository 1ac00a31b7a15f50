/** The elements of a set: fixed keys of 32-bit words in a hash table, what belongs to each beside it. */

/** Address words 0–3, port | protocol << 16 in 4, prefix length in 5, second address in 6–9. */
export const KEY_WORDS = 10
export const PORT = 4
export const PREFIX = 5
export const SECOND = 6
const NONE = -1
/** `deadlines`: it stays. */
export const PERMANENT = Number.POSITIVE_INFINITY

export class ElementTable {
  size = 0
  /** Of a place: the tick up to which it is there, counters, and whether it means "not these". */
  deadlines: Float64Array = new Float64Array(16)
  packets: Float64Array = new Float64Array(16)
  bytes: Float64Array = new Float64Array(16)
  nomatch: Uint8Array = new Uint8Array(16)
  /** One signed word each: mark, mask of the mark, class, and the queue. */
  skbinfo: Int32Array = new Int32Array(64)
  readonly #initial = 16
  #keys = new Int32Array(16 * KEY_WORDS)
  #next = new Int32Array(16)
  #heads = new Int32Array(16).fill(NONE)
  #free = NONE
  #fresh = 0

  /** The place of a key, or -1. */
  find(key: Int32Array): number {
    const keys = this.#keys
    for (let place = this.#heads[this.#slot(key, 0)]!; place !== NONE; place = this.#next[place]!) {
      const at = place * KEY_WORDS
      let i = 0
      while (i < KEY_WORDS && keys[at + i] === key[i]) i++
      if (i === KEY_WORDS) return place
    }
    return NONE
  }

  /** Adds a key that is not there, with nothing beside it. */
  add(key: Int32Array): number {
    let place = this.#free
    if (place === NONE) {
      place = this.#fresh++
      if (place >= this.#next.length) this.#grow()
    } else this.#free = this.#next[place]!
    this.#keys.set(key, place * KEY_WORDS)
    const slot = this.#slot(key, 0)
    this.#next[place] = this.#heads[slot]!
    this.#heads[slot] = place
    this.deadlines[place] = PERMANENT
    this.packets[place] = 0
    this.bytes[place] = 0
    this.nomatch[place] = 0
    this.skbinfo.fill(0, place * 4, place * 4 + 4)
    this.size++
    return place
  }

  remove(place: number): void {
    const slot = this.#slot(this.#keys, place * KEY_WORDS)
    if (this.#heads[slot] === place) this.#heads[slot] = this.#next[place]!
    else {
      let before = this.#heads[slot]!
      while (this.#next[before] !== place) before = this.#next[before]!
      this.#next[before] = this.#next[place]!
    }
    this.#next[place] = this.#free
    this.#free = place
    this.size--
  }

  /** Calls `visit` with each place; it may remove that one. */
  each(visit: (place: number) => void): void {
    for (let slot = 0; slot < this.#heads.length; slot++) {
      for (let place = this.#heads[slot]!; place !== NONE; ) {
        const next = this.#next[place]!
        visit(place)
        place = next
      }
    }
  }

  /** A word of a place's key. */
  word(place: number, index: number): number {
    return this.#keys[place * KEY_WORDS + index]!
  }

  clear(): void {
    this.#heads = new Int32Array(this.#heads.length).fill(NONE)
    this.#free = NONE
    this.#fresh = 0
    this.size = 0
  }

  #grow(): void {
    const old = this.#next.length
    const size = Math.max(this.#initial, old * 2)
    const grown = <T extends Int32Array | Float64Array | Uint8Array>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.#keys = grown(new Int32Array(size * KEY_WORDS), this.#keys)
    this.#next = grown(new Int32Array(size), this.#next)
    this.deadlines = grown(new Float64Array(size), this.deadlines)
    this.packets = grown(new Float64Array(size), this.packets)
    this.bytes = grown(new Float64Array(size), this.bytes)
    this.nomatch = grown(new Uint8Array(size), this.nomatch)
    this.skbinfo = grown(new Int32Array(size * 4), this.skbinfo)
    this.#heads = new Int32Array(size).fill(NONE)
    for (let place = 0; place < old; place++) {
      const slot = this.#slot(this.#keys, place * KEY_WORDS)
      this.#next[place] = this.#heads[slot]!
      this.#heads[slot] = place
    }
  }

  #slot(words: Int32Array, at: number): number {
    let mixed = words[at]!
    for (let i = 1; i < KEY_WORDS; i++)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) ^ words[at + i]!
    mixed = Math.imul(mixed, 0x9e37_79b1)
    return (mixed ^ (mixed >>> 16)) & (this.#heads.length - 1)
  }
}
