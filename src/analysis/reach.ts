/**
 * Which rules of a table packets can come to, and which can never match: what earlier rules surely take of a packet never
 * comes to the later ones, in user chains neither. A rule with a condition that is open (a rate, a list that changes) takes
 * nothing surely. Each answer is exact, or it is `undecided`.
 *
 * Values are those that a packet has when it begins to walk the table. Behind a target that changes a field nothing is known
 * of it, so conditions on it count as open.
 */
import type { Table } from '../ruleset/model.ts'
import { type Hook, hooks } from '../ruleset/tables.ts'
import { type Box, boxesOverlap, everything, isInside, meet, minus, shareOf } from './box.ts'
import { BoxIndex, type Placed } from './box-index.ts'
import { type ChainNode, type RuleNode, TableNode } from './chain-node.ts'
import { Budget, type Cover, cover, type Taken } from './cover.ts'
import { type Intervals, one } from './intervals.ts'
import { FIELD_IN, FIELD_OUT, FIELD_STATE, NEW, RELATED, type Space, statesWith } from './space.ts'

/** Who takes packets away: a rule, or one of the chain that it leads to. */
export interface Taker {
  readonly rule: RuleNode
  /** In the chain that `rule` leads to: whose target it is; null where that is `rule`'s own. */
  readonly inner: RuleNode | null
}

export type Fate =
  | { readonly kind: 'lives' }
  /** Its own conditions leave nothing; the last one that did is named. */
  | { readonly kind: 'contradicts'; readonly condition: string }
  /** Nothing that comes to its chain is what it asks for. */
  | { readonly kind: 'elsewhere' }
  /** No packet comes to its chain. */
  | { readonly kind: 'unreached' }
  /** Others take all that it could. */
  | { readonly kind: 'taken'; readonly by: readonly Taker[] }
  | { readonly kind: 'undecided' }

/** Comparisons of boxes for one rule, and for a whole table. */
const FOR_A_RULE = 20_000
const FOR_A_TABLE = 20_000_000
/** Packets of a box that are tried first: of most boxes that live, one of them does. */
const POINTS = 4
/** Ways into a chain that are looked at one by one. */
const MOST_WAYS = 48
/** Calls within calls of which the rules ahead of each are looked at. */
const DEEPEST = 16
/** Boxes that a chain is known to end with, and copies of them in the chains that lead to it. */
const MOST_ENDS = 20_000
const MOST_COPIES = 200_000
/** Boxes that are cut by RETURNs in front of them. */
const MOST_PIECES = 64
/** Takers of one finding that are tried one by one whether they are needed. */
const MOST_TRIED = 12

/** How packets come into a chain. */
interface Entry {
  readonly box: Box
  /** Where they were before: rules of that chain in front of the place have left them. */
  readonly stations: readonly Station[]
  /** All of the box comes, as far as conditions that are open let it. */
  readonly isExact: boolean
}

interface Station {
  readonly chain: ChainNode
  readonly before: number
}

/** What a chain takes for good: the packets do not come back to where it was called. */
interface Ends {
  readonly boxes: readonly Taken<RuleNode>[]
  /** There is more. */
  readonly isCut: boolean
}

const lives: Fate = { kind: 'lives' }
const undecided: Fate = { kind: 'undecided' }
const unreached: Fate = { kind: 'unreached' }

export class TableReach {
  readonly node: TableNode
  readonly fates: ReadonlyMap<RuleNode, Fate>
  readonly #space: Space
  readonly #budget = new Budget(FOR_A_TABLE)
  readonly #ends = new Map<ChainNode, Ends>()
  readonly #indexes = new Map<ChainNode, BoxIndex<Taker>>()
  /** By chain: boxes of which a rule may take more than is in the index. */
  readonly #cut = new Map<ChainNode, Placed<RuleNode>[]>()
  readonly #entries = new Map<ChainNode, Entry[]>()
  #copies = 0

