/** Only one direction passes here. */
import type { PacketFacts, Told } from './explanation.ts'
import { count } from './number-words.ts'
import { packetWord } from './packet-words.ts'
import { article, tcpState } from './protocol-words.ts'

export function oneSided({ record, packets, later, from, before, former }: PacketFacts): Told | null {
  if (record.protocol !== 'tcp' || from === null || former !== null) return null
  const other = from === 'client' ? 'server' : 'client'
  // Of the whole capture: what has not come yet may come.
  if (packets[other] + later[other] > 0) return null
  const reason = record.reasons.find(({ code }) => code === 'tcp-state')
  const word = packetWord(record)
  const isAnswer = record.reasons.some(({ code }) => code === 'tcp-new') && word === 'SYN+ACK'
  if (reason === undefined && !isAnswer) return null
  const seen = `The ${other}'s packets were never seen here, while ${count(packets[from], 'packet')} of the ${from} ${packets[from] === 1 ? 'was' : 'were'}`
  return {
    situation: 'one-sided',
    weight: 'trouble',
    sentences: [
      `${seen}: they take another way (asymmetric routing), or were not captured${isAnswer ? '; or nobody here sent a SYN, and somebody forged this address (backscatter)' : ''}.`,
      reason === undefined
        ? `So this SYN+ACK answers nothing that is known, and cannot begin a connection: INVALID.`
        : `So the connection is still ${before?.state ?? tcpState(Number(reason['state']))} here, where ${article(word)} from this side has no place: INVALID.`,
    ],
    changes: [
      { sentence: 'both directions by way of this host, or a capture from where both pass' },
      { sentence: 'or no tracking of this traffic (-t raw -j CT --notrack), which no sysctl can replace' },
    ],
  }
}
