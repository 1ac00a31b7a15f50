/** The way of sets of packets through the tables of one machine: who decides on which of them. */
import type { Rule, Ruleset } from '../../ruleset/model.ts'
import { type Hook, isTable, type TableName } from '../../ruleset/tables.ts'
import type { NatPorts, NatRange } from '../../target/nat-range.ts'
import { type Box, isInside, meet, minus, sideOf } from '../box.ts'
import { type ChainNode, type RuleNode, TableNode } from '../chain-node.ts'
import { between, complement } from '../intervals.ts'
import {
  CHANGES_MARK,
  CHANGES_STATE,
  FIELD_STATE,
  type Space,
  states,
  statesWith,
  UNTRACKED,
} from '../space.ts'
import { type Moved, type Piece, type Station, taken } from './piece.ts'
import { untrackedByNature } from './possible.ts'

/** Which hooks a packet meets: to the host, through it, or from it. */
export type WayName = 'INPUT' | 'FORWARD' | 'OUTPUT'

/** The tables that stand in each way, in Linux's order; of table nat only what decides about the destination. */
const stops: Readonly<Record<WayName, readonly (readonly [hook: Hook, table: TableName])[]>> = {
  INPUT: [
    ['PREROUTING', 'raw'],
    ['PREROUTING', 'mangle'],
    ['PREROUTING', 'nat'],
    ['INPUT', 'mangle'],
    ['INPUT', 'filter'],
    ['INPUT', 'security'],
  ],
  FORWARD: [
    ['PREROUTING', 'raw'],
    ['PREROUTING', 'mangle'],
    ['PREROUTING', 'nat'],
    ['FORWARD', 'mangle'],
    ['FORWARD', 'filter'],
    ['FORWARD', 'security'],
    ['POSTROUTING', 'mangle'],
  ],
  OUTPUT: [
    ['OUTPUT', 'raw'],
    ['OUTPUT', 'mangle'],
    ['OUTPUT', 'nat'],
    ['OUTPUT', 'filter'],
    ['OUTPUT', 'security'],
    ['POSTROUTING', 'mangle'],
  ],
}

/** How a packet's way ends. */
export type Verdict = 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE'

/** What becomes of some packets. */
export interface Outcome {
  /** As they were when they came. */
  readonly box: Box
  readonly verdict: Verdict
  /** Null: no table stands in the way. */
  readonly decision: Decision | null
  /** Rules on which it depends whether they took the packet. */
  readonly open: readonly RuleNode[]
}

export interface Decision {
  readonly table: TableName
  readonly chain: ChainNode
  /** Null: the policy. */
  readonly rule: RuleNode | null
}

/** Thrown where there are too many cases to be told apart. */
export class TooManyCases extends Error {
  /** By which it is told from other errors. */
  override readonly name = 'TooManyCases'
}

/** Steps of one walk: a rule asked about a set of packets. */
const STEPS = 3_000_000
const MOST_PIECES = 10_000
const DEEPEST = 400
/** So many pieces are compared with each other, to leave out those that others hold. */
const COMPARED = 48

export class QueryWalk {
  readonly space: Space
  /** No time is left. */
  readonly isOver: () => boolean
  readonly #tables = new Map<TableName, TableNode>()
  #steps = 0

  constructor(ruleset: Ruleset, space: Space, isOver: () => boolean) {
    this.space = space
    this.isOver = isOver
    for (const table of ruleset.tables)
      if (isTable(table.name)) this.#tables.set(table.name, new TableNode(table, space))
  }

