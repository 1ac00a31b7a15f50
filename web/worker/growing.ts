/**
 * Columns of numbers that grow as they are written, so that a million packets take a few arrays and no objects. Each kind has `get` and
 * `set` of its own: in one for all, V8 has to find out with every number what the array is of, which takes ten times as long.
 */

type Numbers = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

const FIRST_LENGTH = 1024
/** From here on a column grows by a quarter: twice of what is large already could be more than there is room for. */
const LARGE = 2 ** 21

abstract class Column<Kind extends Numbers> {
  /** At least as long as what was written; behind that it holds zeros. */
  values: Kind
  readonly #make: (length: number) => Kind

  constructor(make: (length: number) => Kind) {
    this.#make = make
    this.values = make(FIRST_LENGTH)
  }

  /** 0 where nothing was written. */
  abstract get(index: number): number

  abstract set(index: number, value: number): void

  get byteLength(): number {
    return this.values.byteLength
  }

  protected reach(index: number): void {
    const { length } = this.values
    const larger = this.#make(Math.max(index + 1, length * (length < LARGE ? 2 : 1.25)))
    larger.set(this.values)
    this.values = larger
  }
}

export class Bytes extends Column<Uint8Array> {
  constructor() {
    super((length) => new Uint8Array(length))
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.reach(index)
    this.values[index] = value
  }
}

export class Shorts extends Column<Uint16Array> {
  constructor() {
    super((length) => new Uint16Array(length))
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.reach(index)
    this.values[index] = value
  }
}

/** Signed, of 32 bits. */
export class Words extends Column<Int32Array> {
  constructor() {
    super((length) => new Int32Array(length))
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.reach(index)
    this.values[index] = value
  }
}

/** Unsigned, of 32 bits. */
export class UnsignedWords extends Column<Uint32Array> {
  constructor() {
    super((length) => new Uint32Array(length))
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.reach(index)
    this.values[index] = value
  }
}

export class Doubles extends Column<Float64Array> {
  constructor() {
    super((length) => new Float64Array(length))
  }

  get(index: number): number {
    return this.values[index] ?? 0
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.reach(index)
    this.values[index] = value
  }
}

/** Of all columns among an object's fields. */
export function bytesOfColumns(columns: object): number {
  let sum = 0
  for (const column of Object.values(columns)) if (column instanceof Column) sum += column.byteLength
  return sum
}
