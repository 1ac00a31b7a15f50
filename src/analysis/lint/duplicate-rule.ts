import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const duplicateRule: Check = {
  code: 'duplicate-rule',
  severity: 'warning',
  summary: 'a rule stands twice in its chain',
  meaning:
    'The chain has the same rule further up, comments aside. If it ends the walk, the second one never matches; if not, its ' +
    'target happens twice. Two rules that go by more than the packet (`limit`, `recent`, `statistic`, `quota`) are not told: the second one may be meant to take what the first one left. Usually a script ran twice, or uses `-A` where `-C … || -A …` was meant.',
  silence: 'the rule is meant to happen again, for example because what it looks at has changed in between',
  example: [
    '*filter',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const table = reach.node.table.name
      for (const chain of reach.node.order) {
        for (const rule of chain.rules) {
          const twin = context.twins.get(rule)
          if (twin === undefined) continue
          yield context.found(reach, rule, {
            message: `${context.placeOf(rule, table)} is the same as ${context.placeOf(twin, table)} (line ${twin.rule.place.line})`,
            advice: 'delete it',
          })
        }
      }
    }
  },
}
