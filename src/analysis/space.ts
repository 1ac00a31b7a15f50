/** The fields of packets that rules ask about, as numbers: what boxes are made of. */

import { parseAddress } from '../packet/address.ts'
import type { Family, InterfaceTest, MaskedAddress, Rule, Ruleset, Setting } from '../ruleset/model.ts'
import { holds, type Intervals, nothing, one, union } from './intervals.ts'
import { Scale } from './scale.ts'

// Fields that every space has; behind them those that this ruleset asks for: marks under a mask, answers of matches.
export const FIELD_IN = 0
export const FIELD_OUT = 1
export const FIELD_SOURCE = 2
export const FIELD_DESTINATION = 3
export const FIELD_PROTOCOL = 4
export const FIELD_SOURCE_PORT = 5
export const FIELD_DESTINATION_PORT = 6
/** FIN, SYN, RST, PSH, ACK, URG: bits 0 to 5. */
export const FIELD_FLAGS = 7
/** Type × 256 + code, of ICMP or ICMPv6. */
export const FIELD_ICMP = 8
/** Number in `states`. */
export const FIELD_STATE = 9
/** 1 of a second or further fragment. */
export const FIELD_FRAGMENT = 10
const FIELDS = 11

/** What targets (and a few matches) change while a packet walks a table; bits. */
export const CHANGES_MARK = 1
export const CHANGES_CONNMARK = 2
export const CHANGES_BYTES = 4
export const CHANGES_STATE = 8
export const CHANGES_SETS = 16
export const CHANGES_LABELS = 32
export const CHANGES_ALL = 63

/** Bits as in `--ctstate`: INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED, SNAT, DNAT. */
export const INVALID = 1
export const NEW = 2
export const RELATED = 4
export const ESTABLISHED = 8
export const UNTRACKED = 16
const SNAT = 32
const DNAT = 64

/** Every state a packet can have: only what has a connection can be translated. */
export const states: readonly number[] = [
  INVALID,
  UNTRACKED,
  ...[NEW, RELATED, ESTABLISHED].flatMap((state) => [state, state | SNAT, state | DNAT, state | SNAT | DNAT]),
]

/** The states of which one of these bits is set. */
export function statesWith(bits: number): Intervals {
  return union(states.flatMap((state, number) => ((state & bits) !== 0 ? [one(number)] : [])))
}

/** A mask with so many holes is no set of ranges any more. */
const MOST_RANGES = 1024
/** Distinct masks of marks, and distinct questions of other matches, that are told apart. */
const MOST_MASKS = 16

const WORD = 2 ** 32
const BEHIND_ALL = '\uffff'.repeat(16)

/** The fields of one ruleset; boxes of different spaces have nothing to do with each other. */
export class Space {
  readonly family: Family
  /** How many values each field has. */
  readonly sizes: number[]
  /** By field: CHANGES_* bits of what changes it. */
  readonly changedBy: number[]
  readonly names: Scale<string>
  readonly addresses: Scale<bigint> | null
  readonly #marks = new Map<string, number>()
  readonly #answers = new Map<string, number>()
  readonly #masks = new Map<number, number>()

  /** `names` and `addresses`: cuts beside those of the rules. */
  constructor(ruleset: Ruleset, names: Iterable<string> = [], addresses: Iterable<bigint> = []) {
    this.family = ruleset.family
    const nameCuts = new Set<string>(['\0', ...names])
    const addressCuts = new Set<bigint>(addresses)
    for (const { chains } of ruleset.tables)
      for (const { rules } of chains)
        for (const rule of rules) collect(rule, this.family, nameCuts, addressCuts)
    this.names = new Scale('', nameCuts)
    this.addresses = this.family === 'ipv6' ? new Scale(0n, addressCuts) : null
    const addressSize = this.addresses?.size ?? WORD
    this.sizes = [
      this.names.size,
      this.names.size,
      addressSize,
      addressSize,
      256,
      65_536,
      65_536,
      64,
      65_536,
      states.length,
      2,
    ]
    this.changedBy = this.sizes.map((_, field) => (field === FIELD_STATE ? CHANGES_STATE : 0))
  }

  get fields(): number {
    return this.sizes.length
  }

  /** Is the field one of those that `changes` may have changed? */
  isChanged(field: number, changes: number): boolean {
    return (this.changedBy[field]! & changes) !== 0
  }

  /** `eth0`, or `eth+`. */
  interfaces(name: string): Intervals {
    const [from, behind] = nameRange(name)
    return [this.names.at(from), behind === BEHIND_ALL ? this.names.size : this.names.at(behind)]
  }

  /** No interface. */
  get noInterface(): Intervals {
    return one(0)
  }

  /** Null where the mask has too many holes. */
  network({ address, mask }: MaskedAddress): Intervals | null {
    if (this.addresses === null) {
      const ranges = maskedRanges(BigInt(address[0]! >>> 0), BigInt(mask[0]! >>> 0), 32n)
      return ranges?.flatMap(([from, behind]) => [Number(from), Number(behind)]) ?? null
    }
    const ranges = maskedRanges(wide(address), wide(mask), 128n)
    return ranges && this.#places(ranges)
  }

