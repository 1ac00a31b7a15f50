import type { LintContext } from './context.ts'
import { several } from './context.ts'
import type { Check, Found } from './finding.ts'

export const unreachedChain: Check = {
  code: 'unreached-chain',
  severity: 'warning',
  summary: 'rules lead to a chain, but no packet comes to it',
  meaning: 'Every rule that leads to the chain never matches, or stands in a chain that nothing comes to.',
  silence: 'the chain is switched off on purpose',
  example: [
    '*filter',
    ':old - [0:0]',
    '-A INPUT -p tcp -j DROP',
    '-A INPUT -p tcp -m tcp --dport 25 -j old',
    '-A old -s 192.0.2.0/24 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const table = reach.node.table.name
      for (const chain of reach.node.chains.values()) {
        if (chain.isBuiltIn || chain.callers.length === 0 || reach.isEntered(chain)) continue
        const callers = several(chain.callers.map((caller) => context.placeOf(caller, table)))
        const verb = chain.callers.length === 1 ? 'leads' : 'lead'
        yield context.foundChain(reach, chain, {
          message: `no packet comes to chain ${chain.name}: only ${callers} ${verb} here, and no packet takes that way`,
          advice: 'mend the rules that lead to it, or delete the chain with them',
        })
      }
    }
  },
}
