/** Which of many ranges hold a value: addresses of one word (IPv4) or four (IPv6), ports, numbers. */

/** Values from `from` to `to`, both included; words are compared as unsigned numbers, the first one first. */
export interface ItemRange {
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** What the range stands for, 0 and above. */
  readonly item: number
}

/** From so many boundaries on, a table of 65,536 places leads near the right one. */
const WORTH_A_TABLE = 64

/**
 * The values cut into intervals at every end of a range; each interval has the items of the ranges that cover it, in
 * ascending order.
 */
export class IntervalMap {
  readonly #width: number
  /** First value of each interval, a word in each array, its sign turned over so that signed numbers compare rightly. */
  readonly #words: readonly Int32Array[]
  /** By the upper half of the first word: the interval that holds its first value. Null where a search is as good. */
  readonly #near: Int32Array | null
  /** Of interval i: `items` from `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array
  readonly items: Int32Array

  /** `width`: words of a value, 1 or 4. */
  constructor(ranges: readonly ItemRange[], width: number) {
    this.#width = width
    const events = ranges.flatMap(({ from, to, item }) => {
      const begin = { at: from, item, begins: true }
      const after = successor(to)
      return after === null ? [begin] : [begin, { at: after, item, begins: false }]
    })
    events.sort((a, b) => compare(a.at, b.at))
    const first: number[][] = [Array.from({ length: width }, () => 0)]
    const lists: number[][] = [[]]
    const active: number[] = []
    for (const { at, item, begins } of events) {
      if (compare(first.at(-1)!, at) !== 0) {
        first.push([...at])
        lists.push([])
      }
      const place = placeOf(active, item)
      if (begins) active.splice(place, 0, item)
      else active.splice(place, 1)
      lists[lists.length - 1] = [...active]
    }
    this.#words = Array.from({ length: width }, (_, word) =>
      Int32Array.from(first, (value) => value[word]! ^ 0x80000000),
    )
    this.starts = new Int32Array(lists.length + 1)
    lists.forEach((list, index) => {
      this.starts[index + 1] = this.starts[index]! + list.length
    })
    this.items = Int32Array.from(lists.flat())
    this.#near = first.length < WORTH_A_TABLE ? null : this.#table()
  }

  get intervals(): number {
    return this.starts.length - 1
  }

  #table(): Int32Array {
    const near = new Int32Array(0x10001)
    for (let upper = 0; upper <= 0xffff; upper++)
      near[upper] = this.#search(0, this.intervals - 1, upper << 16, 0, 0, 0)
    near[0x10000] = this.intervals - 1
    return near
  }

  /** The interval that holds a value; words behind the width do not count. */
  find(word0: number, word1: number, word2: number, word3: number): number {
    const near = this.#near
    if (near === null) return this.#search(0, this.intervals - 1, word0, word1, word2, word3)
    const upper = word0 >>> 16
    return this.#search(near[upper]!, near[upper + 1]!, word0, word1, word2, word3)
  }

  /** The last interval from `low` to `high` that does not begin behind the value; `low` never does. */
  #search(from: number, to: number, word0: number, word1: number, word2: number, word3: number): number {
    let low = from
    let high = to
    const first = this.#words[0]!
    const value = word0 ^ 0x80000000
    if (this.#width === 1) {
      while (low < high) {
        const middle = (low + high + 1) >>> 1
        if (first[middle]! <= value) low = middle
        else high = middle - 1
      }
      return low
    }
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#beginsBehind(middle, value, word1, word2, word3)) high = middle - 1
      else low = middle
    }
    return low
  }

  #beginsBehind(interval: number, value0: number, word1: number, word2: number, word3: number): boolean {
    const words = this.#words
    if (words[0]![interval]! !== value0) return words[0]![interval]! > value0
    const value1 = word1 ^ 0x80000000
    if (words[1]![interval]! !== value1) return words[1]![interval]! > value1
    const value2 = word2 ^ 0x80000000
    if (words[2]![interval]! !== value2) return words[2]![interval]! > value2
    return words[3]![interval]! > (word3 ^ 0x80000000)
  }
}

/** Where an item stands, or would, in an ascending list. */
function placeOf(list: readonly number[], item: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < item) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i]! >>> 0) - (b[i]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The next value; null behind the last one. */
function successor(value: readonly number[]): number[] | null {
  const next = [...value]
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i]! + 1) | 0
    if (next[i] !== 0) return next
  }
  return null
}
