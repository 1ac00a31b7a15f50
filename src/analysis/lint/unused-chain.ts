import { count } from '../../explain/number-words.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const unusedChain: Check = {
  code: 'unused-chain',
  severity: 'note',
  summary: 'no rule leads to a chain that has rules',
  meaning: 'The chain has rules, and nothing jumps to it. Empty chains are not told: generators make many.',
  silence: 'a program puts the jump there at run time',
  example: ['*filter', ':guests - [0:0]', '-A guests -s 198.51.100.0/24 -j ACCEPT', 'COMMIT'],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      for (const chain of reach.node.chains.values()) {
        if (chain.isBuiltIn || chain.callers.length > 0 || chain.rules.length === 0) continue
        yield context.foundChain(reach, chain, {
          message: `no rule leads to chain ${chain.name}: ${chain.rules.length === 1 ? 'its rule is' : `its ${count(chain.rules.length, 'rule')} are`} never asked`,
          advice: 'lead packets to it, or delete it',
        })
      }
    }
  },
}
