/** A column of numbers that grows by doubling, so that a million packets take a few arrays and no objects. */

type Numbers = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

export class Growing<Kind extends Numbers> {
  /** At least as long as what was written; behind that it holds zeros. */
  values: Kind
  readonly #make: (length: number) => Kind

  constructor(make: (length: number) => Kind, length = 1024) {
    this.#make = make
    this.values = make(length)
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.#reach(index)
    this.values[index] = value
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  add(index: number, value: number): void {
    this.set(index, this.get(index) + value)
  }

  #reach(index: number): void {
    const larger = this.#make(Math.max(index + 1, this.values.length * 2))
    larger.set(this.values)
    this.values = larger
  }
}

export const bytes = () => new Growing((length) => new Uint8Array(length))
export const shorts = () => new Growing((length) => new Uint16Array(length))
/** Signed, of 32 bits. */
export const words = () => new Growing((length) => new Int32Array(length))
/** Unsigned, of 32 bits. */
export const unsigned = () => new Growing((length) => new Uint32Array(length))
export const doubles = () => new Growing((length) => new Float64Array(length))
