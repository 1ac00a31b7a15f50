/** What becomes of the packets of a description, with a packet for each answer. */
import type { Filter } from '../../filter/filter.ts'
import { Sets } from '../../ipset/sets.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import { printRule } from '../../ruleset/printer.ts'
import type { NatRange } from '../../target/nat-range.ts'
import { type Box, boxesOverlap, isInside, meet, minus } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { complement, one } from '../intervals.ts'
import {
  ESTABLISHED,
  FIELD_FRAGMENT,
  FIELD_IN,
  FIELD_OUT,
  FIELD_STATE,
  INVALID,
  NEW,
  RELATED,
  Space,
  states,
  UNTRACKED,
  wide,
} from '../space.ts'
import { possibleOf } from './possible.ts'
import { cutsOf, questionOf } from './question.ts'
import { cutsOfSets } from './set-members.ts'
import { type Decision, type Outcome, QueryWalk, TooManyCases, type Verdict, type WayName } from './walk.ts'
import { type Witness, WitnessMaker } from './witness.ts'

/** A rule by its place. */
export interface RuleReference {
  /** `filter`, `nat`, `mangle`, `raw`, `security`. */
  readonly table: string
  /** The chain that it stands in. */
  readonly chain: string
  /** From 1; null: the policy. */
  readonly number: number | null
  /** As it was named when the rules were read; null: a policy that the file does not state. */
  readonly file: string | null
  /** From 1; null likewise. */
  readonly line: number | null
  /** As iptables-save prints it, without `-A CHAIN`; of a policy its name. */
  readonly text: string
}

/** A rule of which nobody can say beforehand whether it takes a packet. */
export interface OpenRule extends RuleReference {
  /** The matches that leave it open: `limit`, `recent`, `set`. */
  readonly matches: readonly string[]
}

/** What becomes of some of the packets. */
export interface QueryAnswer {
  /** Which hooks they meet: to this host, through it, from it. */
  readonly way: WayName
  /** NEW, ESTABLISHED, RELATED, INVALID or UNTRACKED. */
  readonly ctstate: string
  /** What becomes of them; null: undecided, the rules cut them into more kinds than the budget suffices for. */
  readonly verdict: Verdict | null
  /** False: it may be, and it may be something else; `dependsOn` says on which rules. */
  readonly certain: boolean
  /** Null: no table stands in the way, or it is undecided. */
  readonly decidedBy: RuleReference | null
  /** Where it is not certain: on these rules. */
  readonly dependsOn: readonly OpenRule[]
  /** A packet of them that the engine gives the same verdict by the same rule; null: none was found. */
  readonly witness: Witness | null
  /** Why there is no witness, in words; null where there is one. */
  readonly whyNone: string | null
}

/** What the rules go by beside themselves. */
export interface QueryOptions {
  /** The IP sets that they name, made anew at each call; none unless given. */
  readonly sets?: () => Sets
  /**
   * Asked again and again: the share of the time that is spent, from 0 on. From one half on nothing more is decided, from 1 on no
   * more examples are looked for. Without it only the number of steps is bounded, which may take a minute.
   */
  readonly spent?: () => number
}

/** Shares of the time. */
const DECIDED_BY = 0.5
const SHOWN_BY = 1
/** Of outcomes of one way and state: comparisons with each other, and what they are cut into. */
const MOST_COMPARED = 3_000_000
const MOST_CUT = 20_000

const ways: readonly WayName[] = ['INPUT', 'FORWARD', 'OUTPUT']
const stateNames: readonly (readonly [number, string])[] = [
  [NEW, 'NEW'],
  [ESTABLISHED, 'ESTABLISHED'],
  [RELATED, 'RELATED'],
  [INVALID, 'INVALID'],
  [UNTRACKED, 'UNTRACKED'],
]

/**
 * Which packets of a description are accepted and which are not, by way (INPUT, FORWARD, OUTPUT) and state. Asked are whole
 * packets of connections that are not translated so far.
 *
 * ```ts
 * import { parseFilter, parseRuleset, queryRuleset } from 'sallyport'
 *
 * const text = '*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n'
 * const { ruleset } = parseRuleset(text, { family: 'ipv4' })
 * const question = parseFilter('in eth0 and tcp dst port 22 and ctstate NEW')
 * if ('filter' in question)
 *   for (const { way, verdict, witness } of queryRuleset(ruleset, question.filter)) console.log(way, verdict, witness?.packet)
 * ```
 *
 * @throws NoQuestion where the selection has words about captures and connections
 * @throws TypeError for a ruleset whose text had mistakes
 */
