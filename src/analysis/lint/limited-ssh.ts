import { type Box, meet, sideOf } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { holds, one, sizeOf } from '../intervals.ts'
import { FIELD_DESTINATION_PORT, NEW } from '../space.ts'
import { FLAG_SYN, type LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

const SSH = 22
/** A rule for more ports is none for SSH. */
const MOST_PORTS = 64
const MOST = 10

export const limitedSsh: Check = {
  code: 'limited-ssh',
  severity: 'warning',
  summary: 'SSH is accepted at a rate that all senders share: anybody can lock you out',
  meaning:
    '`limit` has one bucket for all senders. Somebody who opens connections faster than the rate empties it, and the ' +
    'administrator is refused with them. `hashlimit` has a bucket for each sender.',
  silence: 'another rule or another way lets the administrator in',
  example: [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 --syn -m limit --limit 3/min --limit-burst 3 -j ACCEPT',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    const reach = context.filter
    for (const { node } of context.filterChains()) {
      const opening = meet(context.tcp(NEW, one(FLAG_SYN)), [
        { field: FIELD_DESTINATION_PORT, set: one(SSH) },
      ])!
      const limited = context.accepting(
        node,
        opening,
        MOST,
        (rule) => isLimited(rule) && isForSsh(context, rule),
      )
      if (limited.length === 0 || !context.isRefused(node, opening)) continue
      // A rule that accepts some senders anyway is the other way in.
      if (context.accepting(node, opening, 1, (rule) => !isLimited(rule)).length > 0) continue
      for (const rule of limited) {
        yield context.found(reach!, rule, {
          message: `${context.placeOf(rule, 'filter')} accepts SSH at a rate that all senders share: whoever uses it up locks you out`,
          advice: 'give each sender its own',
          lines: [perSender(context.text(rule))],
        })
      }
    }
  },
}

function isLimited({ conditions }: RuleNode): boolean {
  return conditions.open.includes('limit')
}

/** The packets that it may take are for few ports, that of SSH among them. */
function isForSsh({ filter }: LintContext, rule: RuleNode): boolean {
  const ways = filter!.entriesOf(rule.chain).flatMap((entry) => rule.boxes.map((box) => meet(entry, box)))
  return ways.some((box: Box | null) => {
    const ports = box && sideOf(box, FIELD_DESTINATION_PORT)
    return ports !== null && holds(ports, SSH) && sizeOf(ports) <= MOST_PORTS
  })
}

/** The same rate with a bucket for each source. */
function perSender(text: string): string {
  return text.replace(/ -m limit --limit (\S+)(?: --limit-burst (\d+))?/, (_, rate: string, burst = '5') => {
    const each = '--hashlimit-mode srcip --hashlimit-name ssh'
    return ` -m hashlimit --hashlimit-upto ${rate} --hashlimit-burst ${burst} ${each}`
  })
}
