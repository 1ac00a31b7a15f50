/** NAT was skipped because the packet is INVALID: who gets it then, and the reset that follows. */
import { reasonSentence } from './catalogue.ts'
import { decisionClause } from './decision-words.ts'
import type { Change, PacketFacts, Told } from './explanation.ts'
import { outOfWindowChanges } from './out-of-window.ts'
import { endWord, packetWord } from './packet-words.ts'
import { tcpFlagsOf } from './protocol-words.ts'

const TCP_RST = 0x04
const TCP_ACK = 0x10

export function mappingSkipped(facts: PacketFacts): Told | null {
  const { record, isTranslated, before, hasRules } = facts
  if (record.ctstate !== 'INVALID' || !isTranslated || before === null || !hasRules) return null
  if (record.protocol !== 'tcp' || record.source === undefined) return null
  const isAnswer = record.source === before.reply.source && record.sourcePort === before.reply.sourcePort
  const [reason] = record.reasons
  const why = reason === undefined ? '' : ` (${reasonSentence(reason, record)})`
  const to = isAnswer ? before.original : before.reply
  const meant = isAnswer ? endWord(to.source, to.sourcePort) : endWord(to.destination, to.destinationPort)
  const isBlocked = record.verdict === 'DROP' || record.verdict === 'REJECT'
  return {
    situation: 'nat-skipped',
    weight: 'trouble',
    sentences: [
      `The packet belongs to a connection that NAT translates, but it is INVALID${why}, and NAT leaves INVALID packets as they are: it ${isAnswer ? `does not become one to ${meant}` : `keeps its source ${endWord(record.source, record.sourcePort)}`}.`,
      decisionClause(facts) ?? '',
      isBlocked ? 'So it is lost, and its sender will repeat it.' : follows(facts, isAnswer),
    ].filter((text) => text !== ''),
    changes: [...outOfWindowChanges(facts), ...(isBlocked ? [] : dropping(facts))],
    hasVerdict: true,
  }
}

/** What comes of it where nothing drops it. */
function follows(facts: PacketFacts, isAnswer: boolean): string {
  const { record, before } = facts
  const flags = tcpFlagsOf(record.tcpFlags ?? '')
  const sender = endWord(record.source!, record.sourcePort)
  if (!isAnswer) {
    return `It leaves with an address that ${endWord(record.destination!, record.destinationPort)} has no connection with: it is lost on the way, or answered with a RST.`
  }
  const inner = endWord(before!.original.source, before!.original.sourcePort)
  if ((flags & TCP_RST) !== 0) return `The host itself gets it, and ${inner} never learns of the reset.`
  const reset =
    (flags & TCP_ACK) !== 0 ? `a RST with SEQ ${record.acknowledgment}` : 'a RST that acknowledges it'
  return `The host itself gets the ${packetWord(record)}; it has no such connection, and answers ${sender} with ${reset}, which is just what ${sender} takes: the connection of ${inner} is reset.`
}

/** No RST without a packet to answer. */
function dropping({ record }: PacketFacts): Change[] {
  if (record.hook !== 'INPUT' && record.hook !== 'FORWARD') return []
  const tool = record.family === 'ipv6' ? 'ip6tables' : 'iptables'
  return [
    {
      sentence: 'INVALID dropped ahead of everything: no reset, and the segment is sent again',
      command: `${tool} -I ${record.hook} 1 -m conntrack --ctstate INVALID -j DROP`,
    },
  ]
}
