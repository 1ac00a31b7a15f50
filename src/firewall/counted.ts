/** The ruleset as it stands behind a run, for `iptables-save -c`. */
import type { Chain, Counters, Rule, Ruleset, Table } from '../ruleset/model.ts'
import { isTable } from '../ruleset/tables.ts'
import type { CompiledChain } from './compiled-chain.ts'
import type { Program } from './program.ts'

/** The rules of a program with what they counted on top of what they came with. */
export function countedRuleset({ ruleset, tables }: Program): Ruleset {
  return {
    ...ruleset,
    tables: ruleset.tables.map((table) => {
      const compiled = isTable(table.name) ? tables.get(table.name) : undefined
      return compiled === undefined ? table : countedTable(table, compiled.chains)
    }),
  }
}

function countedTable(table: Table, compiled: ReadonlyMap<string, CompiledChain>): Table {
  return { ...table, chains: table.chains.map((chain) => countedChain(chain, compiled.get(chain.name)!)) }
}

function countedChain(chain: Chain, compiled: CompiledChain): Chain {
  return {
    ...chain,
    counters: sum(chain.counters, compiled),
    rules: chain.rules.map(
      (rule, index): Rule => ({ ...rule, counters: sum(rule.counters, compiled.rules[index]!) }),
    ),
  }
}

/** Counts of a run are below 2^53. */
function sum(
  before: Counters,
  { packets, bytes }: { readonly packets: number; readonly bytes: number },
): Counters {
  return { packets: before.packets + BigInt(packets), bytes: before.bytes + BigInt(bytes) }
}
