/** IP sets by name, as rules ask them. */
import type { IpSet } from './query.ts'

/** For `FirewallOptions.sets`; rules change them. */
export class Sets {
  readonly #sets = new Map<string, IpSet>()

  /** By its name, or null. */
  get(name: string): IpSet | null {
    return this.#sets.get(name) ?? null
  }

  /** In place of one of the same name. */
  add(set: IpSet): void {
    this.#sets.set(set.name, set)
  }

  /** Nothing happens where there is none. */
  remove(name: string): void {
    this.#sets.delete(name)
  }

  /** Removes all. */
  clear(): void {
    this.#sets.clear()
  }

  /** In the order in which they were made. */
  all(): readonly IpSet[] {
    return [...this.#sets.values()]
  }
}
