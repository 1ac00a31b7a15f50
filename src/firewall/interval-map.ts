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

  /** `width`: words of a value, 1 or 4. `mayTable`: a table of 256 KiB is not too much. */
  constructor(ranges: readonly ItemRange[], width: number, mayTable = true) {
    this.#width = width
    const events = eventsOf(ranges)
    const first: number[][] = [Array.from({ length: width }, () => 0)]
    const lists: number[][] = [[]]
    const active: number[] = []
    for (const { at, item, begins } of events) {
      if (compare(first.at(-1)!, at) !== 0) {
        lists[lists.length - 1] = [...active]
        first.push([...at])
        lists.push([])
      }
      const place = placeOf(active, item)
      if (begins) active.splice(place, 0, item)
      else active.splice(place, 1)
    }
    lists[lists.length - 1] = [...active]
    this.#words = Array.from({ length: width }, (_, word) =>
      Int32Array.from(first, (value) => value[word]! ^ 0x80000000),
    )
    this.starts = new Int32Array(lists.length + 1)
    lists.forEach((list, index) => {
      this.starts[index + 1] = this.starts[index]! + list.length
    })
    this.items = Int32Array.from(lists.flat())
    this.#near = !mayTable || width > 1 || first.length < WORTH_A_TABLE ? null : this.#table()
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
    for (let upper = 0; upper <= 0xffff; upper++) {
      const low = this.#search(0, last, upper << 16)
      const high = this.#search(low, last, (upper << 16) | 0xffff)
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

interface RangeEvent {
  readonly at: readonly number[]
  readonly item: number
  readonly begins: boolean
}

/** Where ranges begin and end, in the order of the values. */
function eventsOf(ranges: readonly ItemRange[]): RangeEvent[] {
  const events = ranges.flatMap(({ from, to, item }): RangeEvent[] => {
    const begin = { at: from, item, begins: true }
    const after = successor(to)
    return after === null ? [begin] : [begin, { at: after, item, begins: false }]
  })
  return events.sort((a, b) => compare(a.at, b.at))
}

/**
 * Items of ranges that would stand in more than `most` intervals each, if all of them together would stand in more than
 * `most` for each range: without them the map has a bounded size.
 */
export function tooWide(ranges: readonly ItemRange[], most: number): ReadonlySet<number> {
  const spread = new Map<number, number>()
  let interval = 0
  let last: readonly number[] | null = null
  for (const { at, item, begins } of eventsOf(ranges)) {
    if (last === null || compare(last, at) !== 0) interval++
    last = at
    spread.set(item, begins ? -interval : interval + spread.get(item)!)
  }
  let total = 0
  // Ranges without an end are still at their beginning.
  for (const [item, count] of spread) {
    if (count < 0) spread.set(item, interval + 1 + count)
    total += spread.get(item)!
  }
  if (total <= most * ranges.length) return new Set()
  return new Set([...spread].flatMap(([item, count]) => (count > most ? [item] : [])))
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
