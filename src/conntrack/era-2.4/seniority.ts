/**
 * Whom a full table evicts: the oldest entry that is not ASSURED. Linux 2.4 took one out of a bucket of its hash, so any
 * choice of one such entry is as good as its own; this one is that of 2.4.32 with a single bucket.
 */
import { ID, STATUS } from '../entry.ts'
import { STATUS_ASSURED, STATUS_CONFIRMED, STATUS_DYING } from '../status.ts'
import type { StateTable } from '../table.ts'

/** The queue is cleared of what it holds in vain when it is so many times as long as the table ever was. */
const SLACK = 2
const LEAST = 1024

/** Entries by age. It keeps no account until the table is full for the first time. */
export class Seniority {
  readonly #table: StateTable
  /** Entry numbers and their ids, oldest first, from `#head` on; null before the table was ever full. */
  #numbers: number[] | null = null
  #ids: number[] = []
  #head = 0

  constructor(table: StateTable) {
    this.#table = table
  }

  /** A new entry. */
  add(number: number): void {
    if (this.#numbers === null) return
    if (this.#numbers.length > SLACK * this.#table.entries.limit + LEAST) this.#collect()
    this.#numbers.push(number)
    this.#ids.push(this.#idOf(number))
  }

  /** The oldest confirmed entry that is not ASSURED, or -1. */
  oldest(): number {
    if (this.#numbers === null) this.#collect()
    const numbers = this.#numbers!
    // Whoever is ASSURED stays so until its end: nobody has to be looked at again.
    for (; this.#head < numbers.length; this.#head++) {
      const number = numbers[this.#head]!
      if (!this.#isEvictable(number)) continue
      if (this.#idOf(number) === this.#ids[this.#head]) return number
    }
    return -1
  }

  #idOf(number: number): number {
    return this.#table.words(number)[this.#table.at(number) + ID]!
  }

  #isEvictable(number: number): boolean {
    const status = this.#table.words(number)[this.#table.at(number) + STATUS]!
    return (status & (STATUS_CONFIRMED | STATUS_DYING | STATUS_ASSURED)) === STATUS_CONFIRMED
  }

  /** Begins anew with what is in the table. */
  #collect(): void {
    const numbers: number[] = []
    for (let number = 0; number < this.#table.entries.limit; number++) {
      if (this.#isEvictable(number)) numbers.push(number)
    }
    numbers.sort((a, b) => (this.#idOf(a) >>> 0) - (this.#idOf(b) >>> 0))
    this.#numbers = numbers
    this.#ids = numbers.map((number) => this.#idOf(number))
    this.#head = 0
  }
}
