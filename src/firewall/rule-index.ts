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
import { IntervalCut } from './interval-cut.ts'
import { IntervalMap, NOWHERE } from './interval-map.ts'
import { FIELDS, fieldWidth, fieldWord, firstWords, keysOf, type RuleKey } from './rule-key.ts'

/** Lists up to this length are asked one by one. */
const SHORT = 12
/** Places in lists for each rule, over all further maps: beyond that, lists stay long. */
const BUDGET = 16
/** Intervals for each rule of a map: beyond that, the widest rules are asked about every packet. */
const SPREAD = 32
/** Maps that have a table. */
const TABLES = 32

/** What all parts of an index share. */
interface Whole {
  readonly family: Family
  /** All rules of the chain that have a place in it, the one of the first of them. */
  readonly entries: readonly Entry[]
  readonly first: number
  // What is left of the room for it.
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

interface Entry {
  readonly place: number
  readonly keys: readonly RuleKey[]
}

class Node {
  readonly levels: readonly Level[]
  /** Rules that no field finds. */
  readonly rest: Int32Array

  constructor(entries: readonly Entry[], without: number, whole: Whole) {
    const byField = Array.from({ length: FIELDS }, (): RuleKey[] => [])
    const cuts = Array.from({ length: FIELDS }, (): IntervalCut | null => null)
    const rest: number[] = []
    // A rule that is too wide for the map of its best field goes to that of its next one. By place: fields that are out.
    const out = new Map<number, number>()
    let open = entries
    while (open.length > 0) {
      for (const entry of open) {
        const best = bestKey(entry, without | (out.get(entry.place) ?? 0))
        if (best === null) rest.push(entry.place)
        else {
          byField[best.field]!.push(best)
          cuts[best.field] = null
        }
      }
      const next: Entry[] = []
      for (let field = 0; field < FIELDS; field++) {
        const list = byField[field]!
        if (list.length === 0 || cuts[field] !== null) continue
        // Those that came from another field stand at the end.
        if (!list.every(({ item }, at) => at === 0 || list[at - 1]!.item < item))
          list.sort((a, b) => a.item - b.item)
        const cut = new IntervalCut(list, fieldWidth(field, whole.family))
        cuts[field] = cut
        if (cut.size <= SPREAD * list.length) continue
        const narrow = list.filter((_, range) => cut.intervalsOf(range) <= SPREAD)
        for (const [range, { item }] of list.entries()) {
          if (cut.intervalsOf(range) <= SPREAD) continue
          out.set(item, (out.get(item) ?? 0) | (1 << field))
          next.push(whole.entries[item - whole.first]!)
        }
        byField[field] = narrow
        cuts[field] = narrow.length === 0 ? null : new IntervalCut(narrow, cut.width)
      }
      open = next
    }
    this.levels = cuts.flatMap((cut, field) => (cut === null ? [] : [new Level(cut, field, without, whole)]))
    this.rest = Int32Array.from(rest).sort()
  }

  /** True when it tells the rules apart at all. */
  get helps(): boolean {
    return this.levels.length > 0
  }

  /** `first`: the first word of each field of the packet. */
  find(passage: Passage, first: Int32Array, found: Candidates): void {
    const { levels } = this
    for (let i = 0; i < levels.length; i++) levels[i]!.find(passage, first, found)
  }
}

/** One field's map; where a list is long and a packet comes to it, a further index of its rules. */
class Level {
  readonly #field: number
  readonly #isWide: boolean
  readonly #map: IntervalMap
  readonly #without: number
  readonly #whole: Whole
  /** By interval: null where there is none, undefined where no packet has come yet. */
  readonly #further: (Node | null | undefined)[]

  constructor(cut: IntervalCut, field: number, without: number, whole: Whole) {
    this.#map = new IntervalMap(cut, whole.tables > 0)
    if (this.#map.isTable) whole.tables--
    this.#field = field
    this.#isWide = cut.width > 1
    this.#without = without | (1 << field)
    this.#whole = whole
    const { starts, intervals } = this.#map
    this.#further = Array.from({ length: intervals }, (_, interval) =>
      starts[interval + 1]! - starts[interval]! > SHORT ? undefined : null,
    )
  }

