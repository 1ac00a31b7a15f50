import type { RuleNode } from '../chain-node.ts'
import { one } from '../intervals.ts'
import { INVALID } from '../space.ts'
import { FLAG_ACK, type LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

const translating: ReadonlySet<string> = new Set(['SNAT', 'MASQUERADE', 'DNAT', 'REDIRECT', 'NETMAP'])

export const invalidBeforeNat: Check = {
  code: 'invalid-before-nat',
  severity: 'warning',
  summary: 'connections are translated, and INVALID packets are accepted, which are not',
  meaning:
    'A packet that is INVALID belongs to no connection, so NAT leaves its addresses as they are. Forwarded, it leaves with ' +
    'internal addresses; an answer that should have been translated back ends at this host, which sends a reset for a ' +
    'connection that it does not know: both sides then lose theirs ("connection reset by peer" behind Docker).',
  silence: 'asymmetric routing makes packets INVALID that shall pass',
  example: [
    '*filter',
    ':FORWARD DROP [0:0]',
    '-A FORWARD -i lan0 -j ACCEPT',
    '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'COMMIT',
    '*nat',
    '-A POSTROUTING -o wan0 -j MASQUERADE',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    const translator = [...context.living(context.nat)].find(isTranslating)
    if (translator === undefined) return
    for (const { node } of context.filterChains()) {
      const accepting = context.whoAccepts(node, context.tcp(INVALID, one(FLAG_ACK)))
      if (accepting === null) continue
      const message = `${context.placeOf(translator, 'nat')} (line ${translator.rule.place.line}) translates connections, but INVALID packets are not translated, and ${accepting.text} them`
      const advice = `ahead of all that accepts in ${node.name}`
      const lines = [`-I ${node.name} 1 -m conntrack --ctstate INVALID -j DROP`]
      const rest = { message, advice, lines }
      yield accepting.rule === null
        ? context.foundChain(context.filter!, node, rest)
        : context.found(context.filter!, accepting.rule, rest)
    }
  },
}

function isTranslating({ rule }: RuleNode): boolean {
  return rule.target?.kind === 'extension' && translating.has(rule.target.name)
}
