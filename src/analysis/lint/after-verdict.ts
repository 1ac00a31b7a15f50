import { count } from '../../explain/number-words.ts'
import type { ChainNode } from '../chain-node.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'
import { isUnconditional } from './shadowed.ts'

export const afterVerdict: Check = {
  code: 'after-verdict',
  severity: 'warning',
  summary: 'rules stand behind one that takes every packet',
  meaning:
    'A rule without a condition ends the chain for every packet, and more rules follow. Usually somebody appended (`-A`) ' +
    'where the last rule of the chain is `-j DROP`.',
  silence: 'the rest of the chain is switched off by that rule on purpose',
  example: [
    '*filter',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -j DROP',
    '-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const told = new Set<ChainNode>()
      for (const [rule, fate] of reach.fates) {
        if (fate.kind !== 'taken' || told.has(rule.chain) || !isUnconditional(fate.by, rule)) continue
        told.add(rule.chain)
        const table = reach.node.table.name
        const last = fate.by[0]!.rule
        const more = rule.chain.rules.length - rule.number
        const behind =
          more === 0
            ? ''
            : `, nor ${more === 1 ? 'does the rule' : `do the ${count(more, 'rule')}`} behind it`
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, table)} never matches${behind}: ${context.placeOf(last, table)} (line ${last.rule.place.line}) takes every packet`,
          advice: `put it in front of ${context.placeOf(last, table)}`,
          lines: [
            `-I ${rule.chain.name} ${last.number}${context.text(rule).slice(`-A ${rule.chain.name}`.length)}`,
          ],
        })
      }
    }
  },
}
