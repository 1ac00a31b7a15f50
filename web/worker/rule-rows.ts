/** The ruleset as rows: what the page shows, and what packets name as who decided on them. */
import type { CompiledChain } from '../../src/firewall/compiled-chain.ts'
import type { CompiledRule } from '../../src/firewall/compiled-rule.ts'
import type { Decision } from '../../src/firewall/decision.ts'
import type { Firewall } from '../../src/firewall/firewall.ts'
import { printRule } from '../../src/ruleset/printer.ts'
import type { RuleRow } from '../protocol.ts'

type Row = Omit<RuleRow, 'packets' | 'bytes' | 'decided'>

/** Of one run: its programs are those that the firewall was made with. */
export class RuleRows {
  readonly #rows: (Row & { readonly counted: CompiledRule | CompiledChain })[] = []
  readonly #numbers = new Map<CompiledRule | CompiledChain, number>()

  constructor(firewall: Firewall) {
    this.extend(firewall, 1)
  }

  /** Adds what is in force from this packet on, and was not before. */
  extend({ programs }: Firewall, since: number): void {
    for (const program of [programs.ipv4, programs.ipv6]) {
      for (const { name: table, chains } of program?.tables.values() ?? []) {
        for (const chain of chains.values()) {
          if (this.#numbers.has(chain)) continue
          const at = { since, family: program!.family, table, chain: chain.name }
          const policy = chain.policyDrops === null ? null : chain.policyDrops ? 'DROP' : 'ACCEPT'
          this.#add(chain, {
            ...at,
            kind: 'chain',
            number: 0,
            text: policy ?? '-',
            line: chain.chain.place?.line ?? 0,
          })
          for (const rule of chain.rules) {
            const text = printRule(rule.rule, program!.ruleset).trim()
            this.#add(rule, { ...at, kind: 'rule', number: rule.number, text, line: rule.rule.place.line })
          }
        }
      }
    }
  }

  #add(counted: CompiledRule | CompiledChain, row: Row): void {
    this.#numbers.set(counted, this.#rows.length)
    this.#rows.push({ ...row, counted })
  }

  /** Row of the rule or policy that had the last word; -1 for none. */
  deciderOf({ rule, chain }: Decision): number {
    if (rule !== null) return this.#numbers.get(rule) ?? -1
    return chain === null ? -1 : (this.#numbers.get(chain) ?? -1)
  }

  get count(): number {
    return this.#rows.length
  }

  /** Packets that a row has counted up to now. */
  packetsOf(row: number): number {
    return this.#rows[row]?.counted.packets ?? 0
  }

  /** `FORWARD 3`, or `FORWARD policy`. */
  nameOf(row: number): string {
    const { chain, number, kind } = this.#rows[row]!
    return kind === 'chain' ? `${chain} policy` : `${chain} ${number}`
  }

  /** With what was counted up to now. */
  counted(): RuleRow[] {
    return this.#rows.map(({ counted, ...row }) => {
      const { packets, bytes, decided } = counted
      return { ...row, packets, bytes, decided }
    })
  }
}
