import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const contradiction: Check = {
  code: 'contradiction',
  severity: 'warning',
  summary: 'the conditions of a rule contradict each other',
  meaning:
    'No packet can fulfil all conditions of the rule, for example two lists of ports that have none in common. A single ' +
    'condition that nothing fulfils is told as `never-matches` when the rules are read.',
  silence: 'never: such a rule does nothing',
  example: [
    '*filter',
    '-A INPUT -p tcp -m tcp --dport 80 -m multiport --dports 443,8443 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      for (const [rule, fate] of reach.fates) {
        if (fate.kind !== 'contradicts') continue
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, reach.node.table.name)} never matches: nothing that fulfils its other conditions fulfils ${fate.condition}`,
          advice: 'take one of the conditions out, or make two rules of it',
        })
      }
    }
  },
}
