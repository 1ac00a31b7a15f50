/**
 * Finds the rules of a long chain that may take a packet, instead of asking all of them. Each rule stands under one of its
 * keys, that which fewest packets are likely to have; where many rules share a value, another of their keys tells them
 * apart. What is found is a superset, in the order of the chain: rules are asked as ever, and those left out would have
 * failed at a condition that changes nothing.
 */
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import type { Family } from '../ruleset/model.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { FieldSample } from './field-sample.ts'
import { IntervalMap, type ItemRange, NOWHERE, tooWide } from './interval-map.ts'
import { FIELDS, fieldWidth, fieldWord, firstWords, keysOf, type RuleKey } from './rule-key.ts'

/** Lists up to this length are asked one by one. */
const SHORT = 12
/** Places in lists for each rule, over all further maps: beyond that, lists stay long. */
const BUDGET = 16
/** Intervals for each rule of a map: beyond that, the widest rules are asked about every packet. */
const SPREAD = 32
/** Maps that have a table. */
const TABLES = 32

/** What is left of the room for an index. */
interface Budget {
  /** Places in lists. */
  left: number
  tables: number
}

/** Places of rules in their chain, ascending. */
export class Candidates {
  places: Int32Array = new Int32Array(64)
  count = 0

  add(from: Int32Array, start: number, end: number): void {
    if (start === end) return
    if (this.count + end - start > this.places.length) {
      const grown = new Int32Array((this.count + end - start) * 2)
      grown.set(this.places)
      this.places = grown
    }
    const { places } = this
    // Merged from behind, as both are ascending.
    let old = this.count - 1
    let to = this.count + end - start - 1
    this.count = to + 1
    for (let i = end - 1; i >= start; i--) {
      const place = from[i]!
      while (old >= 0 && places[old]! > place) places[to--] = places[old--]!
      places[to--] = place
    }
  }
}

/** One field's map; where a list is long, a further index of its rules. */
interface Level {
  readonly field: number
  readonly wide: boolean
  readonly map: IntervalMap
  readonly further: readonly (Node | null)[]
}

interface Entry {
  readonly place: number
  readonly keys: readonly RuleKey[]
}

class Node {
  readonly levels: readonly Level[]
  /** Rules that no field finds. */
  readonly rest: Int32Array

  constructor(entries: readonly Entry[], without: number, family: Family, budget: Budget) {
    const byField: Entry[][] = Array.from({ length: FIELDS }, () => [])
    const rest: number[] = []
    // A rule that is too wide for the map of its best field goes to that of its next one. By place: fields that are out.
    const out = new Map<number, number>()
    let open = entries
    while (open.length > 0) {
      const changed = new Set<number>()
      for (const entry of open) {
        const best = bestKey(entry, without | (out.get(entry.place) ?? 0))
        if (best === null) rest.push(entry.place)
        else {
          byField[best.field]!.push(entry)
          changed.add(best.field)
        }
      }
      open = [...changed].flatMap((field) => {
        const list = byField[field]!
        const wide = tooWide(rangesOf(list, field), SPREAD)
        if (wide.size === 0) return []
        for (const place of wide) out.set(place, (out.get(place) ?? 0) | (1 << field))
        byField[field] = list.filter(({ place }) => !wide.has(place))
        return list.filter(({ place }) => wide.has(place))
      })
    }
    this.levels = byField.flatMap((list, field) =>
      list.length === 0 ? [] : [makeLevel(list, field, without, family, budget)],
    )
    this.rest = Int32Array.from(rest).sort()
  }

  /** True when it tells the rules apart at all. */
  get helps(): boolean {
    return this.levels.length > 0
  }

  /** `first`: the first word of each field of the packet. */
  find(passage: Passage, first: Int32Array, found: Candidates): void {
    const { levels } = this
    for (let i = 0; i < levels.length; i++) {
      const { field, wide, map, further } = levels[i]!
      const word = first[field]!
      const interval = wide
        ? map.find(
            word,
            fieldWord(field, passage, 1),
            fieldWord(field, passage, 2),
            fieldWord(field, passage, 3),
          )
        : map.find(word, 0, 0, 0)
      if (interval === NOWHERE) continue
      const node = further[interval]!
      if (node === null) found.add(map.items, map.starts[interval]!, map.starts[interval + 1]!)
      else {
        node.find(passage, first, found)
        found.add(node.rest, 0, node.rest.length)
      }
    }
  }
}

