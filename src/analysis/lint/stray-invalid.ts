import { sideOf } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { holds, type Intervals, one, union } from '../intervals.ts'
import { FIELD_FLAGS, FIELD_STATE, INVALID, NEW, statesWith } from '../space.ts'
import { FLAG_ACK, FLAG_FIN, FLAG_SYN, type LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

/** A SYN+ACK and a FIN+ACK: what can open no entry, and so is INVALID without one. */
const strays: Intervals = union([one(FLAG_SYN | FLAG_ACK), one(FLAG_FIN | FLAG_ACK)])

export const strayInvalid: Check = {
  code: 'stray-invalid',
  severity: 'warning',
  summary: 'a `! --syn … NEW` rule lets stray SYN+ACK and FIN+ACK pass, and nothing drops INVALID',
  meaning:
    'A SYN+ACK or FIN+ACK without a connection is INVALID, not NEW: since Linux 2.6 no entry begins with one. The rule that ' +
    'drops NEW packets without SYN does not see it, and a later rule or the policy accepts it.',
  silence: 'strays shall reach the host, which answers them with a reset',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const { node } of context.filterChains()) {
      const check = context.refusing(node, context.tcp(NEW, one(FLAG_ACK)), isCheck)
      if (check === null) continue
      const accepting = context.whoAccepts(node, context.tcp(INVALID, strays))
      if (accepting === null) continue
      yield context.found(context.filter!, check, {
        message: `${context.placeOf(check, 'filter')} drops what is NEW and no SYN, but a stray SYN+ACK or FIN+ACK is INVALID: ${accepting.text} it`,
        advice: 'in front of it',
        lines: [`-A ${check.chain.name} -m conntrack --ctstate INVALID -j DROP`],
      })
    }
  },
}

/** It asks for NEW and for flags, not for any SYN. */
function isCheck({ boxes }: RuleNode): boolean {
  return boxes.some((box) => {
    const flags = sideOf(box, FIELD_FLAGS)
    const state = sideOf(box, FIELD_STATE)
    if (flags === null || state === null || holds(flags, FLAG_SYN)) return false
    const [invalid] = statesWith(INVALID)
    return !holds(state, invalid!)
  })
}
