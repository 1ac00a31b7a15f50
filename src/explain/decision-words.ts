/** What was decided on a packet, in a sentence. */

import type { PacketFacts } from './explanation.ts'
import { segmentWord } from './packet-words.ts'
import { placeText } from './place-words.ts'
import { loggers, passedEstablished, stepPlace } from './rule-advice.ts'

const kinds: Readonly<Record<string, string>> = {
  ip: 'the IP stack',
  conntrack: 'connection tracking itself',
  nat: 'NAT',
  helper: 'the helper',
}

/** With a full stop; null where nobody decided and nothing is to be said. */
export function decisionClause(facts: PacketFacts): string | null {
  const { record, hasRules } = facts
  const { verdict, decidedBy } = record
  if (record.reasons.some(({ code }) => code === 'fragment-held'))
    return 'It is held until its datagram is whole.'
  if (verdict === null) {
    if (decidedBy.kind !== 'unknown') return null
    return `Whether ${placeText(decidedBy)} takes it nobody can tell: it asks for bytes that were not captured.`
  }
  const isRuled = decidedBy['table'] !== undefined
  if (!isRuled) {
    const by = kinds[decidedBy.kind]
    if (verdict === 'DROP') return `It is dropped by ${by ?? 'nobody that is known'}, whatever the rules are.`
    if (!hasRules && record.ctstate === 'INVALID') return 'No rules are given (-r), so nothing drops it.'
    return null
  }
  return ruledClause(facts)
}

function ruledClause({ record, before }: PacketFacts): string {
  const { verdict, decidedBy } = record
  const place = placeText(decidedBy)
  const logged = loggers(record).map(stepPlace)
  const isPolicy = decidedBy.kind === 'policy'
  const by = isPolicy ? `no rule takes it, and the policy of ${place.replace(/ policy$/, '')}` : place
  const log =
    logged.length === 0 ? '' : `${logged.join(' and ')} ${logged.length === 1 ? 'logs' : 'log'} it, and `
  const words = { ACCEPT: 'accepts it', DROP: 'drops it', REJECT: 'rejects it', QUEUE: 'gives it to a queue' }
  const isKnown = record.ctstate === 'ESTABLISHED' || record.ctstate === 'RELATED'
  const missed = isKnown || verdict === 'ACCEPT' ? [] : passedEstablished(record).map(stepPlace)
  const established =
    missed.length === 0
      ? ''
      : `${missed.slice(0, 2).join(' and ')} for known connections ${missed.length === 1 ? 'does' : 'do'} not take it; `
  const answer = record.answers?.[0]
  const answered =
    answer === undefined
      ? ''
      : answer.tcpFlags === undefined
        ? ', answering with an ICMP error'
        : `, answering with ${/^R/.test(segmentWord(answer.tcpFlags)) ? 'an' : 'a'} ${segmentWord(answer.tcpFlags)}`
  const still = before !== null && record.ctstate === 'INVALID' && verdict === 'ACCEPT' ? ' all the same' : ''
  return `${capital(`${established}${log}${by} ${words[verdict!]}${still}${answered}`)}.`
}

/** For the beginning of a sentence. Names of chains stay as they are. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