  find(passage: Passage, first: Int32Array, found: Candidates): void {
    const field = this.#field
    const map = this.#map
    const word = first[field]!
    const interval = this.#isWide
      ? map.find(
          word,
          fieldWord(field, passage, 1),
          fieldWord(field, passage, 2),
          fieldWord(field, passage, 3),
        )
      : map.find(word, 0, 0, 0)
    if (interval === NOWHERE) return
    const further = this.#further[interval]
    const node = further === undefined ? this.#look(interval) : further
    if (node === null) found.add(map.items, map.starts[interval]!, map.starts[interval + 1]!)
    else {
      node.find(passage, first, found)
      found.add(node.rest, 0, node.rest.length)
    }
  }

  #look(interval: number): Node | null {
    const { items, starts } = this.#map
    const whole = this.#whole
    const places = items.subarray(starts[interval]!, starts[interval + 1]!)
    let node: Node | null = null
    if (whole.left >= places.length) {
      whole.left -= places.length
      const entries = Array.from(places, (place) => whole.entries[place - whole.first]!)
      const made = new Node(entries, this.#without, whole)
      if (made.helps) node = made
    }
    this.#further[interval] = node
    return node
  }
}

function bestKey({ keys }: Entry, without: number): RuleKey | null {
  let best: RuleKey | null = null
  for (const key of keys) {
    if ((without & (1 << key.field)) === 0 && (best === null || key.share < best.share)) best = key
  }
  return best
}

/** The index is made anew after so many packets, or as many as there are rules, and once more after this times as many. */
const FIRST_LOOK = 1024
const SECOND_LOOK = 64
/** Packets that are looked at in between. */
const LOOKS = 2048

/**
 * The index of one chain, from a place on. It is made when the first packet comes: most chains of a large ruleset see none.
 * Guesses at first which keys are rare; then it has seen the traffic.
 */
export class RuleIndex {
  readonly #family: Family
  readonly #interfaces: Interfaces
  readonly #rules: readonly CompiledRule[]
  /** Place of the first rule that it has. */
  readonly #first: number
  readonly #sample = new FieldSample()
  /** Of the packet that is looked up: the first word of each field. */
  readonly #words = new Int32Array(FIELDS)
  #entries: readonly Entry[] = []
  #root: Node | null = null
  #asked = 0
  /** Packets until the index is made anew; 0: it stays. */
  #lookAt: number

  /** `first`: the place of the first rule that it has; those before are always asked. */
  constructor(rules: readonly CompiledRule[], first: number, family: Family, interfaces: Interfaces) {
    this.#family = family
    this.#interfaces = interfaces
    this.#rules = rules
    this.#first = first
    this.#lookAt = Math.max(FIRST_LOOK, rules.length - first)
  }

  #begin(): Node {
    const first = this.#first
    this.#entries = this.#rules.slice(first).map(({ rule }, index) => {
      const place = first + index
      return { place, keys: keysOf(rule, place, this.#family, this.#interfaces) }
    })
    this.#root = this.#build(this.#entries)
    return this.#root
  }

  #build(entries: readonly Entry[]): Node {
    const { length } = entries
    const whole = { family: this.#family, entries, first: this.#first, left: length * BUDGET, tables: TABLES }
    return new Node(entries, 0, whole)
  }

  /**
   * The rules that may take the packet, which `canBeLookedUp`, but for those that have to be asked about every packet; those
   * are the answer: their places, ascending.
   */
  find(passage: Passage, found: Candidates): Int32Array {
    let root = this.#root ?? this.#begin()
    if (this.#lookAt > 0) root = this.#look(passage, root)
    const words = this.#words
    firstWords(passage, words)
    found.count = 0
    root.find(passage, words, found)
    return root.rest
  }

  #look(passage: Passage, root: Node): Node {
    this.#asked++
    if (this.#asked % Math.ceil(this.#lookAt / LOOKS) === 0) this.#sample.add(passage)
    if (this.#asked < this.#lookAt) return root
    this.#lookAt = this.#lookAt < FIRST_LOOK * SECOND_LOOK ? this.#lookAt * SECOND_LOOK : 0
    const shareOf = this.#sample.shares()
    this.#root = this.#build(
      this.#entries.map(({ place, keys }) => ({
        place,
        keys: keys.map((key) => ({ ...key, share: shareOf(key) })),
      })),
    )
    return this.#root
  }
}
