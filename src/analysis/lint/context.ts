/** A ruleset as the checks see it: which rules live, and what becomes of packets of a kind. */
import type { Ruleset } from '../../ruleset/model.ts'
import { printRule } from '../../ruleset/printer.ts'
import type { Hook } from '../../ruleset/tables.ts'
import { type Box, everything, meet } from '../box.ts'
import type { ChainNode, RuleNode } from '../chain-node.ts'
import { complement, type Intervals, one } from '../intervals.ts'
import { type Fate, TableReach } from '../reach.ts'
import {
  FIELD_FLAGS,
  FIELD_FRAGMENT,
  FIELD_IN,
  FIELD_PROTOCOL,
  FIELD_STATE,
  Space,
  statesWith,
} from '../space.ts'
import type { Found } from './finding.ts'

const PROTOCOL_TCP = 6
export const FLAG_FIN = 0x01
export const FLAG_SYN = 0x02
export const FLAG_ACK = 0x10

/** A built-in chain of table filter through which packets come to the host or through it. */
export interface FilterChain {
  readonly node: ChainNode
  readonly hook: Hook
}

export class LintContext {
  readonly ruleset: Ruleset
  readonly space: Space
  /** In the order of the file. */
  readonly tables: readonly TableReach[]
  readonly filter: TableReach | null
  readonly nat: TableReach | null
  readonly raw: TableReach | null
  /** A rule that says the same further up in the chain, comments aside, of each that has one. */
  readonly twins: ReadonlyMap<RuleNode, RuleNode>

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset
    // What comes by lo is asked for apart.
    this.space = new Space(ruleset, ['lo', 'lo\0'])
    this.tables = ruleset.tables.map((table) => new TableReach(table, this.space))
    const named = (name: string) => this.tables.find(({ node }) => node.table.name === name) ?? null
    this.filter = named('filter')
    this.nat = named('nat')
    this.raw = named('raw')
    this.twins = new Map(
      this.tables.flatMap(({ node }) => node.order.flatMap((chain) => this.#twinsOf(chain))),
    )
  }

  #twinsOf(chain: ChainNode): [RuleNode, RuleNode][] {
    const first = new Map<string, RuleNode>()
    return chain.rules.flatMap((node): [RuleNode, RuleNode][] => {
      const { rule, conditions } = node
      // What depends on the packets before may be asked twice, and a rule without a target only counts.
      if (conditions.open.length > 0 || rule.target === null) return []
      const matches = rule.matches.filter(({ name }) => name !== 'comment')
      const text = printRule({ ...rule, matches }, this.ruleset)
      const twin = first.get(text)
      if (twin !== undefined) return [[node, twin]]
      first.set(text, node)
      return []
    })
  }

  get isIPv6(): boolean {
    return this.ruleset.family === 'ipv6'
  }

  fateOf(reach: TableReach, rule: RuleNode): Fate {
    return reach.fates.get(rule)!
  }

  /** Rules that packets can come to, of all reached chains of a table, in the order of the chains. */
  *living(reach: TableReach | null): Iterable<RuleNode> {
    for (const chain of reach?.node.order ?? [])
      for (const rule of chain.rules) if (reach!.fates.get(rule)!.kind === 'lives') yield rule
  }

  /** INPUT and FORWARD of table filter, as far as the file names them or has rules there. */
  filterChains(): readonly FilterChain[] {
    if (this.filter === null) return []
    return (['INPUT', 'FORWARD'] as const).flatMap((hook) => {
      const node = this.filter!.node.chains.get(hook)
      return node === undefined || node.rules.length === 0 ? [] : [{ node, hook }]
    })
  }

  /** Rules that accept packets of a kind that come from the network into the chain, the first ones. */
  accepting(
    chain: ChainNode,
    kind: Box,
    most: number,
    isMeant: (rule: RuleNode) => boolean = always,
  ): RuleNode[] {
    return this.#deciding(chain, kind, most, (verdict) => verdict === 'ACCEPT', isMeant)
  }

  /** The first rule that drops or rejects some of them; null if none does. */
  refusing(chain: ChainNode, kind: Box, isMeant: (rule: RuleNode) => boolean = always): RuleNode | null {
    const refuses = (verdict: string) => verdict === 'DROP' || verdict === 'REJECT'
    return this.#deciding(chain, kind, 1, refuses, isMeant)[0] ?? null
  }

