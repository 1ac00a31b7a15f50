/** Which of many ranges hold a value: addresses of one word (IPv4) or four (IPv6), ports, numbers. */

/** Values from `from` to `to`, both included; words are compared as unsigned numbers, the first one first. */
export interface ItemRange {
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** What the range stands for, 0 and above. */
  readonly item: number
}

/** `IntervalMap.find`: no range holds the value. */
export const NOWHERE = -1

/** From so many boundaries on, tables lead to the right interval. */
const WORTH_A_TABLE = 32
/** Intervals that one step of a table may hold and still be searched; where there are more, a block tells them apart. */
const SEARCHED = 4

/** A table's entry below NOWHERE: the first interval to be searched, or a block. */
const toSearch = (interval: number) => -2 - interval * 2
const toBlock = (block: number) => -3 - block * 2
const isBlock = (entry: number) => (entry & 1) !== 0
const numberIn = (entry: number) => (-2 - entry) >> 1

/**
 * The values cut into intervals at every end of a range; each interval has the items of the ranges that cover it, in
 * ascending order.
 */
export class IntervalMap {
  readonly #width: number
  /** First value of each interval, a word in each array, its sign turned over so that signed numbers compare rightly. */
  readonly #words: readonly Int32Array[]
  /**
   * By the upper half of a value of one word: the interval that holds all of them, NOWHERE if that has no items, else where
   * to go on. Null where a search is as good.
   */
  readonly #near: Int32Array | null
  /** A bit for each of its steps, set where any item is: as small as the caches nearest to the processor. */
  #any = new Int32Array(0)
  /** By block, and third byte of the value: the same, without further blocks. */
  #blocks = new Int32Array(0)
  /** Of interval i: `items` from `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array
  readonly items: Int32Array

  /** Items ascend from range to range. `width`: words of a value, 1 or 4. `mayTable`: a table of 256 KiB is not too much. */
  constructor(ranges: readonly ItemRange[], width: number, mayTable = true) {
    this.#width = width
    const { words, intervals, first, behind } = cut(ranges, width)
    this.#words = words
    this.starts = new Int32Array(intervals + 1)
    for (let range = 0; range < ranges.length; range++) {
      for (let interval = first[range]!; interval < behind[range]!; interval++)
        this.starts[interval + 1] = this.starts[interval + 1]! + 1
    }
    for (let interval = 0; interval < intervals; interval++)
      this.starts[interval + 1] = this.starts[interval + 1]! + this.starts[interval]!
    this.items = new Int32Array(this.starts[intervals]!)
    const next = this.starts.slice()
    for (let range = 0; range < ranges.length; range++) {
      for (let interval = first[range]!; interval < behind[range]!; interval++) {
        this.items[next[interval]!] = ranges[range]!.item
        next[interval] = next[interval]! + 1
      }
    }
    this.#near = !mayTable || width > 1 || intervals < WORTH_A_TABLE ? null : this.#table()
  }

  get isTable(): boolean {
    return this.#near !== null
  }

  get intervals(): number {
    return this.starts.length - 1
  }

