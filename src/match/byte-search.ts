/** Looks for bytes in bytes, as Linux's ts_bm and ts_kmp find them where a packet lies in one piece (Horspool 1980). */

/**
 * Upper case as the kernel has it: ISO 8859-1, in which ÿ and ß are lower case too, and lose the same bit
 * (lib/ctype.c).
 */
function kernelUpper(byte: number): number {
  const isLower = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte !== 0xf7)
  return isLower ? byte - 0x20 : byte
}

/** One pattern, looked for again and again. */
export class ByteSearch {
  readonly #pattern: Uint8Array
  /** What each byte counts as. */
  readonly #fold: Uint8Array
  /** How far to go on by the byte under the pattern's last one. */
  readonly #skip: Uint8Array

  /** @param pattern 1 to 128 bytes */
  constructor(pattern: readonly number[], ignoreCase: boolean) {
    this.#fold = Uint8Array.from({ length: 256 }, (_, byte) => (ignoreCase ? kernelUpper(byte) : byte))
    this.#pattern = Uint8Array.from(pattern, (byte) => this.#fold[byte]!)
    const byFolded = new Uint8Array(256).fill(pattern.length)
    for (let i = 0; i < pattern.length - 1; i++) byFolded[this.#pattern[i]!] = pattern.length - 1 - i
    this.#skip = Uint8Array.from({ length: 256 }, (_, byte) => byFolded[this.#fold[byte]!]!)
  }

  /** Where the pattern first lies within `start`–`end`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const pattern = this.#pattern
    const fold = this.#fold
    const skip = this.#skip
    const last = pattern.length - 1
    let at = start + last
    while (at < end) {
      const byte = bytes[at]!
      let i = last
      while (i >= 0 && fold[bytes[at - last + i]!] === pattern[i]) i--
      if (i < 0) return at - last
      at += skip[byte]!
    }
    return -1
  }
}
