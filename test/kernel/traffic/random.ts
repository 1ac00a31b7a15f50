/** Seeded pseudo-random numbers (sfc32 after Chris Doty-Humphrey): the same seed, the same traffic. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 4_294_967_296) | 0
    this.#c = 0x9e3779b9 | 0
    for (let i = 0; i < 12; i++) this.word()
  }

  /** 32 bits as a signed integer. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum
  }

  /** From `low` to `high`, both included. */
  range(low: number, high: number): number {
    return low + ((this.word() >>> 0) % (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.word() >>> 0 < probability * 4_294_967_296
  }

  pick<T>(choices: readonly T[]): T {
    return choices[(this.word() >>> 0) % choices.length]!
  }

  /** One of the choices, by weight. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let rest = this.range(
      1,
      choices.reduce((sum, [weight]) => sum + weight, 0),
    )
    for (const [weight, choice] of choices) {
      rest -= weight
      if (rest <= 0) return choice
    }
    return choices[0]![1]
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.range(0, i)
      ;[items[i], items[j]] = [items[j]!, items[i]!]
    }
    return items
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 255)
  }
}