  /** As it is found where it is all that a step of a table holds. */
  #whole(interval: number): number {
    return this.starts[interval] === this.starts[interval + 1] ? NOWHERE : interval
  }

  #table(): Int32Array {
    const near = new Int32Array(0x10000)
    this.#any = new Int32Array(0x10000 >>> 5)
    const blocks: number[] = []
    const last = this.intervals - 1
    const first = this.#words[0]!
    let high = 0
    for (let upper = 0; upper <= 0xffff; upper++) {
      // The interval that the step before ended in, or the one that begins with this step.
      const low = high < last && first[high + 1]! <= ((upper << 16) ^ 0x80000000) ? high + 1 : high
      high = low
      while (high < last && first[high + 1]! <= (((upper << 16) | 0xffff) ^ 0x80000000)) high++
      if (this.starts[low] !== this.starts[high + 1])
        this.#any[upper >>> 5] = this.#any[upper >>> 5]! | (1 << upper)
      if (low === high) near[upper] = this.#whole(low)
      else if (high - low < SEARCHED) near[upper] = toSearch(low)
      else {
        near[upper] = toBlock(blocks.length >>> 8)
        for (let third = 0; third <= 0xff; third++) {
          const from = this.#search(low, high, (upper << 16) | (third << 8))
          const to = this.#search(from, high, (upper << 16) | (third << 8) | 0xff)
          blocks.push(from === to ? this.#whole(from) : toSearch(from))
        }
      }
    }
    this.#blocks = Int32Array.from(blocks)
    return near
  }

  /** The interval that holds a value, or NOWHERE; words behind the width do not count. */
  find(word0: number, word1: number, word2: number, word3: number): number {
    if (this.#width > 1) return this.#searchWide(word0, word1, word2, word3)
    const near = this.#near
    if (near === null) return this.#whole(this.#search(0, this.intervals - 1, word0))
    const step = word0 >>> 16
    if (((this.#any[step >>> 5]! >>> step) & 1) === 0) return NOWHERE
    const entry = near[step]!
    if (entry >= NOWHERE) return entry
    const last = this.intervals - 1
    if (!isBlock(entry)) {
      const from = numberIn(entry)
      return this.#search(from, Math.min(from + SEARCHED, last), word0)
    }
    const inBlock = this.#blocks[(numberIn(entry) << 8) | ((word0 >>> 8) & 0xff)]!
    if (inBlock >= NOWHERE) return inBlock
    const from = numberIn(inBlock)
    // Among 256 values there are 256 boundaries at most.
    return this.#search(from, Math.min(from + 256, last), word0)
  }

  /** The last interval from `low` to `high` that does not begin behind the value; `low` never does. */
  #search(from: number, to: number, word: number): number {
    let low = from
    let high = to
    const first = this.#words[0]!
    const value = word ^ 0x80000000
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (first[middle]! <= value) low = middle
      else high = middle - 1
    }
    return low
  }

  #searchWide(word0: number, word1: number, word2: number, word3: number): number {
    let low = 0
    let high = this.intervals - 1
    const value = word0 ^ 0x80000000
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

/** Ranges as intervals between all values at which one of them begins or is over. */
interface Cut {
  /** First value of each interval, as `IntervalMap` has them. */
  readonly words: readonly Int32Array[]
  readonly intervals: number
  /** Of each range: its first interval, and the one behind its last. */
  readonly first: Int32Array
  readonly behind: Int32Array
}

function cut(ranges: readonly ItemRange[], width: number): Cut {
  return width === 1 ? cutNarrow(ranges) : cutWide(ranges, width)
}

/** The number behind the largest value of one word. */
const END = 0x1_0000_0000

function cutNarrow(ranges: readonly ItemRange[]): Cut {
  const size = ranges.length
  const values = new Float64Array(size * 2 + 1)
  ranges.forEach(({ from, to }, range) => {
    values[range] = from[0]! >>> 0
    values[size + range] = (to[0]! >>> 0) + 1
  })
  // 0, where the first interval begins, is there from the start.
  values.sort()
  let count = 0
  for (const value of values) {
    if (count === 0 || value !== values[count - 1]) values[count++] = value
  }
  const intervals = values[count - 1] === END ? count - 1 : count
  const rank = (value: number) => {
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (values[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    words: [Int32Array.from(values.subarray(0, intervals), (value) => value ^ 0x80000000)],
    intervals,
    first: Int32Array.from(ranges, ({ from }) => rank(from[0]! >>> 0)),
    behind: Int32Array.from(ranges, ({ to }) => rank((to[0]! >>> 0) + 1)),
  }
}

function cutWide(ranges: readonly ItemRange[], width: number): Cut {
  const bounds = ranges.flatMap(({ from, to }, range) => [
    { at: from, range, begins: true },
    { at: successor(to), range, begins: false },
  ])
  bounds.sort((a, b) => compare(a.at, b.at))
  const first = new Int32Array(ranges.length)
  const behind = new Int32Array(ranges.length)
  const values: (readonly number[])[] = [Array.from({ length: width }, () => 0)]
  for (const { at, range, begins } of bounds) {
    if (compare(values.at(-1)!, at) !== 0) values.push(at)
    if (begins) first[range] = values.length - 1
    else behind[range] = values.length - 1
  }
  // One word more than a value has: behind the largest.
  const intervals = values.at(-1)!.length > width ? values.length - 1 : values.length
  const words = Array.from({ length: width }, (_, word) =>
    Int32Array.from(values.slice(0, intervals), (value) => value[word]! ^ 0x80000000),
  )
  return { words, intervals, first, behind }
}

/**
 * Items of ranges that would stand in more than `most` intervals each, if all of them together would stand in more than
 * `most` for each range: without them the map has a bounded size.
 */
export function tooWide(ranges: readonly ItemRange[], width: number, most: number): ReadonlySet<number> {
  const { first, behind } = cut(ranges, width)
  let total = 0
  for (let range = 0; range < ranges.length; range++) total += behind[range]! - first[range]!
  if (total <= most * ranges.length) return new Set()
  return new Set(ranges.flatMap(({ item }, range) => (behind[range]! - first[range]! > most ? [item] : [])))
}

/** A value with a word more than others is behind all of them. */
function compare(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i]! >>> 0) - (b[i]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The next value; behind the last one, a value with a word more. */
function successor(value: readonly number[]): readonly number[] {
  const next = [...value]
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i]! + 1) | 0
    if (next[i] !== 0) return next
  }
  return [...next, 0]
}
