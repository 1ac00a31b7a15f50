import { boxesOverlap, without } from '../box.ts'
import type { ChainNode, RuleNode } from '../chain-node.ts'
import { Budget, cover } from '../cover.ts'
import { FIELD_STATE } from '../space.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

export const natCannotAct: Check = {
  code: 'nat-cannot-act',
  severity: 'warning',
  summary: 'a rule of table nat asks for packets that table nat is never shown',
  meaning:
    'Table nat is asked about the first packet of a connection, and about no other: what it decides then happens to all of them. ' +
    'A packet that is ESTABLISHED, INVALID or UNTRACKED, or that table raw exempts from tracking, never comes there.',
  silence: 'never: such a rule does nothing',
  example: [
    '*nat',
    '-A PREROUTING -p tcp -m tcp --dport 80 -m conntrack --ctstate ESTABLISHED -j REDIRECT --to-ports 3128',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    const { nat } = context
    if (nat === null) return
    for (const [rule, fate] of nat.fates) {
      const place = context.placeOf(rule, 'nat')
      if (fate.kind === 'elsewhere') {
        yield context.found(nat, rule, {
          message: `${place} never matches: no packet that it asks for is shown to ${rule.chain.name} of table nat`,
          advice:
            'ask for NEW, or for no state: what the first packet gets, the rest of its connection gets too',
        })
        continue
      }
      const untracking = fate.kind === 'lives' && rule.chain.isBuiltIn ? untrackedBy(context, rule) : null
      if (untracking === null) continue
      const raw = context.placeOf(untracking, 'raw')
      yield context.found(nat, rule, {
        message: `${place} never translates: ${raw} (line ${untracking.rule.place.line}) takes its packets out of tracking, and what is not tracked is not translated`,
        advice: `narrow ${raw}, or delete one of both`,
      })
    }
  },
}

/** The rule of table raw that exempts all packets of a rule from tracking; null if none surely does. */
function untrackedBy({ raw, space }: LintContext, rule: RuleNode): RuleNode | null {
  const chain = raw?.node.chains.get(rule.chain.name)
  if (chain === undefined) return null
  const found = chain.rules.filter((one) => isNotrack(one) && !isPassedBy(one, chain))
  const takers = found.flatMap((by) => by.sure.map((box) => ({ box, by })))
  if (takers.length === 0) return null
  for (const box of rule.boxes) {
    const asked = without(box, (field) => field === FIELD_STATE)
    if (cover(asked, takers, space.sizes, new Budget(10_000))?.covered !== true) return null
  }
  return found[0]!
}

function isNotrack({ rule }: RuleNode): boolean {
  const { target } = rule
  if (target?.kind !== 'extension') return false
  return target.name === 'NOTRACK' || (target.name === 'CT' && target.options['notrack'] !== undefined)
}

/** A rule in front may keep some of its packets from it. */
function isPassedBy(rule: RuleNode, chain: ChainNode): boolean {
  return chain.rules.some(
    (one) =>
      one.index < rule.index &&
      one.effect.kind !== 'continue' &&
      one.boxes.some((box) => rule.boxes.some((other) => boxesOverlap(box, other))),
  )
}
