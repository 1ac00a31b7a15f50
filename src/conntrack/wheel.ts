/**
 * When entries are due: a timing wheel of four levels of 256 slots.
 *
 * A packet only overwrites its entry's deadline; the wheel looks at an entry when the slot it was filed under comes up,
 * and files it again if it has been refreshed since. A deadline that moved *ahead* of that slot is filed anew at once.
 * Work is done in small portions, so that a million entries due in the same second hold up no single packet; who looks
 * at an entry compares its deadline, so that what waits to be taken away is gone for everybody all the same.
 */
import { DEADLINE, NEXT, PREVIOUS, STATUS } from './entry.ts'
import type { Slab } from './slab.ts'

/** Bits 16–25 of the status word: level << 8 | slot; bit 26: filed. */
const SLOT_SHIFT = 16
const SLOT_BITS = 0x3ff
const FILED = 1 << 26
const SLOT_FIELD = (SLOT_BITS << SLOT_SHIFT) | FILED

/** A deadline that seems further ahead lies behind the cursor; 2^31 ticks of life and a lag of 2^29 are not further. */
const LONGEST_AHEAD = 0xe000_0000

/** A slot of the two lower levels comes up within so many ticks. */
const LOWER_REACH = 0x1_0100

/**
 * May an entry with this status word be filed too late for a deadline so many ticks ahead? Small enough to be inlined
 * where most packets ask; `moved` knows.
 */
export function mayBeLate(status: number, ahead: number): boolean {
  return ahead < LOWER_REACH || (status & (0x200 << SLOT_SHIFT)) !== 0
}

export class TimingWheel {
  readonly #slab: Slab
  /** Entry number + 1 of the first in each slot. */
  readonly #heads = new Int32Array(4 * 256)
  readonly #counts = new Int32Array(4)
  /** The tick being worked on (absolute, never wraps): all that was filed before it has been taken out. */
  #cursor = 0
  /** How many entries and slots `nextDue` may still look at. */
  budget = Number.POSITIVE_INFINITY
  /** `nextDue` looks for what is due at or before this tick (absolute). Not an argument: each call would allocate it. */
  until = 0

  constructor(slab: Slab) {
    this.#slab = slab
  }

  /** Where the wheel stands; it must be set before the first entry is filed. */
  get cursor(): number {
    return this.#cursor
  }

  /** Moves an empty wheel. */
  start(tick: number): void {
    this.#cursor = tick
  }

  get size(): number {
    const counts = this.#counts
    return counts[0]! + counts[1]! + counts[2]! + counts[3]!
  }

  /** Files an entry under its deadline. */
  file(number: number): void {
    const words = this.#slab.words(number)
    const at = this.#slab.at(number)
    const cursor = this.#cursor | 0
    // Unsigned: to the longest lifetime of 2^31 ticks comes what the wheel lags behind the clock.
    let ahead = (words[at + DEADLINE]! - cursor) >>> 0
    if (ahead > LONGEST_AHEAD) ahead = 0
    const level = ahead < 0x100 ? 0 : ahead < 0x1_0000 ? 1 : ahead < 0x100_0000 ? 2 : 3
    const slot = (level << 8) | (((cursor + ahead) >>> (level * 8)) & 0xff)
    const head = this.#heads[slot]!
    words[at + NEXT] = head
    words[at + PREVIOUS] = 0
    if (head !== 0) this.#slab.words(head - 1)[this.#slab.at(head - 1) + PREVIOUS] = number + 1
    this.#heads[slot] = number + 1
    this.#counts[level] = this.#counts[level]! + 1
    words[at + STATUS] = (words[at + STATUS]! & ~SLOT_FIELD) | (slot << SLOT_SHIFT) | FILED
  }

  remove(number: number): void {
    const words = this.#slab.words(number)
    const at = this.#slab.at(number)
    const status = words[at + STATUS]!
    if ((status & FILED) === 0) return
    const slot = (status >>> SLOT_SHIFT) & SLOT_BITS
    const next = words[at + NEXT]!
    const previous = words[at + PREVIOUS]!
    if (previous === 0) this.#heads[slot] = next
    else this.#slab.words(previous - 1)[this.#slab.at(previous - 1) + NEXT] = next
    if (next !== 0) this.#slab.words(next - 1)[this.#slab.at(next - 1) + PREVIOUS] = previous
    this.#counts[slot >>> 8] = this.#counts[slot >>> 8]! - 1
    words[at + STATUS] = status & ~SLOT_FIELD
  }