export function queryRuleset(
  ruleset: Ruleset,
  filter: Filter,
  { sets = () => new Sets(), spent = () => 0 }: QueryOptions = {},
): QueryAnswer[] {
  if (ruleset.faulty === true) throw new TypeError('the rules have mistakes: see the diagnostics')
  const { names, addresses } = cutsOf(filter.expression)
  const more = ruleset.family === 'ipv6' ? cutsOfSets(sets()) : []
  const space = new Space(ruleset, names, [...addresses, ...natAddresses(ruleset), ...more])
  const boxes = questionOf(filter.expression, space)
  const walk = new QueryWalk(ruleset, space, () => spent() >= DECIDED_BY)
  const asked = ways.flatMap((way) =>
    stateNames.map(([bit, ctstate]): Asked => {
      const common = commonOf(way, bit, space)
      const possible = possibleOf(bit, space).flatMap((box) => meetAll(box, [common]))
      return { way, bit, ctstate, groups: decided(boxes, possible, walk, way, bit) }
    }),
  )
  const witnesses = new WitnessMaker(ruleset, space, sets, () => spent() >= SHOWN_BY)
  const describe = new Describer(ruleset)
  return asked.flatMap((one) => answersOf(one, witnesses, describe))
}

/** What was found out about the packets of a way and a state; null: it is undecided. */
interface Asked {
  readonly way: WayName
  readonly bit: number
  readonly ctstate: string
  readonly groups: readonly Group[] | null
}

function decided(
  boxes: readonly Box[],
  possible: readonly Box[],
  walk: QueryWalk,
  way: WayName,
  bit: number,
): readonly Group[] | null {
  try {
    const outcomes = boxes
      .flatMap((box) => meetAll(box, possible))
      .flatMap((asked) => walk.run(way, asked, bit === NEW || bit === RELATED))
    return grouped(outcomes, walk)
  } catch (error) {
    if (error instanceof TooManyCases) return null
    throw error
  }
}

function answersOf(
  { way, bit, ctstate, groups }: Asked,
  witnesses: WitnessMaker,
  describe: Describer,
): QueryAnswer[] {
  if (groups === null) {
    const whyNone =
      'undecided within the budget: the rules cut these packets into many kinds; name addresses, ports or a state'
    const open = { certain: false, decidedBy: null, dependsOn: [], witness: null, whyNone }
    return [{ way, ctstate, verdict: null, ...open }]
  }
  const answers: QueryAnswer[] = []
  for (const group of groups) {
    const [first] = group.outcomes
    const witness = witnesses.find(way, bit, ctstate, group.outcomes)
    // The verdict is certain, but which of several rules gives it is not: those that a packet shows are enough.
    if (witness === null && groups.some((other) => isShownBy(group, other))) continue
    answers.push({
      way,
      ctstate,
      verdict: first!.verdict,
      certain: group.certain,
      decidedBy: describe.decision(first!.decision),
      dependsOn: group.certain ? [] : fewest(group.outcomes).map((rule) => describe.open(rule)),
      witness,
      whyNone: witness === null ? witnesses.whyNone(group.outcomes) : null,
    })
  }
  return answers
}

/** All of the group may be decided by the other one too, with the same verdict. */
function isShownBy(group: Group, other: Group): boolean {
  if (group === other || !group.certain || !other.certain) return false
  return group.outcomes.every(
    ({ box, open, verdict }) =>
      open.length > 0 && other.outcomes.some((one) => one.verdict === verdict && boxesOverlap(one.box, box)),
  )
}

/** Of several ways to the same end, the one that depends on the fewest rules. */
function fewest(outcomes: readonly Outcome[]): readonly RuleNode[] {
  return outcomes.map(({ open }) => open).reduce((least, open) => (open.length < least.length ? open : least))
}

/** What all packets of a way and a state have in common. */
function commonOf(way: WayName, state: number, space: Space): Box {
  const none = space.noInterface
  const some = complement(none, space.names.size)
  return [
    { field: FIELD_IN, set: way === 'OUTPUT' ? none : some },
    { field: FIELD_OUT, set: way === 'INPUT' ? none : some },
    { field: FIELD_STATE, set: one(states.indexOf(state)) },
    { field: FIELD_FRAGMENT, set: one(0) },
  ]
}

function meetAll(box: Box, others: readonly Box[]): Box[] {
  return others.map((other) => meet(box, other)).filter((met) => met !== null)
}

interface Group {
  readonly certain: boolean
  readonly outcomes: Outcome[]
}

