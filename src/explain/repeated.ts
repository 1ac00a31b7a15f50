/** What was sent before, and comes again; and the ACK with which a host asks whether a SYN is meant. */
import type { StoryPacket } from '../replay/story.ts'
import { className, isWorthy } from './any-packet.ts'
import { reasonSentence } from './catalogue.ts'
import { capital } from './decision-words.ts'
import type { PacketFacts, Told } from './explanation.ts'
import { packetWord } from './packet-words.ts'
import { article } from './protocol-words.ts'

const KIND_SYN = 0

/** A segment that carries only what its side sent before, and is not INVALID for it. */
export function repeated(facts: PacketFacts): Told | null {
  const { record } = facts
  if (record.ctstate === 'INVALID' || record.ctstate === null) return null
  if (lineOf(facts)?.repeated !== true) return null
  const word = packetWord(record)
  const what = word.includes('SYN')
    ? `${capital(article(word))} that was sent before comes again: its answer was lost, or is late.`
    : 'All that it carries was sent before: a retransmission, or a copy that the network made.'
  const reasons = record.reasons.filter((reason) => isWorthy(reason) || reason.code === 'tcp-retransmitted')
  return {
    situation: 'repeated',
    weight: 'harmless',
    sentences: [
      what,
      ...reasons.map((reason) => `${capital(reasonSentence(reason, record))}.`),
      className(facts),
    ],
    changes: [],
  }
}

/** `This ACK answers the SYN of packet 4, which was let through: a challenge ACK.` */
export function challenge(facts: PacketFacts): Told | null {
  const { record, before } = facts
  const own = lineOf(facts)
  if (own === undefined || own.bytes > 0 || packetWord(record) !== 'ACK') return null
  if (record.ctstate !== 'ESTABLISHED' || record.entry?.state !== before?.state) return null
  const last = facts.lines[facts.lines.indexOf(own) - 1]
  if (last?.kind !== 'packet' || last.from === own.from || last.tcpFlags === undefined) return null
  if (!last.reasons.some(({ code, index }) => code === 'tcp-ignored' && index === KIND_SYN)) return null
  const kept = record.reasons.some(({ code }) => code === 'tcp-challenge-ack')
    ? ' It is not taken for the last ACK of the close.'
    : ''
  return {
    situation: 'challenge-ack',
    weight: 'harmless',
    sentences: [
      `This ACK answers the SYN of packet ${last.lastPacket}, which passed and changed nothing: a challenge ACK (RFC 5961, 4).${kept} Who sent that SYN and has lost the old connection resets it now, and tries again.`,
      className(facts),
    ],
    changes: [],
  }
}

/** The packet's own line of the story. */
function lineOf({ lines, record }: PacketFacts): StoryPacket | undefined {
  return lines.find((line): line is StoryPacket => line.kind === 'packet' && line.packet === record.packet)
}
