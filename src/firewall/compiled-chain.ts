/** A chain made ready to be walked. */
import type { Chain } from '../ruleset/model.ts'
import type { TableName } from '../ruleset/tables.ts'
import type { CompiledRule } from './compiled-rule.ts'

/** One chain of a table; of a built-in one the policy's counters as well. */
export class CompiledChain {
  readonly table: TableName
  readonly chain: Chain
  readonly name: string
  /** A built-in chain drops what its rules leave; null in a chain of the user's. */
  readonly policyDrops: boolean | null
  readonly rules: CompiledRule[] = []
  /** Packets that the policy decided in this run, by way of RETURN too. */
  packets = 0
  bytes = 0

  constructor(table: TableName, chain: Chain) {
    this.table = table
    this.chain = chain
    this.name = chain.name
    this.policyDrops = chain.policy === null ? null : chain.policy === 'DROP'
  }
}