  /** The deadline of a filed entry was changed: files it anew if its slot would come up too late. */
  moved(number: number, words: Int32Array, at: number): void {
    const status = words[at + STATUS]!
    if ((status & FILED) === 0 || !this.#comesTooLate(status, words[at + DEADLINE]!)) return
    this.remove(number)
    this.file(number)
  }

  #comesTooLate(status: number, deadline: number): boolean {
    const slot = (status >>> SLOT_SHIFT) & SLOT_BITS
    const level = slot >>> 8
    const cursor = this.#cursor | 0
    const unit = cursor >>> (level << 3)
    let turns = ((slot & 0xff) - unit) & 0xff
    // The slot of the running unit was emptied when the unit began: it comes up one round later.
    if (turns === 0 && level > 0) turns = 256
    const due = (unit + turns) << (level << 3)
    return (deadline - cursor) >>> 0 < (due - cursor) >>> 0
  }

  /** Goes on to tick `until` at once where nothing is filed on the way and no unit begins; false: `nextDue` has to look. */
  skip(): boolean {
    const steps = this.until - this.#cursor
    const from = this.#cursor & 0xff
    if (from === 0 || steps < 0 || from + steps > 0xff) return false
    const heads = this.#heads
    for (let slot = from; slot <= from + steps; slot++) if (heads[slot] !== 0) return false
    this.#cursor = this.until
    return true
  }

  /**
   * The next entry that is due at or before tick `until`, taken from the wheel; -1 when there is none, or when
   * `budget` is used up: then the wheel lags behind and goes on with the next call.
   */
  nextDue(): number {
    const now = this.until | 0
    for (;;) {
      const cursor = this.#cursor
      let number = -1
      // Where a unit of an upper level begins, its entries come down first.
      if ((cursor & 0xff) === 0) {
        number = this.#takeFrom(0x100 | ((cursor / 0x100) & 0xff), now)
        if (number === NOTHING && (cursor & 0xffff) === 0) {
          number = this.#takeFrom(0x200 | ((cursor / 0x1_0000) & 0xff), now)
          if (number === NOTHING && (cursor & 0xff_ffff) === 0) {
            number = this.#takeFrom(0x300 | ((cursor / 0x100_0000) & 0xff), now)
          }
        }
      } else number = NOTHING
      if (number === NOTHING) number = this.#takeFrom(cursor & 0xff, now)
      if (number >= 0) return number
      if (number === SPENT || !this.#advance()) return -1
    }
  }

  /** Takes entries off a slot until one is due; the others are filed again, further down or later. */
  #takeFrom(slot: number, now: number): number {
    for (;;) {
      const head = this.#heads[slot]!
      if (head === 0) return NOTHING
      if (this.budget-- <= 0) return SPENT
      const number = head - 1
      const words = this.#slab.words(number)
      const at = this.#slab.at(number)
      this.remove(number)
      // Compared with `until`, not with the cursor: a wheel that lags takes what is due at once.
      if (((words[at + DEADLINE]! - now) | 0) <= 0) return number
      this.file(number)
    }
  }

  /** One tick on, or to where the next unit of the lowest level in use begins; false when that is beyond `until`. */
  #advance(): boolean {
    const now = this.until
    if (this.#cursor >= now) return false
    const counts = this.#counts
    if (counts[0] !== 0) {
      if (this.budget-- <= 0) return false
      this.#cursor++
      return true
    }
    const unit = counts[1] !== 0 ? 0x100 : counts[2] !== 0 ? 0x1_0000 : counts[3] !== 0 ? 0x100_0000 : 0
    const next = unit === 0 ? Number.POSITIVE_INFINITY : (Math.floor(this.#cursor / unit) + 1) * unit
    if (next > now) {
      // All that is filed comes up later.
      this.#cursor = now
      return false
    }
    if (this.budget-- <= 0) return false
    this.#cursor = next
    return true
  }
}

const NOTHING = -1
const SPENT = -2