  /** `box` is of one state. @throws TooManyCases */
  run(way: WayName, box: Box, asksNat: boolean): Outcome[] {
    this.#steps = 0
    const outcomes: Outcome[] = []
    let here: readonly Placed[] = [
      { piece: { box, mark: 0, untracked: false, moved: null, open: [] }, decision: null },
    ]
    for (const [hook, table] of stops[way]) {
      const chain = this.#tables.get(table)?.chains.get(hook)
      if (chain !== undefined && (table !== 'nat' || asksNat)) {
        const station: Station = {
          space: this.space,
          isRaw: table === 'raw',
          hasIn: way !== 'OUTPUT',
          hasOut: hook !== 'PREROUTING' && way !== 'INPUT',
        }
        here = this.#table(table, chain, here, station, way, outcomes)
      }
      if (table === 'raw') here = here.flatMap((placed) => this.#tracked(placed))
    }
    outcomes.push(
      ...here.map(
        ({ piece, decision }): Outcome => ({ box: piece.box, verdict: 'ACCEPT', decision, open: piece.open }),
      ),
    )
    return outcomes
  }

  /** What was exempted from tracking is UNTRACKED, and nothing else is. */
  #tracked({ piece, decision }: Placed): Placed[] {
    if (piece.untracked === null) return [{ piece, decision }]
    const untracked = statesWith(UNTRACKED)
    const natural = untrackedByNature(this.space)
    if (!piece.untracked && natural !== null && sideOf(piece.box, FIELD_STATE)?.[0] === untracked[0]) {
      const box = meet(piece.box, natural)
      return box === null ? [] : [{ piece: { ...piece, box }, decision }]
    }
    const set = piece.untracked ? untracked : complement(untracked, states.length)
    const box = meet(piece.box, [{ field: FIELD_STATE, set }])
    return box === null ? [] : [{ piece: { ...piece, box }, decision }]
  }

  #table(
    table: TableName,
    chain: ChainNode,
    here: readonly Placed[],
    station: Station,
    way: WayName,
    outcomes: Outcome[],
  ): Placed[] {
    const next: Placed[] = []
    const walk = new TableWalk(station, way, this.isOver, (piece, verdict, rule) => {
      const decision: Decision = { table, chain: rule?.chain ?? chain, rule }
      if (verdict !== 'ACCEPT') outcomes.push({ box: piece.box, verdict, decision, open: piece.open })
      else next.push({ piece, decision: table === 'filter' ? decision : null })
      if (next.length + outcomes.length > MOST_PIECES) throw new TooManyCases()
    })
    walk.steps = this.#steps
    const before = new Map<Decision | null, Piece[]>()
    for (const { piece, decision } of here) {
      const list = before.get(decision)
      if (list === undefined) before.set(decision, [piece])
      else list.push(piece)
    }
    for (const [decision, pieces] of before) {
      const first = next.length
      const rest = walk.chain(chain, pieces, 0)
      for (const piece of rest) walk.end(piece, chain.chain.policy ?? 'ACCEPT', null)
      // Who accepted it in table filter stays the one who decided.
      for (let i = first; i < next.length; i++)
        if (next[i]!.decision === null) next[i] = { ...next[i]!, decision }
    }
    this.#steps = walk.steps
    return next
  }
}

interface Placed {
  readonly piece: Piece
  readonly decision: Decision | null
}

type End = (piece: Piece, verdict: Verdict, rule: RuleNode | null) => void

/** One table in one hook. */
class TableWalk {
  readonly end: End
  steps = 0
  readonly #station: Station
  readonly #way: WayName
  readonly #isOver: () => boolean

  constructor(station: Station, way: WayName, isOver: () => boolean, end: End) {
    this.#station = station
    this.#way = way
    this.#isOver = isOver
    this.end = end
  }

  /** What comes to the end of the chain, or returns. */
  chain(chain: ChainNode, pieces: readonly Piece[], depth: number): readonly Piece[] {
    if (depth > DEEPEST) throw new TooManyCases()
    const returned: Piece[] = []
    let here: readonly Piece[] = pieces
    for (const rule of chain.rules) {
      if (here.length === 0) break
      if (isIdle(rule)) continue
      here = this.#rule(rule, here, returned, depth)
    }
    return joined([...here, ...returned])
  }

