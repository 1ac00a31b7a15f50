import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const nothingComes: Check = {
  code: 'nothing-comes',
  severity: 'warning',
  summary: 'a rule asks for packets that never come to its chain',
  meaning:
    'The rules that lead to the chain bring no packet that this rule asks for: another protocol, other addresses, or an ' +
    'interface that the hook has not (packets in OUTPUT came in by none).',
  silence: 'other rules will lead to the chain at run time',
  example: [
    '*filter',
    ':web - [0:0]',
    '-A INPUT -p tcp -j web',
    '-A web -p udp -m udp --dport 443 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const table = reach.node.table.name
      if (table === 'nat') continue
      for (const [rule, fate] of reach.fates) {
        if (fate.kind !== 'elsewhere') continue
        const callers = rule.chain.callers.map((caller) => context.placeOf(caller, table))
        const from = callers.length === 0 ? '' : `: the chain is reached by ${callers.slice(0, 3).join(', ')}`
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, table)} never matches: no packet that it asks for comes to ${rule.chain.name}${from}`,
          advice: 'compare it with the rules that lead to its chain',
        })
      }
    }
  },
}
