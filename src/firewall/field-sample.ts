/** Packets that came along, by their fields: which values are frequent and which are not. */
import type { Passage } from '../hook/passage.ts'
import { FIELDS, fieldWord, type RuleKey } from './rule-key.ts'

const SIZE = 256
const WIDTH = 4
/** The guess counts as so many packets. */
const WEIGHT_OF_GUESS = 4

/** Keeps 256 packets, the last ones that were added. */
export class FieldSample {
  readonly #values = new Int32Array(FIELDS * WIDTH * SIZE)
  #added = 0

  add(passage: Passage): void {
    const at = this.#added++ % SIZE
    for (let field = 0; field < FIELDS; field++) {
      for (let word = 0; word < WIDTH; word++)
        this.#values[(field * WIDTH + word) * SIZE + at] = fieldWord(field, passage, word)
    }
  }

  /** The share of packets that have a key, as far as these tell, and its guess where they do not. */
  shareOf({ field, from, to, share }: RuleKey): number {
    const size = Math.min(this.#added, SIZE)
    let hits = 0
    for (let i = 0; i < size; i++) if (this.#holds(field, from, to, i)) hits++
    return (hits + share * WEIGHT_OF_GUESS) / (size + WEIGHT_OF_GUESS)
  }

  #holds(field: number, from: readonly number[], to: readonly number[], index: number): boolean {
    // Not behind the first value, not ahead of the last one: words are compared from the first on.
    return this.#compare(field, from, index) >= 0 && this.#compare(field, to, index) <= 0
  }

  #compare(field: number, value: readonly number[], index: number): number {
    for (let word = 0; word < value.length; word++) {
      const found = this.#values[(field * WIDTH + word) * SIZE + index]! >>> 0
      const other = value[word]! >>> 0
      if (found !== other) return found < other ? -1 : 1
    }
    return 0
  }
}