  /** Some may come to the policy. */
  reachesPolicy(chain: ChainNode, kind: Box): boolean {
    return this.filter!.reachesPolicy(chain, this.#fromOutside(kind))
  }

  /** Who accepts some of them: `INPUT 3 (line 5) accepts`, or `the policy of INPUT accepts`; null: nobody. */
  whoAccepts(chain: ChainNode, kind: Box): { readonly rule: RuleNode | null; readonly text: string } | null {
    const [rule] = this.accepting(chain, kind, 1)
    if (rule !== undefined)
      return { rule, text: `${this.placeOf(rule, 'filter')} (line ${rule.rule.place.line}) accepts` }
    const isOpen = chain.chain.policy === 'ACCEPT' && this.reachesPolicy(chain, kind)
    return isOpen ? { rule: null, text: `the policy of ${chain.name} accepts` } : null
  }

  /** Some of them are dropped or rejected, by a rule or by the policy. */
  isRefused(chain: ChainNode, kind: Box): boolean {
    if (chain.chain.policy === 'DROP' && this.reachesPolicy(chain, kind)) return true
    return this.refusing(chain, kind) !== null
  }

  #deciding(
    chain: ChainNode,
    kind: Box,
    most: number,
    isVerdict: (verdict: string) => boolean,
    isMeant: (rule: RuleNode) => boolean,
  ): RuleNode[] {
    const reach = this.filter!
    const box = this.#fromOutside(kind)
    const found: RuleNode[] = []
    for (const rule of this.living(reach)) {
      const { effect } = rule
      if (effect.kind !== 'verdict' || !isVerdict(effect.verdict) || !isMeant(rule)) continue
      if (reach.reaching(rule, chain, box).length === 0) continue
      found.push(rule)
      if (found.length >= most) break
    }
    return found
  }

  /** What comes by lo is let in by other rules than the rest. */
  #fromOutside(kind: Box): Box {
    const lo: Intervals = this.space.interfaces('lo')
    return meet(kind, [{ field: FIELD_IN, set: complement(lo, this.space.sizes[FIELD_IN]!) }])!
  }

  /** Does the chain refuse what nothing lets in? Of a list of what is refused, it does not. */
  isClosed(chain: ChainNode): boolean {
    if (!this.filter!.reachesPolicy(chain, everything)) return true
    return chain.chain.policy === 'DROP'
  }

  /** A rule for packets of the chain asks for the state of connections. */
  isStateful(chain: ChainNode): boolean {
    for (const rule of this.living(this.filter)) {
      if (!rule.boxes.some((box) => box.some(({ field }) => field === FIELD_STATE))) continue
      if (this.filter!.reaching(rule, chain, everything).length > 0) return true
    }
    return false
  }

  /** A rule for packets of the chain accepts some that come from the network. */
  acceptsSomething(chain: ChainNode): boolean {
    return this.accepting(chain, everything, 1).length > 0
  }

  /** TCP of these states, with flags of which the predicate is true. */
  tcp(states: number, flags: Intervals): Box {
    return [
      { field: FIELD_PROTOCOL, set: one(PROTOCOL_TCP) },
      { field: FIELD_FLAGS, set: flags },
      { field: FIELD_STATE, set: statesWith(states) },
      { field: FIELD_FRAGMENT, set: one(0) },
    ]
  }

  /** `-A INPUT -p tcp -j DROP`. */
  text({ rule, chain }: RuleNode): string {
    return `-A ${chain.name}${printRule(rule, this.ruleset)}`
  }

  /** `INPUT 3`; of another table than filter with its name. */
  placeOf({ chain, number }: RuleNode, table: string): string {
    return `${table === 'filter' ? '' : `${table} `}${chain.name} ${number}`
  }

  found(reach: TableReach, rule: RuleNode, rest: Pick<Found, 'message' | 'advice' | 'lines'>): Found {
    const { place } = rule.rule
    return { place, table: reach.node.table.name, chain: rule.chain.name, number: rule.number, ...rest }
  }

  /** About a chain as a whole: where it is declared, else its first rule, else its table. */
  foundChain(reach: TableReach, chain: ChainNode, rest: Pick<Found, 'message' | 'advice' | 'lines'>): Found {
    const { table } = reach.node
    const place = chain.chain.place ?? chain.rules[0]?.rule.place ?? table.place
    return { place, table: table.name, chain: chain.name, number: null, ...rest }
  }
}

const always = () => true

/** A list of places: the first ones by name. */
export function several(places: readonly string[], most = 3): string {
  const shown = places.slice(0, most)
  const more = places.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
