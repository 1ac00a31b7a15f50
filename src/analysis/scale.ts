/**
 * Values that are no small numbers (names of interfaces, IPv6 addresses) as whole numbers: cut at every value where a
 * condition of the rules begins or ends, so that all values between two cuts are one number.
 */
export class Scale<T extends string | bigint> {
  readonly #cuts: readonly T[]
  readonly #places: ReadonlyMap<T, number>

  /** `least`: the lowest value there is. */
  constructor(least: T, cuts: Iterable<T>) {
    const all = [...new Set([least, ...cuts])]
    this.#cuts = all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    this.#places = new Map(this.#cuts.map((cut, place) => [cut, place]))
  }

  get size(): number {
    return this.#cuts.length
  }

  /** The number that begins at a value, which must be one of the cuts. */
  at(cut: T): number {
    const place = this.#places.get(cut)
    if (place === undefined) throw new RangeError('a value at which the scale was not cut')
    return place
  }

  /** The lowest value of a number. */
  first(place: number): T {
    return this.#cuts[place]!
  }

  /** The number that a value belongs to. */
  placeOf(value: T): number {
    let low = 0
    let high = this.#cuts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#cuts[middle]! <= value) low = middle
      else high = middle - 1
    }
    return low
  }
}