  constructor(table: Table, space: Space) {
    this.#space = space
    this.node = new TableNode(table, space)
    for (const chain of [...this.node.order].reverse()) this.#takeAway(chain)
    const fates = new Map<RuleNode, Fate>()
    for (const chain of this.node.order) {
      if (chain.isBuiltIn) this.#entries.set(chain, [entranceOf(chain, table, space)])
      for (const rule of chain.rules) {
        const fate = this.#fateOf(rule)
        fates.set(rule, fate)
        if (fate.kind !== 'lives' && fate.kind !== 'undecided') this.#indexes.get(chain)!.remove(rule.index)
      }
    }
    this.fates = fates
  }

  /** Some packet may come to the chain. */
  isEntered(chain: ChainNode): boolean {
    return (this.#entries.get(chain)?.length ?? 0) > 0
  }

  /** What comes into the chain, at most. */
  entriesOf(chain: ChainNode): readonly Box[] {
    return (this.#entries.get(chain) ?? []).map(({ box }) => box)
  }

  /** What of a box, as it comes into a built-in chain, may meet a rule: boxes of which each is not held by earlier rules. */
  reaching(rule: RuleNode, builtIn: ChainNode, box: Box): Box[] {
    const pieces: Box[] = []
    for (const { box: way, stations } of this.#entries.get(rule.chain) ?? []) {
      if ((stations[0]?.chain ?? rule.chain) !== builtIn) continue
      const asked = meet(way, box)
      if (asked === null) continue
      for (const taken of rule.boxes) {
        const piece = meet(asked, taken)
        if (piece === null) continue
        if (this.#coverOf(piece, rule.index, rule.chain, stations)?.covered !== true) pieces.push(piece)
      }
    }
    return pieces
  }

  /** Some of the box may come to the policy of a built-in chain. */
  reachesPolicy(builtIn: ChainNode, box: Box): boolean {
    const piece = meet(this.#entries.get(builtIn)![0]!.box, box)
    return piece !== null && this.#coverOf(piece, builtIn.rules.length, builtIn, [])?.covered !== true
  }

  /** What the rules of a chain take from the later ones, and from those behind the chain. */
  #takeAway(chain: ChainNode): void {
    const { sizes } = this.#space
    const placed: Placed<Taker>[] = []
    const cut: Placed<RuleNode>[] = []
    const ends: Taken<RuleNode>[] = []
    const returns: Box[] = []
    let isCut = false
    const end = (box: Box, by: RuleNode) => {
      const pieces = cutBy(box, returns, sizes, this.#budget)
      if (pieces === null || ends.length + pieces.length > MOST_ENDS) isCut = true
      else for (const piece of pieces) ends.push({ box: piece, by })
    }
    for (const rule of chain.rules) {
      const { effect, index: order, target } = rule
      if (effect.kind === 'verdict' || effect.kind === 'return') {
        const by: Taker = { rule, inner: null }
        for (const box of rule.sure) placed.push({ box, by, order })
        if (effect.kind === 'verdict') for (const box of rule.sure) end(box, rule)
        else returns.push(...rule.boxes)
      } else if (target !== null) {
        const inner = this.#ends.get(target)
        if (effect.kind === 'goto') {
          for (const box of rule.sure) placed.push({ box, by: { rule, inner: null }, order })
          if (!isTotal(inner)) returns.push(...rule.boxes)
        }
        if (inner === undefined) continue
        if (inner.isCut) {
          isCut = true
          for (const box of rule.boxes) cut.push({ box, by: rule, order })
        }
        this.#copies += inner.boxes.length * rule.sure.length
        if (this.#copies > MOST_COPIES && inner.boxes.length > 1) {
          isCut = true
          for (const box of rule.boxes) cut.push({ box, by: rule, order })
          continue
        }
        for (const box of rule.sure) {
          for (const taken of inner.boxes) {
            const both = meet(box, taken.box)
            if (both === null) continue
            if (effect.kind === 'jump') placed.push({ box: both, by: { rule, inner: taken.by }, order })
            end(both, rule)
          }
        }
      }
    }
    this.#indexes.set(chain, new BoxIndex(placed, sizes))
    if (cut.length > 0) this.#cut.set(chain, cut)
    const all = isCut || chain.isBuiltIn ? null : this.#coversAll(ends)
    this.#ends.set(
      chain,
      all === null ? { boxes: ends, isCut } : { boxes: [{ box: everything, by: all }], isCut: false },
    )
  }

  /** Whose box ends what no other has ended, if all of them together end everything. */
  #coversAll(ends: readonly Taken<RuleNode>[]): RuleNode | null {
    const { sizes } = this.#space
    const share = ends.reduce((sum, { box }) => sum + shareOf(everything, box, sizes), 0)
    if (share < 0.999) return null
    const result = cover(everything, ends, sizes, new Budget(FOR_A_RULE))
    return result?.covered === true ? ends[ends.length - 1]!.by : null
  }

  #fateOf(rule: RuleNode): Fate {
    const { contradiction } = rule.conditions
    if (contradiction !== null) return { kind: 'contradicts', condition: contradiction }
    const entries = this.#entries.get(rule.chain) ?? []
    if (entries.length === 0) return unreached
    const by = new Set<Taker>()
    let meets = false
    let isOpen = false
    let isAlive = false
    for (const entry of entries) {
      for (const box of rule.boxes) {
        const piece = meet(entry.box, box)
        if (piece === null) continue
        meets = true
        // Only a rule that leads on has to know all of its ways.
        if (isAlive && rule.target === null) return lives
        const result = this.#coverOf(piece, rule.index, rule.chain, entry.stations)
        if (result?.covered === true) {
          for (const taker of result.by) by.add(taker)
          continue
        }
        const isCertain =
          result !== null && entry.isExact && !this.#isCut(piece, rule.index, rule.chain, entry.stations)
        if (isCertain) isAlive = true
        else isOpen = true
        if (rule.target !== null) this.#enter(rule.target, piece, entry, rule, isCertain)
      }
    }
    if (isAlive) return lives
    if (isOpen) return undecided
    if (!meets) return { kind: 'elsewhere' }
    return { kind: 'taken', by: [...this.#needed(rule, [...by])].sort(byPlace) }
  }

  #enter(
    target: ChainNode,
    box: Box,
    { stations }: Entry,
    { chain, index }: RuleNode,
    isExact: boolean,
  ): void {
    const entries = this.#entries.get(target) ?? []
    if (entries.length === 0) this.#entries.set(target, entries)
    if (entries.length > MOST_WAYS) return
    if (entries.length === MOST_WAYS) {
      entries.push({ box: everything, stations: [], isExact: false })
      return
    }
    const isDeep = stations.length >= DEEPEST
    entries.push({
      box,
      stations: isDeep ? [] : [...stations, { chain, before: index }],
      isExact: isExact && !isDeep,
    })
  }

  #stationsOf(before: number, chain: ChainNode, stations: readonly Station[]): Station[] {
    return [...stations, { chain, before }]
  }

  #coverOf(box: Box, before: number, chain: ChainNode, stations: readonly Station[]): Cover<Taker> {
    const { sizes } = this.#space
    const at = this.#stationsOf(before, chain, stations)
    for (const station of at) {
      const whole = this.#indexes.get(station.chain)!.largeAround(box, station.before)
      if (whole !== null) return { covered: true, by: [whole.by] }
    }
    const point = this.#pointOutside(box, at)
    if (point !== null) return { covered: false, hole: point }
    const found: Taken<Taker>[] = []
    let share = 0
    for (const station of at) share += this.#indexes.get(station.chain)!.near(box, station.before, found)
    this.#budget.left -= found.length
    const whole = found.find((taken) => isInside(box, taken.box))
    if (whole !== undefined) return { covered: true, by: [whole.by] }
    for (const taken of found) share += shareOf(box, taken.box, sizes)
    if (share < 0.999) return { covered: false, hole: box }
    if (this.#budget.left < 0) return null
    for (const station of at) this.#indexes.get(station.chain)!.others(box, station.before, found)
    const own = new Budget(Math.min(FOR_A_RULE, this.#budget.left))
    const given = own.left
    const result = cover(box, found, sizes, own)
    this.#budget.left -= given - Math.max(0, own.left)
    return result
  }

  /** A packet of the box that no rule in front takes, by trying some; null if all that were tried are taken. */
  #pointOutside(box: Box, at: readonly Station[]): Box | null {
    const found: Taken<Taker>[] = []
    for (let i = 0; i < POINTS; i++) {
      const point = pointIn(box, i, this.#space)
      let others = 0
      for (const { chain, before } of at) others += this.#indexes.get(chain)!.near(point, before, found)
      if (others === 0 && found.length === 0) return point
      found.length = 0
    }
    return null
  }

  /** Rules in front may take more of it than was noted. */
  #isCut(box: Box, before: number, chain: ChainNode, stations: readonly Station[]): boolean {
    return this.#stationsOf(before, chain, stations).some((station) =>
      this.#cut.get(station.chain)?.some((cut) => cut.order < station.before && boxesOverlap(cut.box, box)),
    )
  }

  /** The takers without those that the others make up for, where they are few. */
  #needed(rule: RuleNode, takers: readonly Taker[]): readonly Taker[] {
    if (takers.length < 2 || takers.length > MOST_TRIED) return takers
    let left = takers
    for (const taker of [...takers].reverse()) {
      const others = left.filter((one) => one !== taker)
      if (others.length > 0 && this.#isTakenBy(rule, new Set(others))) left = others
    }
    return left
  }

  #isTakenBy(rule: RuleNode, takers: ReadonlySet<Taker>): boolean {
    const { sizes } = this.#space
    for (const entry of this.#entries.get(rule.chain)!) {
      const at = this.#stationsOf(rule.index, rule.chain, entry.stations)
      for (const box of rule.boxes) {
        const piece = meet(entry.box, box)
        if (piece === null) continue
        const found: Taken<Taker>[] = []
        for (const { chain, before } of at) {
          const index = this.#indexes.get(chain)!
          index.near(piece, before, found)
          index.others(piece, before, found)
        }
        const named = found.filter(({ by }) => takers.has(by))
        if (cover(piece, named, sizes, new Budget(FOR_A_RULE))?.covered !== true) return false
      }
    }
    return true
  }
}