  /** From one address to another, both included; reversed ends hold nothing. */
  addressRange(from: readonly number[], to: readonly number[]): Intervals {
    if (this.addresses === null) {
      const [low, high] = [from[0]! >>> 0, to[0]! >>> 0]
      return high < low ? nothing : [low, high + 1]
    }
    return wide(to) < wide(from) ? nothing : this.#places([[wide(from), wide(to) + 1n]])
  }

  /** Is the address, as text, in the set? */
  holdsAddress(set: Intervals, text: string): boolean {
    const words = parseAddress(text)!.words
    return holds(set, this.addresses === null ? words[0]! >>> 0 : this.addresses.placeOf(wide(words)))
  }

  #places(ranges: readonly (readonly [from: bigint, behind: bigint])[]): Intervals {
    const scale = this.addresses!
    const last = 1n << 128n
    return union(
      ranges.map(([from, behind]) => [scale.at(from), behind === last ? scale.size : scale.at(behind)]),
    )
  }

  /** The field of a mark under a mask, its values the masked mark; null where there are too many masks. */
  markField(name: string, mask: number, changedBy: number): number | null {
    // Only the packet's mark is one that a walk can know.
    const known = name === 'mark' ? mask : null
    return this.#asked(this.#marks, `${name} ${mask >>> 0}`, WORD, changedBy, MOST_MASKS, known)
  }

  /** The field of what a match answers, 1 or 0: the same for all rules that ask the same. */
  answerField(question: string, changedBy: number): number {
    return this.#asked(this.#answers, question, 2, changedBy, Number.POSITIVE_INFINITY, null)!
  }

  #asked(
    fields: Map<string, number>,
    key: string,
    size: number,
    changedBy: number,
    most: number,
    mask: number | null,
  ): number | null {
    const known = fields.get(key)
    if (known !== undefined) return known
    if (fields.size >= most) return null
    const number = this.sizes.length
    if (mask !== null) this.#masks.set(number, mask)
    this.sizes.push(size)
    this.changedBy.push(changedBy)
    fields.set(key, number)
    return number
  }

  /** Of a field that is the packet's mark: the bits of it; null of others. */
  maskOf(field: number): number | null {
    return this.#masks.get(field) ?? null
  }

  /** Fields that all spaces have, the others are answers and marks. */
  isPlain(field: number): boolean {
    return field < FIELDS
  }
}

/** The first name of those that are meant, and the first behind them. */
export function nameRange(name: string): readonly [from: string, behind: string] {
  if (!name.endsWith('+')) return [name, `${name}\0`]
  const start = name.slice(0, -1)
  if (start === '') return ['', BEHIND_ALL]
  const last = start.charCodeAt(start.length - 1)
  return [start, last === 0xffff ? BEHIND_ALL : start.slice(0, -1) + String.fromCharCode(last + 1)]
}

/** Words of an IPv6 address as one number. */
export function wide(words: ArrayLike<number>): bigint {
  let value = 0n
  for (let i = 0; i < 4; i++) value = (value << 32n) | BigInt(words[i]! >>> 0)
  return value
}

/** Half-open ranges of the addresses that agree with `address` in the bits of `mask`. */
function maskedRanges(
  address: bigint,
  mask: bigint,
  bits: bigint,
): readonly (readonly [from: bigint, behind: bigint])[] | null {
  let free = 0n
  while (free < bits && ((mask >> free) & 1n) === 0n) free++
  const holes: bigint[] = []
  for (let bit = free; bit < bits; bit++) if (((mask >> bit) & 1n) === 0n) holes.push(1n << bit)
  if (2 ** holes.length > MOST_RANGES) return null
  let starts = [address & mask]
  for (const hole of holes) starts = starts.flatMap((start) => [start, start | hole])
  const span = 1n << free
  return starts.sort((a, b) => (a < b ? -1 : 1)).map((start) => [start, start + span])
}

/** The values at which the conditions of a rule begin and end. */
function collect(rule: Rule, family: Family, names: Set<string>, addresses: Set<bigint>): void {
  const addName = (test: InterfaceTest | null) => {
    if (test === null) return
    const [from, behind] = nameRange(test.name)
    names.add(from)
    if (behind !== BEHIND_ALL) names.add(behind)
  }
  addName(rule.inInterface)
  addName(rule.outInterface)
  if (family === 'ipv4') return
  const add = (from: bigint, behind: bigint) => {
    addresses.add(from)
    if (behind < 1n << 128n) addresses.add(behind)
  }
  for (const test of [rule.source, rule.destination]) {
    if (test === null) continue
    for (const [from, behind] of maskedRanges(wide(test.address), wide(test.mask), 128n) ?? [])
      add(from, behind)
  }
  for (const { name, options } of rule.matches) {
    if (name !== 'iprange') continue
    for (const setting of Object.values(options)) {
      const { from, to } = (setting as Setting<{ from: readonly number[]; to: readonly number[] }>).value
      if (wide(from) <= wide(to)) add(wide(from), wide(to) + 1n)
    }
  }
}
