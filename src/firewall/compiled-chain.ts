/** A chain made ready to be walked. */
import type { Chain } from '../ruleset/model.ts'
import type { TableName } from '../ruleset/tables.ts'
import type { CompiledRule } from './compiled-rule.ts'
import type { RuleIndex } from './rule-index.ts'
import type { Sieve } from './sieve.ts'

/** Rules up to here are asked in any case: mostly one of them takes the packet (`--ctstate ESTABLISHED`). */
export const INDEXED_FROM = 4
/** A chain of so many rules has an index. */
export const WORTH_AN_INDEX = 16

/** One chain of a table; of a built-in one the policy's counters as well. */
export class CompiledChain {
  readonly table: TableName
  readonly chain: Chain
  readonly name: string
  /** A built-in chain drops what its rules leave; null in a chain of the user's. */
  readonly policyDrops: boolean | null
  readonly rules: CompiledRule[] = []
  /** Set once all rules are there. */
  sieve!: Sieve
  /** Finds rules from INDEXED_FROM on, where the chain is long enough to make that worth it. */
  index: RuleIndex | null = null
  /** Packets that the policy decided in this run, by way of RETURN too. */
  packets = 0
  bytes = 0
  /** Packets on whose way the policy had the last word. */
  decided = 0

  constructor(table: TableName, chain: Chain) {
    this.table = table
    this.chain = chain
    this.name = chain.name
    this.policyDrops = chain.policy === null ? null : chain.policy === 'DROP'
  }
}
