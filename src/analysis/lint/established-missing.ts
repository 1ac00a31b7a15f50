import { sideOf } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { between, isWithin, one } from '../intervals.ts'
import { ESTABLISHED, FIELD_DESTINATION_PORT, FIELD_SOURCE_PORT, FIELD_STATE, statesWith } from '../space.ts'
import { FLAG_ACK, type LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

/** Ports that a client's system chooses (net.ipv4.ip_local_port_range). */
const ephemeral = between(32_768, 60_999)

export const establishedMissing: Check = {
  code: 'established-missing',
  severity: 'warning',
  summary: 'nothing accepts the packets of connections that exist',
  meaning:
    'The chain lets only some packets in and refuses the rest, and no rule accepts by the state ESTABLISHED. Answers to ' +
    'connections that were allowed to begin are refused, or need rules for their ports, which let in much more.',
  silence: 'the rules are stateless on purpose',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      if (!context.isClosed(node) || !context.acceptsSomething(node)) continue
      const kind = context.tcp(ESTABLISHED, one(FLAG_ACK))
      if (context.accepting(node, kind, 1, asksEstablished).length > 0) continue
      const answers = [
        ...kind,
        { field: FIELD_SOURCE_PORT, set: ephemeral },
        { field: FIELD_DESTINATION_PORT, set: ephemeral },
      ].sort((a, b) => a.field - b.field)
      if (!context.isRefused(node, answers)) continue
      yield context.foundChain(context.filter!, node, {
        message: `no rule of ${node.name} accepts ESTABLISHED packets: answers to connections that were allowed are refused`,
        advice: 'as the first rule behind lo',
        lines: [`-A ${node.name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`],
      })
    }
  },
}

/** The rule names the state, and not all states. */
export function asksEstablished({ boxes }: RuleNode): boolean {
  return boxes.some((box) => {
    const state = sideOf(box, FIELD_STATE)
    return state !== null && isWithin(statesWith(ESTABLISHED), state)
  })
}