/** In the order of the file. */
function byPlace(a: Taker, b: Taker): number {
  return a.rule.rule.place.line - b.rule.rule.place.line || a.rule.index - b.rule.index
}

/** One of the packets of a box, as good as at random; answers of matches stay open. */
function pointIn(box: Box, seed: number, space: Space): Box {
  let state = seed + 1
  const sides: { field: number; set: Intervals }[] = []
  let next = 0
  for (let field = 0; field < space.fields; field++) {
    const side = box[next]?.field === field ? box[next++]! : null
    if (side === null && !space.isPlain(field)) continue
    const set = side?.set ?? [0, space.sizes[field]!]
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const part = 2 * Math.floor((state / 2 ** 32) * (set.length / 2))
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const value = set[part]! + Math.floor((state / 2 ** 32) * (set[part + 1]! - set[part]!))
    sides.push({ field, set: one(value) })
  }
  return sides
}

function isTotal(ends: Ends | undefined): boolean {
  return ends?.boxes.length === 1 && ends.boxes[0]!.box.length === 0
}

/** What is left of a box behind others, or null where that is too many pieces. */
function cutBy(
  box: Box,
  others: readonly Box[],
  sizes: readonly number[],
  budget: Budget,
): readonly Box[] | null {
  let pieces: Box[] = [box]
  budget.left -= others.length
  if (budget.left < 0 && others.length > 0) return null
  for (const other of others) {
    if (!boxesOverlap(box, other)) continue
    pieces = pieces.flatMap((piece) => (boxesOverlap(piece, other) ? minus(piece, other, sizes) : [piece]))
    if (pieces.length > MOST_PIECES) return null
  }
  return pieces
}

/** What comes to a built-in chain. */
function entranceOf(chain: ChainNode, table: Table, space: Space): Entry {
  return { box: hookBox(chain.name as Hook, table.name, space), stations: [], isExact: true }
}

/** What packets of a hook have in common, in a table. */
export function hookBox(hook: Hook, table: string, space: Space): Box {
  const position = hooks.indexOf(hook)
  const noInterface = space.noInterface
  const sides = [
    ...(hook === 'OUTPUT' ? [{ field: FIELD_IN, set: noInterface }] : []),
    ...(position <= hooks.indexOf('INPUT') ? [{ field: FIELD_OUT, set: noInterface }] : []),
    // Only the first packet of a connection is shown to table nat, and no error about one.
    ...(table === 'nat' ? [{ field: FIELD_STATE, set: statesWith(NEW | RELATED) }] : []),
  ]
  return sides
}
