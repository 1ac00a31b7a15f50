import type { RuleNode } from '../chain-node.ts'
import type { Taker } from '../reach.ts'
import { type LintContext, several } from './context.ts'
import type { Check, Found } from './finding.ts'

export const shadowed: Check = {
  code: 'shadowed',
  severity: 'warning',
  summary: 'a rule never matches: earlier rules take all that it could',
  meaning:
    'Every packet that the rule could take has met an earlier rule that surely takes it: one, or several together; of the ' +
    'same chain, of a chain that a rule leads to, or of the chains that lead here. Compared are sets of packets (addresses, ' +
    'ports, protocol, interfaces, flags, ICMP types, states, marks, and the answers of other matches), not texts. A rule with ' +
    'a rate or another condition that is open takes nothing surely. The rule does nothing, which mostly means that it stands ' +
    'too late, or that an earlier one is wider than was meant.',
  silence: 'a rule is kept as a reminder, or another program fills the chain in front of it',
  example: [
    '*filter',
    '-A INPUT -s 10.0.0.0/8 -j DROP',
    '-A INPUT -s 10.1.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const table = reach.node.table.name
      for (const [rule, fate] of reach.fates) {
        if (fate.kind !== 'taken' || context.twins.has(rule)) continue
        if (isUnconditional(fate.by, rule)) continue
        const takers = fate.by.map((taker) => takerText(context, taker, table))
        const own = fate.by.every((taker) => isSameEffect(taker, rule))
        const verb = takers.length > 1 ? 'together take' : 'takes'
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, table)} never matches: ${several(takers)} ${verb} all that it could`,
          advice: own
            ? 'delete it: what takes the packets does the same with them'
            : `put it in front of ${context.placeOf(firstOf(fate.by), table)} (line ${firstOf(fate.by).rule.place.line}), or delete it`,
        })
      }
    }
  },
}

const firstOf = (by: readonly Taker[]) => by[0]!.rule

/** The earlier rules take whatever comes to the chain. */
export function isUnconditional(by: readonly Taker[], rule: RuleNode): boolean {
  const [taker] = by
  if (by.length !== 1 || taker!.rule.chain !== rule.chain) return false
  return taker!.rule.sure.some((box) => box.length === 0)
}

function takerText(context: LintContext, { rule, inner }: Taker, table: string): string {
  const by = `${context.placeOf(rule, table)} (line ${rule.rule.place.line})`
  return inner === null ? by : `${by} by way of ${context.placeOf(inner, table)}`
}

function isSameEffect({ rule, inner }: Taker, other: RuleNode): boolean {
  const { target } = (inner ?? rule).rule
  return JSON.stringify(target) === JSON.stringify(other.rule.target)
}
