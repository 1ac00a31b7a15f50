import { one } from '../intervals.ts'
import { NEW } from '../space.ts'
import { FLAG_ACK, type LintContext, several } from './context.ts'
import type { Check, Found } from './finding.ts'

const MOST_NAMED = 3

export const newWithoutSyn: Check = {
  code: 'new-without-syn',
  severity: 'note',
  summary: 'NEW TCP packets are accepted that are no SYN',
  meaning:
    'NEW means that there is no entry yet, not that a connection begins: a lone ACK opens an entry too (mid-stream pick-up, ' +
    '`nf_conntrack_tcp_loose`). So a connection whose entry expired goes on, and anybody can make entries with single ' +
    'segments. Without the check that is what the rules allow; with it, idle connections end when their entry does.',
  silence: 'connections shall survive a restart of the firewall, or an entry that expired',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -m conntrack --ctstate INVALID -j DROP',
    '-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      if (!context.isClosed(node) || !context.isStateful(node)) continue
      const accepting = context.accepting(node, context.tcp(NEW, one(FLAG_ACK)), MOST_NAMED + 1)
      const [first] = accepting
      if (first === undefined) continue
      const named = accepting.slice(0, MOST_NAMED).map((rule) => context.placeOf(rule, 'filter'))
      const places = accepting.length > MOST_NAMED ? `${named.join(', ')} and others` : several(named)
      const verb = accepting.length === 1 ? 'accepts' : 'accept'
      yield context.found(context.filter!, first, {
        message: `${places} ${verb} NEW TCP packets that are no SYN`,
        advice: `in front of the rules that accept NEW in ${node.name}`,
        lines: [`-A ${node.name} -p tcp ! --syn -m conntrack --ctstate NEW -j DROP`],
      })
    }
  },
}
