/**
 * What a capture is known by in an address: times and lengths of its packets. The same for the same packets, however the file is
 * packed or called; it tells captures apart, and keeps no secret.
 */

const DIGITS = 10

/** FNV-1a over words, twice with different beginnings. */
export class Fingerprint {
  #first = 0x811c_9dc5 | 0
  #second = 0x1234_5671 | 0

  add(seconds: number, nanoseconds: number, length: number): void {
    this.#mix(seconds | 0)
    this.#mix(nanoseconds)
    this.#mix(length)
  }

  #mix(word: number): void {
    this.#first = Math.imul(this.#first ^ word, 0x0100_0193)
    this.#first ^= this.#first >>> 15
    this.#second = Math.imul(this.#second ^ word, 0x85eb_ca6b)
    this.#second ^= this.#second >>> 13
  }

  /** Ten characters of 0–9 and a–z. */
  get text(): string {
    const part = (word: number) => (word >>> 0).toString(36).padStart(7, '0')
    return (part(this.#first) + part(this.#second)).slice(-DIGITS)
  }
}
