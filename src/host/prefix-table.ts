/** Longest-prefix match over 128 bits; IPv4 has the first word, and the others 0. Looking up allocates nothing. */

interface Entry<Value> {
  readonly length: number
  readonly words: readonly [number, number, number, number]
  readonly metric: number
  readonly value: Value
}

/** All prefixes of one length, in order: four words each in `keys`. */
interface Level<Value> {
  readonly masks: Int32Array
  readonly keys: Int32Array
  readonly values: readonly Value[]
}

export class PrefixTable<Value> {
  readonly #entries: Entry<Value>[] = []
  #levels: readonly Level<Value>[] | null = null

  /** Bits behind `length` do not count. Of equal prefixes the lower metric is found, of equal metrics the first. */
  add(words: Int32Array, length: number, metric: number, value: Value): void {
    const masks = masksOf(length)
    const word = (index: number) => (words[index] ?? 0) & masks[index]!
    this.#entries.push({ length, words: [word(0), word(1), word(2), word(3)], metric, value })
    this.#levels = null
  }

  get size(): number {
    return this.#entries.length
  }

  /** The value of the longest prefix that the address begins with, or null. */
  find(word0: number, word1: number, word2: number, word3: number): Value | null {
    const levels = this.#levels ?? this.#sort()
    for (let i = 0; i < levels.length; i++) {
      const { masks, keys, values } = levels[i]!
      const a = word0 & masks[0]!
      const b = word1 & masks[1]!
      const c = word2 & masks[2]!
      const d = word3 & masks[3]!
      let low = 0
      let high = values.length
      while (low < high) {
        const middle = (low + high) >>> 1
        const at = middle * 4
        const order = keys[at]! - a || keys[at + 1]! - b || keys[at + 2]! - c || keys[at + 3]! - d
        if (order === 0) return values[middle]!
        if (order < 0) low = middle + 1
        else high = middle
      }
    }
    return null
  }

  #sort(): readonly Level<Value>[] {
    const byLength = new Map<number, Entry<Value>[]>()
    for (const entry of this.#entries) {
      const level = byLength.get(entry.length)
      if (level === undefined) byLength.set(entry.length, [entry])
      else level.push(entry)
    }
    const levels = [...byLength].sort(([a], [b]) => b - a).map(([length, all]) => levelOf(length, all))
    this.#levels = levels
    return levels
  }
}

function levelOf<Value>(length: number, all: Entry<Value>[]): Level<Value> {
  // Sorting is stable: of equal ones the first comes first.
  const sorted = all.sort((a, b) => compare(a, b) || a.metric - b.metric)
  const best = sorted.filter((entry, index) => index === 0 || compare(sorted[index - 1]!, entry) !== 0)
  return {
    masks: masksOf(length),
    keys: Int32Array.from(best.flatMap(({ words }) => words)),
    values: best.map(({ value }) => value),
  }
}

function compare<Value>({ words: a }: Entry<Value>, { words: b }: Entry<Value>): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}

/** Four words of which the first `length` bits are set. */
export function masksOf(length: number): Int32Array {
  return Int32Array.from({ length: 4 }, (_, word) => {
    const ones = Math.max(0, Math.min(32, length - word * 32))
    return ones === 0 ? 0 : -1 << (32 - ones)
  })
}