function bestKey({ keys }: Entry, without: number): RuleKey | null {
  let best: RuleKey | null = null
  for (const key of keys) {
    if ((without & (1 << key.field)) === 0 && (best === null || key.share < best.share)) best = key
  }
  return best
}

function rangesOf(entries: readonly Entry[], field: number): ItemRange[] {
  return entries.map(({ place, keys }) => {
    const { from, to } = keys.find((key) => key.field === field)!
    return { from, to, item: place }
  })
}

function makeLevel(
  entries: readonly Entry[],
  field: number,
  without: number,
  family: Family,
  budget: Budget,
): Level {
  const width = fieldWidth(field, family)
  const map = new IntervalMap(rangesOf(entries, field), width, budget.tables > 0)
  if (map.isTable) budget.tables--
  const byPlace = new Map(entries.map((entry) => [entry.place, entry]))
  const further: (Node | null)[] = []
  for (let interval = 0; interval < map.intervals; interval++) {
    const start = map.starts[interval]!
    const end = map.starts[interval + 1]!
    let node: Node | null = null
    if (end - start > SHORT && budget.left >= end - start) {
      budget.left -= end - start
      const list = [...map.items.subarray(start, end)].map((place) => byPlace.get(place)!)
      const made = new Node(list, without | (1 << field), family, budget)
      if (made.helps) node = made
    }
    further.push(node)
  }
  return { field, wide: width > 1, map, further }
}

/** The index is made anew after so many packets, or as many as there are rules, and once more after this times as many. */
const FIRST_LOOK = 1024
const SECOND_LOOK = 64
/** Packets that are looked at in between. */
const LOOKS = 2048

/** The index of one chain, from a place on. Guesses at first which keys are rare; then it has seen the traffic. */
export class RuleIndex {
  readonly #family: Family
  readonly #entries: readonly Entry[]
  readonly #sample = new FieldSample()
  /** Of the packet that is looked up: the first word of each field. */
  readonly #first = new Int32Array(FIELDS)
  #root: Node
  #asked = 0
  /** Packets until the index is made anew; 0: it stays. */
  #lookAt: number

  /** `first`: the place of the first rule that it has; those before are always asked. */
  constructor(rules: readonly CompiledRule[], first: number, family: Family, interfaces: Interfaces) {
    this.#family = family
    this.#entries = rules
      .slice(first)
      .map(({ rule }, index) => ({ place: first + index, keys: keysOf(rule, family, interfaces) }))
    this.#root = this.#build(this.#entries)
    this.#lookAt = Math.max(FIRST_LOOK, this.#entries.length)
  }

  #build(entries: readonly Entry[]): Node {
    return new Node(entries, 0, this.#family, { left: entries.length * BUDGET, tables: TABLES })
  }

  /** Rules that have to be asked about every packet: their places, ascending. */
  get always(): Int32Array {
    return this.#root.rest
  }

  /** The others that may take the packet, which `canBeLookedUp`. */
  find(passage: Passage, found: Candidates): void {
    if (this.#lookAt > 0) this.#look(passage)
    const first = this.#first
    firstWords(passage, first)
    found.count = 0
    this.#root.find(passage, first, found)
  }

  #look(passage: Passage): void {
    this.#asked++
    if (this.#asked % Math.ceil(this.#lookAt / LOOKS) === 0) this.#sample.add(passage)
    if (this.#asked < this.#lookAt) return
    this.#lookAt = this.#lookAt < FIRST_LOOK * SECOND_LOOK ? this.#lookAt * SECOND_LOOK : 0
    const shareOf = this.#sample.shares()
    this.#root = this.#build(
      this.#entries.map(({ place, keys }) => ({
        place,
        keys: keys.map((key) => ({ ...key, share: shareOf(key) })),
      })),
    )
  }
}
