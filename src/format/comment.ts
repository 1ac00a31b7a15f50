/** A record as a comment of a pcapng packet: words that Wireshark can filter, as in `frame.comment contains "ctstate=INVALID"`. */
import { reasonSentence } from '../explain/catalogue.ts'
import { placeText } from '../explain/place-words.ts'
import type { PacketRecord } from '../replay/record.ts'
import { entryText } from './packet-line.ts'

export function commentOf(record: PacketRecord): string {
  const words = [`ctstate=${record.ctstate ?? 'none'}`]
  if (record.decidedBy.kind !== 'none') {
    words.push(`verdict=${record.verdict}`)
    if (record.decidedBy['table'] !== undefined) words.push(`by="${placeText(record.decidedBy)}"`)
  }
  for (const reason of record.reasons) words.push(`reason=${reason.code}`)
  words.push(
    record.entry === null ? 'entry=none' : `entry="${record.entry.protocol} ${entryText(record.entry)}"`,
  )
  const sentences = record.reasons.map((reason) => reasonSentence(reason, record))
  return [words.join(' '), ...sentences].join('\n')
}
