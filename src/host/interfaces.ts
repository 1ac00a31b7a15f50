/** Network interfaces by number: 0 is none, whose name is empty. */
export class Interfaces {
  readonly #names: string[] = ['']
  readonly #numbers = new Map<string, number>([['', 0]])

  /** The number of a name, which gets one if it has none. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#names.length
    this.#names.push(name)
    this.#numbers.set(name, number)
    return number
  }

  /** The number of a name, or 0 if it has none. */
  find(name: string): number {
    return this.#numbers.get(name) ?? 0
  }

  nameOf(number: number): string {
    return this.#names[number] ?? ''
  }

  /** How many there are, 0 included. */
  get size(): number {
    return this.#names.length
  }
}
