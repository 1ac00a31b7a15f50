/**
 * Memory of fixed-size records in segments of typed arrays. It grows by whole segments and never copies; freed records
 * are used again, last freed first.
 */

const SEGMENT_SHIFT = 15
const SEGMENT_RECORDS = 1 << SEGMENT_SHIFT
const INDEX_MASK = SEGMENT_RECORDS - 1

/** Segments of slabs that are no longer used, by their length in words. */
const left = new Map<number, Int32Array[]>()
/** More would keep memory for nobody. */
const MOST_LEFT = 4

export class Slab {
  readonly segments: Int32Array[] = []
  readonly #recordWords: number
  /** The same as a shift. */
  readonly #recordShift: number
  /** The free list runs through this word of the freed records. */
  readonly #linkWord: number
  #free = 0
  #fresh = 0

  /** `recordWords` is a power of two. `reserved` records at the start are never handed out, so that their numbers can mean "none". */
  constructor(recordWords: number, linkWord: number, reserved = 0) {
    this.#recordWords = recordWords
    this.#recordShift = Math.log2(recordWords)
    this.#linkWord = linkWord
    for (let i = 0; i < reserved; i++) this.allocate()
  }

  /** The segment a record lies in. */
  words(number: number): Int32Array {
    return this.segments[number >>> SEGMENT_SHIFT]!
  }

  /** Index of a record's first word in its segment. */
  at(number: number): number {
    return (number & INDEX_MASK) << this.#recordShift
  }

  /** A record's number; its words are whatever they were. */
  allocate(): number {
    if (this.#free !== 0) {
      const number = this.#free - 1
      this.#free = this.words(number)[this.at(number) + this.#linkWord]!
      return number
    }
    if (this.#fresh === this.segments.length * SEGMENT_RECORDS) {
      const length = SEGMENT_RECORDS * this.#recordWords
      this.segments.push(left.get(length)?.pop() ?? new Int32Array(length))
    }
    return this.#fresh++
  }

  free(number: number): void {
    this.words(number)[this.at(number) + this.#linkWord] = this.#free
    this.#free = number + 1
  }

  /** Leaves the memory to slabs that are made later; this one is not to be used any more. */
  dispose(): void {
    const length = SEGMENT_RECORDS * this.#recordWords
    const kept = left.get(length) ?? []
    kept.push(...this.segments.splice(0).slice(0, MOST_LEFT - kept.length))
    left.set(length, kept)
  }

  /** Records ever handed out: numbers below this may be in use. */
  get limit(): number {
    return this.#fresh
  }

  get bytes(): number {
    return this.segments.length * SEGMENT_RECORDS * this.#recordWords * 4
  }
}
