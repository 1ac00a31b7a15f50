import { everything } from '../box.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const acceptPolicy: Check = {
  code: 'accept-policy',
  severity: 'warning',
  summary: 'rules say what is accepted and what is refused, and the policy accepts the rest',
  meaning:
    'The chain has rules that accept and rules that refuse, and what none of them takes is accepted by the policy. What was ' +
    'forgotten is open, and the rules that accept change little. A chain that only lists what is refused is not told.',
  silence: 'the chain is a list of what is refused, with exceptions',
  example: [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 25 -j DROP',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      if (node.chain.policy !== 'ACCEPT') continue
      const [listed] = context.accepting(node, everything, 1)
      if (listed === undefined || context.refusing(node, everything) === null) continue
      if (!context.reachesPolicy(node, everything)) continue
      yield context.foundChain(context.filter!, node, {
        message: `the policy of ${node.name} accepts whatever its rules do not refuse, though ${context.placeOf(listed, 'filter')} says what is accepted`,
        advice:
          'let the policy refuse, once the rules accept all that is needed (connections that exist among it)',
        lines: [`:${node.name} DROP [0:0]`],
      })
    }
  },
}
