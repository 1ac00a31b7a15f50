import { count } from '../../explain/number-words.ts'
import type { Box } from '../box.ts'
import type { ChainNode, RuleNode } from '../chain-node.ts'
import { isWithin } from '../intervals.ts'
import { ESTABLISHED, FIELD_STATE, statesWith } from '../space.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

/** So many rules in front are worth a word. */
const LATE = 10

export const establishedLate: Check = {
  code: 'established-late',
  severity: 'note',
  summary: 'the rule that accepts ESTABLISHED stands behind many others, which every packet is asked',
  meaning:
    'Nearly all packets belong to connections that exist. Each of them is compared with every rule in front of the one that ' +
    'accepts them; Linux has no index. The number told is that of the rules that such a packet is asked on its way there.',
  silence: 'the rules in front are meant for packets of every state',
  example: [
    '*filter',
    ...Array.from(
      { length: 12 },
      (_, i) => `-A FORWARD -p tcp -m tcp --dport ${8000 + i} -m conntrack --ctstate NEW -j ACCEPT`,
    ),
    '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -j DROP',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      const walk = new Walk(node)
      const { accepting, asked } = walk
      if (accepting === null || asked < LATE) continue
      yield context.found(context.filter!, accepting, {
        message: `each packet of a connection that exists is asked ${count(asked, 'rule')} in ${node.name} before ${context.placeOf(accepting, 'filter')} accepts it`,
        advice: `put it near the beginning of ${node.name}`,
        lines: [`-I ${node.name} 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`],
      })
    }
  },
}

/** The way of a packet of a connection that exists, until a rule accepts all that are. */
class Walk {
  accepting: RuleNode | null = null
  asked = 0
  readonly #done = new Set<ChainNode>()

  constructor(chain: ChainNode) {
    const path = [{ chain, next: 0 }]
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      const rule = here.chain.rules[here.next++]
      if (rule === undefined) {
        path.pop()
        continue
      }
      if (!rule.boxes.some(takesEveryEstablished) || rule.conditions.open.length > 0) {
        this.asked++
        continue
      }
      if (rule.effect.kind === 'verdict') {
        if (rule.effect.verdict === 'ACCEPT') this.accepting = rule
        return
      }
      this.asked++
      if (rule.effect.kind === 'return') path.pop()
      // A chain that was walked is walked again by each that leads there; once is told.
      if (rule.target === null || this.#done.has(rule.target)) continue
      this.#done.add(rule.target)
      path.push({ chain: rule.target, next: 0 })
    }
  }
}

function takesEveryEstablished(box: Box): boolean {
  return box.every(({ field, set }) => field === FIELD_STATE && isWithin(statesWith(ESTABLISHED), set))
}
