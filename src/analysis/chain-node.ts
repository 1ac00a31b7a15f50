/** A table's chains and rules as the analysis sees them. */
import type { Chain, Rule, Table } from '../ruleset/model.ts'
import { type Box, without } from './box.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { type Effect, effectOf } from './effect.ts'
import type { Space } from './space.ts'

export class RuleNode {
  readonly rule: Rule
  readonly chain: ChainNode
  /** From 0. */
  readonly index: number
  readonly conditions: Conditions
  readonly effect: Effect
  /** The chain that it leads to. */
  target: ChainNode | null = null
  /** It takes no packet outside of these. */
  boxes: readonly Box[] = []
  /** Which of them it takes in whole. */
  sure: readonly Box[] = []

  constructor(rule: Rule, chain: ChainNode, index: number, space: Space) {
    this.rule = rule
    this.chain = chain
    this.index = index
    this.conditions = conditionsOf(rule, space)
    this.effect = effectOf(rule)
  }

  /** As `--line-numbers` and TRACE count. */
  get number(): number {
    return this.index + 1
  }
}

export class ChainNode {
  readonly chain: Chain
  readonly rules: readonly RuleNode[]
  /** Rules that lead here. */
  readonly callers: RuleNode[] = []
  /** CHANGES_* bits of what may have changed before a packet comes here, and of what the chain and those below it change. */
  changedBefore = 0
  changes = 0

  constructor(chain: Chain, space: Space) {
    this.chain = chain
    this.rules = chain.rules.map((rule, index) => new RuleNode(rule, this, index, space))
  }

  get name(): string {
    return this.chain.name
  }

  get isBuiltIn(): boolean {
    return this.chain.policy !== null
  }
}

export class TableNode {
  readonly table: Table
  readonly chains: ReadonlyMap<string, ChainNode>
  /** The chains that a built-in one leads to, and the built-in ones, each ahead of those that it leads to. */
  readonly order: readonly ChainNode[]

  constructor(table: Table, space: Space) {
    this.table = table
    this.chains = new Map(table.chains.map((chain) => [chain.name, new ChainNode(chain, space)]))
    for (const chain of this.chains.values()) {
      for (const rule of chain.rules) {
        const { effect } = rule
        if (effect.kind !== 'jump' && effect.kind !== 'goto') continue
        rule.target = this.chains.get(effect.chain) ?? null
        rule.target?.callers.push(rule)
      }
    }
    this.order = ordered([...this.chains.values()])
    this.#noteChanges(space)
  }

  #noteChanges(space: Space): void {
    for (const chain of [...this.order].reverse())
      for (const rule of chain.rules) chain.changes |= changesOf(rule)
    for (const chain of this.order) {
      let changed = chain.changedBefore
      for (const rule of chain.rules) {
        const { boxes, open, changes } = rule.conditions
        const unknown = changed | changes
        if (rule.target !== null) rule.target.changedBefore |= unknown
        const isUnknown = (field: number) => space.isChanged(field, unknown)
        rule.boxes = unknown === 0 ? boxes : boxes.map((box) => without(box, isUnknown))
        if (open.length === 0) rule.sure = boxes.filter((box, i) => rule.boxes[i] === box)
        changed |= changesOf(rule)
      }
    }
  }
}

function changesOf({ conditions, effect, target }: RuleNode): number {
  const own = effect.kind === 'continue' ? effect.changes : (target?.changes ?? 0)
  return conditions.changes | own
}

/** Depth first with a stack of its own: ten thousand chains may lead one into the next. */
function ordered(chains: readonly ChainNode[]): ChainNode[] {
  const done = new Set<ChainNode>()
  const last: ChainNode[] = []
  for (const start of chains) {
    if (!start.isBuiltIn || done.has(start)) continue
    const path: { chain: ChainNode; next: number }[] = [{ chain: start, next: 0 }]
    done.add(start)
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      const rule = here.chain.rules[here.next++]
      if (rule === undefined) {
        last.push(here.chain)
        path.pop()
      } else if (rule.target !== null && !done.has(rule.target)) {
        done.add(rule.target)
        path.push({ chain: rule.target, next: 0 })
      }
    }
  }
  return last.reverse()
}
