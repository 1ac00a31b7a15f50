/** IP sets by name, as rules ask them. */
import type { IpSet } from './query.ts'

export class Sets {
  readonly #sets = new Map<string, IpSet>()

  get(name: string): IpSet | null {
    return this.#sets.get(name) ?? null
  }

  add(set: IpSet): void {
    this.#sets.set(set.name, set)
  }

  remove(name: string): void {
    this.#sets.delete(name)
  }

  clear(): void {
    this.#sets.clear()
  }

  /** In the order in which they were made. */
  all(): readonly IpSet[] {
    return [...this.#sets.values()]
  }
}
