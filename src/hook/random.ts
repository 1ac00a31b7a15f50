/** Numbers that look random and are the same in every run with the same seed (xorshift32, Marsaglia 2003). */
export class Random {
  #state: number

  /** Any number; its 32-bit part counts. */
  constructor(seed = 1) {
    this.#state = seed | 0 || 1
  }

  /** 32 bits, signed, never 0. */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x
  }

  /** 0 to `bound` − 1; `bound` from 1 to 2^31. */
  below(bound: number): number {
    return (this.next() >>> 0) % bound
  }
}
