/** Ranges of values cut into intervals at every value at which one of them begins or is over. */

/** Values from `from` to `to`, both included; words are compared as unsigned numbers, the first one first. */
export interface ItemRange {
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** What the range stands for, 0 and above. */
  readonly item: number
}

/** The number behind the largest value of one word. */
const END = 0x1_0000_0000

/** Of ranges of one word (IPv4 addresses, ports, numbers) or four (IPv6 addresses). */
export class IntervalCut {
  readonly ranges: readonly ItemRange[]
  /** Words of a value. */
  readonly width: number
  /** First value of each interval, a word in each array, its sign turned over so that signed numbers compare rightly. */
  readonly words: readonly Int32Array[]
  readonly intervals: number
  /** Of each range: its first interval, and the one behind its last. */
  readonly first: Int32Array
  readonly behind: Int32Array

  constructor(ranges: readonly ItemRange[], width: number) {
    this.ranges = ranges
    this.width = width
    const { words, first, behind } = width === 1 ? cutNarrow(ranges) : cutWide(ranges, width)
    this.words = words
    this.intervals = words[0]!.length
    this.first = first
    this.behind = behind
  }

  /** How often a range stands in an interval, over all of them. */
  get size(): number {
    let size = 0
    for (let range = 0; range < this.ranges.length; range++) size += this.intervalsOf(range)
    return size
  }

  intervalsOf(range: number): number {
    return this.behind[range]! - this.first[range]!
  }
}

type Parts = Pick<IntervalCut, 'words' | 'first' | 'behind'>

function cutNarrow(ranges: readonly ItemRange[]): Parts {
  const size = ranges.length
  const values = new Float64Array(size * 2 + 1)
  for (let range = 0; range < size; range++) {
    const { from, to } = ranges[range]!
    values[range] = from[0]! >>> 0
    values[size + range] = (to[0]! >>> 0) + 1
  }
  // 0, where the first interval begins, is there from the start.
  const sorted = values.slice().sort()
  let count = 0
  for (const value of sorted) {
    if (count === 0 || value !== sorted[count - 1]) sorted[count++] = value
  }
  const rank = (value: number) => {
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
  const first = new Int32Array(size)
  const behind = new Int32Array(size)
  for (let range = 0; range < size; range++) {
    first[range] = rank(values[range]!)
    behind[range] = rank(values[size + range]!)
  }
  const words = new Int32Array(sorted[count - 1] === END ? count - 1 : count)
  for (let interval = 0; interval < words.length; interval++) words[interval] = sorted[interval]! ^ 0x80000000
  return { words: [words], first, behind }
}

function cutWide(ranges: readonly ItemRange[], width: number): Parts {
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
  return { words, first, behind }
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