/** Outcomes with the same verdict by the same rule; what may end otherwise too is apart. @throws TooManyCases */
function grouped(outcomes: readonly Outcome[], walk: QueryWalk): Group[] {
  const { sizes } = walk.space
  const groups = new Map<string, Group>()
  const numbers = new Map<unknown, number>()
  const numberOf = (thing: unknown) => {
    const known = numbers.get(thing) ?? numbers.size
    numbers.set(thing, known)
    return known
  }
  const add = (outcome: Outcome, certain: boolean) => {
    const { decision, verdict } = outcome
    const by = decision === null ? 'none' : `${decision.table} ${numberOf(decision.rule ?? decision.chain)}`
    const key = `${certain} ${verdict} ${by}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { certain, outcomes: [outcome] })
    else group.outcomes.push(outcome)
  }
  let compared = 0
  let cut = 0
  for (const outcome of outcomes) {
    const { box, verdict, open } = outcome
    compared += open.length === 0 ? 0 : outcomes.length
    if (compared > MOST_COMPARED || cut > MOST_CUT || walk.isOver()) throw new TooManyCases()
    const others =
      open.length === 0 ? [] : outcomes.filter((one) => one.verdict !== verdict && boxesOverlap(one.box, box))
    if (others.some((other) => isInside(box, other.box))) {
      add(outcome, false)
      continue
    }
    let rest: Box[] = [box]
    for (const shared of largest(others.flatMap((other) => meetAll(box, [other.box])))) {
      add({ ...outcome, box: shared }, false)
      rest = rest.flatMap((piece) => minus(piece, shared, sizes))
      cut += 1 + rest.length
      if (cut > MOST_CUT) throw new TooManyCases()
    }
    for (const piece of rest) add({ ...outcome, box: piece }, true)
  }
  return [...groups.values()].sort((a, b) => Number(b.certain) - Number(a.certain) || rank(a) - rank(b))
}

/** Without those that lie in others. */
function largest(boxes: readonly Box[]): readonly Box[] {
  const kept: Box[] = []
  for (const box of boxes) {
    if (kept.some((other) => isInside(box, other))) continue
    for (let i = kept.length - 1; i >= 0; i--) if (isInside(kept[i]!, box)) kept.splice(i, 1)
    kept.push(box)
  }
  return kept
}

/** What is accepted stands first. */
function rank({ outcomes }: Group): number {
  return outcomes[0]!.verdict === 'ACCEPT' ? 0 : 1
}

/** Where DNAT sends IPv6 packets: cuts in the scale of addresses. */
function natAddresses(ruleset: Ruleset): bigint[] {
  if (ruleset.family === 'ipv4') return []
  return ruleset.tables.flatMap(({ chains }) =>
    chains.flatMap(({ rules }) =>
      rules.flatMap(({ target }) => {
        if (target?.kind !== 'extension' || target.name !== 'DNAT') return []
        const { addresses } = target.options['to']!.value as NatRange
        return addresses === null ? [] : [wide(addresses.from), wide(addresses.to) + 1n]
      }),
    ),
  )
}

/** Matches of which all is known: they leave nothing open. */
const plain: ReadonlySet<string> = new Set([
  'comment',
  'icmp',
  'icmp6',
  'iprange',
  'multiport',
  'state',
  'tcp',
  'udp',
])

class Describer {
  readonly #ruleset: Ruleset
  readonly #tables: ReadonlyMap<unknown, string>

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset
    this.#tables = new Map(
      ruleset.tables.flatMap(({ name, chains }) => chains.map((chain) => [chain, name] as const)),
    )
  }

  decision(decision: Decision | null): RuleReference | null {
    if (decision === null) return null
    const { chain, rule, table } = decision
    if (rule !== null) return this.rule(rule)
    const place = chain.chain.place
    return {
      table,
      chain: chain.name,
      number: null,
      file: place?.file ?? null,
      line: place?.line ?? null,
      text: `policy ${chain.chain.policy}`,
    }
  }

  rule({ rule, chain, number }: RuleNode): RuleReference {
    const { file, line } = rule.place
    const text = printRule(rule, this.#ruleset).trim()
    return { table: this.#tables.get(chain.chain)!, chain: chain.name, number, file, line, text }
  }

  open(node: RuleNode): OpenRule {
    const { open } = node.conditions
    // What is open beside matches is a mark, or an answer to a question that nobody can give.
    const names = node.rule.matches.map(({ name }) => name).filter((name) => !plain.has(name))
    const matches = open.length > 0 ? open : names
    return { ...this.rule(node), matches }
  }
}
