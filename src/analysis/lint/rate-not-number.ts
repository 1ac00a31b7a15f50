import { type Box, meet, sideOf } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { isWithin, one, where } from '../intervals.ts'
import { FIELD_FLAGS, FIELD_PROTOCOL, FIELD_STATE, NEW, statesWith } from '../space.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

/** What people call a number of connections. */
const NUMBER = /conn|sess|client|user|max|paral|concurr|simult/i
const PROTOCOL_TCP = 6

export const rateNotNumber: Check = {
  code: 'rate-not-number',
  severity: 'warning',
  summary: 'a rate of new connections is limited where a number of connections was meant',
  meaning:
    '`limit 10/s` with a burst of 100 lets 100 connections begin at once and 10 more each second, however many are open: it ' +
    'counts packets in time, and never one that ended. How many are open at once is what `connlimit` asks. Told where the ' +
    'name of the chain, the prefix of a log line or a comment speaks of connections, sessions or clients.',
  silence: 'the rate is meant, whatever the name says',
  example: [
    '*filter',
    ':max-conn - [0:0]',
    '-A INPUT -p tcp -m tcp --syn -j max-conn',
    '-A max-conn -m limit --limit 10/sec --limit-burst 100 -j RETURN',
    '-A max-conn -j DROP',
    'COMMIT',
  ],
  *find(context: LintContext): Iterable<Found> {
    for (const reach of context.tables) {
      for (const rule of context.living(reach)) {
        const limit = rule.rule.matches.find(({ name }) => name === 'limit')
        const { effect } = rule
        const lets = effect.kind === 'return' || (effect.kind === 'verdict' && effect.verdict === 'ACCEPT')
        if (
          limit === undefined ||
          !lets ||
          !opens(rule, reach.entriesOf(rule.chain)) ||
          !NUMBER.test(wordsOf(rule))
        )
          continue
        const burst = Number(limit.options['burst']?.value ?? 5)
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, reach.node.table.name)} limits how many connections begin in a time, not how many there are`,
          advice: 'if a number was meant, count connections',
          lines: [
            `-A ${rule.chain.name} -p tcp --syn -m connlimit --connlimit-above ${burst} --connlimit-mask 0 -j REJECT --reject-with tcp-reset`,
          ],
        })
      }
    }
  },
}

/** All that it may take are first packets of TCP connections. */
function opens(rule: RuleNode, entries: readonly Box[]): boolean {
  const ways = entries.flatMap((entry) => rule.boxes.map((box) => meet(entry, box)))
  const some = ways.filter((box) => box !== null)
  return some.length > 0 && some.every(isOpening)
}

function isOpening(box: Box): boolean {
  const protocol = sideOf(box, FIELD_PROTOCOL)
  const flags = sideOf(box, FIELD_FLAGS)
  const state = sideOf(box, FIELD_STATE)
  if (protocol === null || !isWithin(protocol, one(PROTOCOL_TCP))) return false
  return (flags !== null && isWithin(flags, opening)) || (state !== null && isWithin(state, statesWith(NEW)))
}

/** SYN without ACK, RST and FIN. */
const opening = where(64, (bits) => (bits & 0x17) === 0x02)

function wordsOf({ rule, chain }: RuleNode): string {
  const comments = rule.matches.flatMap(({ name, options }) =>
    name === 'comment' ? [String(options['comment']!.value)] : [],
  )
  return [chain.isBuiltIn ? '' : chain.name, ...comments].join(' ')
}
