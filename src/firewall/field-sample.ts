/** Packets that came along, by their fields: which values are frequent and which are not. */
import type { Passage } from '../hook/passage.ts'
import { FIELDS, fieldWord, type RuleKey } from './rule-key.ts'

type Asked = Omit<RuleKey, 'item'>

const SIZE = 2048
const WIDTH = 4
/** The guess counts as so many packets. */
const WEIGHT_OF_GUESS = 1

/** Keeps 2,048 packets, the last ones that were added. */
export class FieldSample {
  /** By field and word of it: a value a packet. */
  readonly #values = Array.from({ length: FIELDS * WIDTH }, () => new Int32Array(SIZE))
  #added = 0

  add(passage: Passage): void {
    const at = this.#added++ % SIZE
    for (let field = 0; field < FIELDS; field++) {
      for (let word = 0; word < WIDTH; word++)
        this.#values[field * WIDTH + word]![at] = fieldWord(field, passage, word)
    }
  }

  /** What the packets so far say about keys. */
  shares(): (key: Asked) => number {
    const size = Math.min(this.#added, SIZE)
    const sorted = Array.from({ length: FIELDS }, (_, field) =>
      this.#values[field * WIDTH]!.slice(0, size)
        .map((value) => value ^ 0x80000000)
        .sort(),
    )
    return (key) => {
      const { field, from, to, share } = key
      const hits =
        from.length > 1
          ? this.#countWide(key, size)
          : countBelow(sorted[field]!, to[0]!, true) - countBelow(sorted[field]!, from[0]!, false)
      return (hits + share * WEIGHT_OF_GUESS) / (size + WEIGHT_OF_GUESS)
    }
  }

  #countWide({ field, from, to }: Asked, size: number): number {
    let hits = 0
    for (let i = 0; i < size; i++) {
      // Not behind the first value, not ahead of the last one: words are compared from the first on.
      if (this.#compare(field, from, i) >= 0 && this.#compare(field, to, i) <= 0) hits++
    }
    return hits
  }

  #compare(field: number, value: readonly number[], index: number): number {
    for (let word = 0; word < value.length; word++) {
      const found = this.#values[field * WIDTH + word]![index]! >>> 0
      const other = value[word]! >>> 0
      if (found !== other) return found < other ? -1 : 1
    }
    return 0
  }
}

/** How many of the sorted values, whose sign is turned over, are below an unsigned one, or not above it. */
function countBelow(sorted: Int32Array, word: number, orSame: boolean): number {
  const value = word ^ 0x80000000
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const isBelow = orSame ? sorted[middle]! <= value : sorted[middle]! < value
    if (isBelow) low = middle + 1
    else high = middle
  }
  return low
}
