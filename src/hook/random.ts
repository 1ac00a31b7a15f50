/** Numbers that look random and are the same in every run with the same seed (xorshift32, Marsaglia 2003). */
export class Random {
  readonly #seed: number
  #state: number

  /** Any number; its 32-bit part counts. */
  constructor(seed = 1) {
    this.#seed = seed | 0 || 1
    this.#state = this.#seed
  }

  /** Begins anew, for each `number` differently: whatever was drawn before, the same numbers follow. */
  restart(number: number): void {
    // Neighbouring seeds would begin alike (the finalizer of MurmurHash3).
    let x = Math.imul(number, 0x9e3779b9) ^ this.#seed
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    this.#state = x ^ (x >>> 16) || 1
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
