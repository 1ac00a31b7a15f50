/** Sorts numbers of things by columns of words, the least telling word first: a million takes a tenth of what a comparison takes. */

const DIGIT_BITS = 16
const DIGITS = 1 << DIGIT_BITS

/** What to sort by: a word of 32 bits, unsigned, for each thing. */
export type SortWord = (thing: number) => number

/** Sorts `order` in place. Things that are alike in all words stay in their order, also when descending. */
export function radixSort(
  order: Int32Array<ArrayBuffer>,
  words: readonly SortWord[],
  descending: boolean,
): void {
  let from = order
  let to = new Int32Array(order.length)
  const digits = new Uint32Array(order.length)
  const places = new Int32Array(DIGITS)
  for (const word of [...words].reverse()) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      places.fill(0)
      for (let i = 0; i < from.length; i++) {
        const value = descending ? ~word(from[i]!) : word(from[i]!)
        const digit = (value >>> shift) & (DIGITS - 1)
        digits[i] = digit
        places[digit]!++
      }
      // All alike: nothing to sort by.
      if (from.length === 0 || places[digits[0]!] === from.length) continue
      let sum = 0
      for (let digit = 0; digit < DIGITS; digit++) {
        const count = places[digit]!
        places[digit] = sum
        sum += count
      }
      for (let i = 0; i < from.length; i++) to[places[digits[i]!]!++] = from[i]!
      const sorted = to
      to = from
      from = sorted
    }
  }
  if (from !== order) order.set(from)
}
