/** Which of many ranges hold a value: addresses of one word (IPv4) or four (IPv6), ports, numbers. */
import type { IntervalCut } from './interval-cut.ts'

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

  /** Items ascend from range to range. `mayTable`: a table of 256 KiB is not too much. */
  constructor(cut: IntervalCut, mayTable = true) {
    const { ranges, width, words, intervals, first, behind } = cut
    this.#width = width
    this.#words = words
    const starts = new Int32Array(intervals + 1)
    for (let range = 0; range < ranges.length; range++) {
      for (let interval = first[range]!; interval < behind[range]!; interval++)
        starts[interval + 1] = starts[interval + 1]! + 1
    }
    for (let interval = 0; interval < intervals; interval++)
      starts[interval + 1] = starts[interval + 1]! + starts[interval]!
    const items = new Int32Array(starts[intervals]!)
    const next = starts.slice()
    for (let range = 0; range < ranges.length; range++) {
      const { item } = ranges[range]!
      for (let interval = first[range]!; interval < behind[range]!; interval++) {
        items[next[interval]!] = item
        next[interval] = next[interval]! + 1
      }
    }
    this.starts = starts
    this.items = items
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
    // Of each block: the step that it is for, and the intervals that it tells apart.
    const blocks: (readonly [upper: number, low: number, high: number])[] = []
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
      else near[upper] = toBlock(blocks.push([upper, low, high]) - 1)
    }
    this.#blocks = new Int32Array(blocks.length << 8)
    for (const [block, [upper, low, high]] of blocks.entries()) this.#fillBlock(block, upper, low, high)
    return near
  }

  #fillBlock(block: number, upper: number, low: number, high: number): void {
    const first = this.#words[0]!
    let at = low
    for (let third = 0; third <= 0xff; third++) {
      const begins = ((upper << 16) | (third << 8)) ^ 0x80000000
      while (at < high && first[at + 1]! <= begins) at++
      const from = at
      while (at < high && first[at + 1]! <= (begins | 0xff)) at++
      this.#blocks[(block << 8) | third] = from === at ? this.#whole(from) : toSearch(from)
    }
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
