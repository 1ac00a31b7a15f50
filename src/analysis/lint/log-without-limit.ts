import type { RuleNode } from '../chain-node.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

/** Matches that let a rule take only some of many packets. */
const limiting: ReadonlySet<string> = new Set([
  'limit',
  'hashlimit',
  'quota',
  'recent',
  'statistic',
  'connlimit',
])

export const logWithoutLimit: Check = {
  code: 'log-without-limit',
  severity: 'warning',
  summary: 'LOG writes a line for every packet, without a limit',
  meaning:
    'Whoever sends packets that the rule takes writes as many lines to the kernel log as he likes: the disk fills, a serial ' +
    'console stalls the machine, and what matters is lost among them.',
  silence: 'the packets are few by their nature, or limited in another place',
  example: ['*filter', '-A INPUT -i eth0 -j LOG --log-prefix "IN: "', '-A INPUT -i eth0 -j DROP', 'COMMIT'],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      const known = new Map<RuleNode, boolean>()
      for (const rule of context.living(reach)) {
        const { target } = rule.rule
        if (target?.kind !== 'extension' || target.name !== 'LOG' || isLimited(rule, known)) continue
        const text = context.text(rule)
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, reach.node.table.name)} writes a line for every packet that it takes`,
          advice: 'limit it',
          lines: [text.replace(' -j LOG', ' -m limit --limit 5/min --limit-burst 10 -j LOG')],
        })
      }
    }
  },
}

/** Itself, or every rule that leads to its chain. */
function isLimited(rule: RuleNode, known: Map<RuleNode, boolean>): boolean {
  const before = known.get(rule)
  if (before !== undefined) return before
  // A circle of chains that nothing comes to ends here.
  known.set(rule, false)
  const { callers, isBuiltIn } = rule.chain
  const is =
    rule.conditions.open.some((name) => limiting.has(name)) ||
    (!isBuiltIn && callers.length > 0 && callers.every((caller) => isLimited(caller, known)))
  known.set(rule, is)
  return is
}