  #rule(rule: RuleNode, here: readonly Piece[], returned: Piece[], depth: number): readonly Piece[] {
    this.steps += here.length * Math.max(1, rule.conditions.boxes.length)
    if (this.steps > STEPS || here.length > MOST_PIECES || this.#isOver()) throw new TooManyCases()
    const passing: Piece[] = []
    const met: Piece[] = []
    for (const piece of here) {
      let rest: Box[] = [piece.box]
      let isOpen = false
      for (const box of rule.conditions.boxes) {
        const part = taken(piece, box, this.#station)
        if (part === null) continue
        const open = part.isOpen || rule.conditions.open.length > 0
        met.push({ ...piece, box: part.box, open: open ? withOpen(piece.open, rule) : piece.open })
        if (open) isOpen = true
        else rest = rest.flatMap((left) => minus(left, part.box, this.#station.space.sizes))
      }
      // Where it is open whether the rule took them, all may go on.
      for (const box of rest)
        passing.push({ ...piece, box, open: isOpen ? withOpen(piece.open, rule) : piece.open })
    }
    if (met.length === 0) return here
    const { effect, target } = rule
    switch (effect.kind) {
      case 'verdict':
        for (const piece of met) this.#verdict(piece, effect.verdict, rule)
        return passing
      case 'return':
        returned.push(...met)
        return passing
      case 'jump':
        return joined([...passing, ...(target === null ? met : this.chain(target, joined(met), depth + 1))])
      case 'goto':
        returned.push(...(target === null ? [] : this.chain(target, joined(met), depth + 1)))
        return passing
      default:
        return joined([...passing, ...met.map((piece) => changed(piece, rule))])
    }
  }

  #verdict(piece: Piece, verdict: Verdict, rule: RuleNode): void {
    const moved = destinationOf(rule.rule, this.#station.space)
    if (moved === null) this.end(piece, verdict, rule)
    // Redirected, it does not go on to another machine.
    else if (moved !== REDIRECTED) this.end({ ...piece, moved }, verdict, rule)
    else if (this.#way !== 'FORWARD') this.end({ ...piece, moved: redirected(rule.rule) }, verdict, rule)
  }
}

/** It changes nothing that is looked at. */
function isIdle({ effect, conditions }: RuleNode): boolean {
  return (
    effect.kind === 'continue' &&
    ((effect.changes | conditions.changes) & (CHANGES_MARK | CHANGES_STATE)) === 0 &&
    !effect.mayEnd
  )
}

function withOpen(open: readonly RuleNode[], rule: RuleNode): readonly RuleNode[] {
  return open.includes(rule) ? open : [...open, rule]
}

/** The piece behind a target that goes on. */
function changed(piece: Piece, { rule, effect, conditions }: RuleNode): Piece {
  const { target } = rule
  if (target?.kind !== 'extension') return piece
  if (target.name === 'MARK' && conditions.changes === 0) {
    const { value, mask } = target.options['xmark']!.value as { value: number; mask: number }
    return { ...piece, mark: piece.mark === null ? null : ((piece.mark & ~mask) ^ value) >>> 0 }
  }
  if (target.name === 'NOTRACK' || (target.name === 'CT' && target.options['notrack'] !== undefined))
    return { ...piece, untracked: true }
  if (effect.kind === 'continue' && (effect.changes & CHANGES_MARK) !== 0) return { ...piece, mark: null }
  return piece
}

/** Without those that others hold. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length < 2 || pieces.length > COMPARED) return pieces
  return pieces.filter(
    (piece, i) =>
      !pieces.some(
        (other, j) =>
          i !== j &&
          isAlike(piece, other) &&
          isInside(piece.box, other.box) &&
          // Of two that are the same the first one stays.
          (j < i || !isInside(other.box, piece.box)),
      ),
  )
}

function isAlike(a: Piece, b: Piece): boolean {
  // A piece that is open stands for more than one that is not.
  return (
    a.mark === b.mark &&
    a.untracked === b.untracked &&
    a.moved === b.moved &&
    a.open.every((rule) => b.open.includes(rule))
  )
}

const REDIRECTED = 'redirected'

/** The destination that a target of table nat gives; null: none. */
function destinationOf({ target }: Rule, space: Space): Moved | typeof REDIRECTED | null {
  if (target?.kind !== 'extension') return null
  if (target.name === 'REDIRECT') return REDIRECTED
  if (target.name === 'NETMAP') return { destination: null, port: 'same' }
  if (target.name !== 'DNAT') return null
  const { addresses, ports } = target.options['to']!.value as NatRange
  return {
    destination: addresses === null ? 'same' : space.addressRange(addresses.from, addresses.to),
    port: portOf(ports),
  }
}

function portOf(ports: NatPorts | null): Moved['port'] {
  if (ports === null) return 'same'
  return ports.base === 0 ? between(ports.from, ports.to) : null
}

/** To an address of this host that is not known. */
function redirected({ target }: Rule): Moved {
  const ports =
    target?.kind === 'extension' ? (target.options['ports']?.value as NatPorts | undefined) : undefined
  return { destination: null, port: portOf(ports ?? null) }
}
