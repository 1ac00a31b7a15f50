import type { Box } from '../box.ts'
import { between, one, union } from '../intervals.ts'
import {
  ESTABLISHED,
  FIELD_FRAGMENT,
  FIELD_ICMP,
  FIELD_PROTOCOL,
  FIELD_STATE,
  RELATED,
  statesWith,
} from '../space.ts'
import { FLAG_ACK, type LintContext } from './context.ts'
import { asksEstablished } from './established-missing.ts'
import type { Check, Found } from './finding.ts'

export const relatedErrors: Check = {
  code: 'related-errors',
  severity: 'warning',
  summary: 'ICMP errors about connections that exist are refused',
  meaning:
    'An ICMP error (fragmentation needed, unreachable, time exceeded) about a connection is RELATED to it. Refused, path MTU ' +
    'discovery does not work: connections open and hang at the first large packet; and programs wait for timeouts instead of ' +
    'learning that a port is closed.',
  silence: 'the segment size is clamped, and errors are not wanted',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 443 --syn -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      if (!context.isClosed(node)) continue
      const kind = context.tcp(ESTABLISHED, one(FLAG_ACK))
      if (context.accepting(node, kind, 1, asksEstablished).length === 0) continue
      if (context.whoAccepts(node, errors(context.isIPv6)) !== null) continue
      yield context.foundChain(context.filter!, node, {
        message: `no rule of ${node.name} accepts ICMP errors about connections that it accepts (RELATED): path MTU discovery fails`,
        advice: 'beside the rule for ESTABLISHED',
        lines: [
          `-A ${node.name} -p ${context.isIPv6 ? 'ipv6-icmp' : 'icmp'} -m conntrack --ctstate RELATED -j ACCEPT`,
        ],
      })
    }
  },
}

function errors(isIPv6: boolean): Box {
  const types = isIPv6 ? [1, 2, 3, 4] : [3, 11, 12]
  return [
    { field: FIELD_PROTOCOL, set: one(isIPv6 ? 58 : 1) },
    { field: FIELD_ICMP, set: union(types.map((type) => between(type * 256, type * 256 + 255))) },
    { field: FIELD_STATE, set: statesWith(RELATED) },
    { field: FIELD_FRAGMENT, set: one(0) },
  ]
}
