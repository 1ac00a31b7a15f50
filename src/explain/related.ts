/** RELATED, and to what. */

import { isWorthy } from './any-packet.ts'
import { reasonSentence } from './catalogue.ts'
import { entryWord } from './entry-words.ts'
import type { PacketFacts, Told } from './explanation.ts'

export function related({ record, master }: PacketFacts): Told | null {
  const reason = record.reasons.find(({ code }) => code === 'icmp-related' || code === 'related-expected')
  if (reason === undefined) return null
  const other = record.reasons.filter((one) => one !== reason && isWorthy(one))
  const rest = other.map((one) => ` ${reasonSentence(one, record)}.`).join('')
  if (reason.code === 'icmp-related') {
    const about = record.entry === null ? 'a connection that is gone' : entryWord(record.entry)
    const words = reasonSentence(reason, record).replace(/ about a packet of this connection$/, '')
    return {
      situation: 'related',
      weight: 'ordinary',
      sentences: [`${words} is about ${about}, so it is RELATED; the entry stays as it is.${rest}`],
      changes: [],
    }
  }
  const of = master === null ? `entry ${reason['masterId']}, which is gone` : entryWord(master)
  return {
    situation: 'related',
    weight: 'ordinary',
    sentences: [`The connection was announced in ${of}, so its first packet is RELATED, not NEW.${rest}`],
    changes: [],
  }
}
