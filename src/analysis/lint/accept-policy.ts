import { everything } from '../box.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const acceptPolicy: Check = {
  code: 'accept-policy',
  severity: 'warning',
  summary: 'rules refuse some packets, and the policy accepts all that they do not name',
  meaning:
    'The chain has rules that accept and rules that refuse, and what none of them takes is accepted by the policy. What was ' +
    'forgotten is open, and the rules that accept change little. Where the chain only lists what is refused, it is a note.',
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
      if (context.refusing(node, everything) === null || !context.reachesPolicy(node, everything)) continue
      const [listed] = context.accepting(node, everything, 1)
      const why =
        listed === undefined ? '' : `, though ${context.placeOf(listed, 'filter')} says what is accepted`
      yield {
        ...context.foundChain(context.filter!, node, {
          message: `the policy of ${node.name} accepts whatever its rules do not refuse${why}`,
          advice:
            'let the policy refuse, once the rules accept all that is needed (connections that exist among it)',
          lines: [`:${node.name} DROP [0:0]`],
        }),
        // A list of what is refused may be meant as one.
        ...(listed === undefined ? { severity: 'note' as const } : {}),
      }
    }
  },
}
