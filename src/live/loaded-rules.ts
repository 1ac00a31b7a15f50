/** The rules that a router has at the moment, as data: what numbers of the kernel stand for. */
import type { Family, Rule, Ruleset, Table } from '../ruleset/model.ts'
import type { RuleWords } from '../scenario/model.ts'
import { commentOf } from '../scenario/rule-comment.ts'
import type { TraceLine } from './journey.ts'

const families = ['ipv4', 'ipv6'] as const
/** In which a rule is looked for that is named without its table. */
const order = ['filter', 'nat', 'mangle', 'raw', 'security'] as const

/** Where a rule or a policy stands. */
export interface RulePlace {
  readonly family: Family
  readonly table: string
  readonly chain: string
  /** From 1; 0 for the policy. */
  readonly number: number
}

export class RulesInForce {
  readonly #tables: Record<Family, Map<string, Table>> = { ipv4: new Map(), ipv6: new Map() }
  readonly #registries = new Map<Family, Ruleset>()

  /** Tables that a ruleset does not name stay. */
  load(ruleset: Ruleset): void {
    this.#registries.set(ruleset.family, ruleset)
    for (const table of ruleset.tables) this.#tables[ruleset.family].set(table.name, table)
  }

  /** As they were loaded last. */
  get rulesets(): Iterable<Ruleset> {
    return families.flatMap((family): Ruleset[] => {
      const last = this.#registries.get(family)
      return last === undefined ? [] : [{ ...last, tables: [...this.#tables[family].values()] }]
    })
  }

  has(family: Family, table: string): boolean {
    return this.#tables[family].has(table)
  }

  hasFamily(family: Family): boolean {
    return this.#registries.has(family)
  }

  /** Null for a policy, and for what is not there. */
  rule(family: Family, { table, chain, number, kind }: TraceLine): Rule | null {
    if (kind !== 'rule') return null
    const found = this.#tables[family].get(table)?.chains.find(({ name }) => name === chain)
    return found?.rules[number - 1] ?? null
  }

  policy(family: Family, table: string, chain: string): string | null {
    return this.#tables[family].get(table)?.chains.find(({ name }) => name === chain)?.policy ?? null
  }

  /** Null: there is no such rule. */
  find(words: RuleWords): RulePlace | null {
    for (const family of families) {
      for (const table of order) {
        if (words.kind !== 'comment' && words.table !== null && words.table !== table) continue
        for (const { name: chain, policy, rules } of this.#tables[family].get(table)?.chains ?? []) {
          if (words.kind !== 'comment' && words.chain !== chain) continue
          if (words.kind === 'policy') {
            if (policy !== null) return { family, table, chain, number: 0 }
            continue
          }
          const at =
            words.kind === 'rule'
              ? rules[words.number - 1] === undefined
                ? -1
                : words.number - 1
              : rules.findIndex((rule) => commentOf(rule) === words.text)
          if (at >= 0) return { family, table, chain, number: at + 1 }
        }
      }
    }
    return null
  }

  /** Every rule and every policy. */
  *all(): Generator<RulePlace> {
    for (const family of families) {
      for (const [table, { chains }] of this.#tables[family]) {
        for (const { name: chain, policy, rules } of chains) {
          if (policy !== null) yield { family, table, chain, number: 0 }
          for (const index of rules.keys()) yield { family, table, chain, number: index + 1 }
        }
      }
    }
  }
}
