/** The table is full: what fills it. */
import type { Share, TableCensus } from '../replay/table-census.ts'
import { reasonSentence } from './catalogue.ts'
import type { PacketFacts, Told } from './explanation.ts'
import { count, grouped } from './number-words.ts'

export function tableFull({ record, census, settings }: PacketFacts): Told | null {
  const reason = record.reasons.find(({ code }) => code === 'table-full' || code === 'early-drop')
  if (reason === undefined) return null
  const isDropped = reason.code === 'table-full'
  const name = 'net.netfilter.nf_conntrack_max'
  const words = reasonSentence(reason, record)
  return {
    situation: 'table-full',
    weight: isDropped ? 'trouble' : 'harmless',
    sentences: [
      `${words.charAt(0).toUpperCase()}${words.slice(1)}.`,
      ...(census === null ? [] : [censusSentence(census)]),
      ...(isDropped
        ? []
        : ['This packet got its entry; the connection that lost its own will look NEW or INVALID.']),
    ],
    changes: [
      { sentence: 'more room', sysctl: { name, value: Math.max(settings.max + 1, settings.max * 2) } },
      {
        sentence:
          'less in it: shorter timeouts of the state that fills it, or CT --notrack for what need not be tracked',
      },
    ],
  }
}

/** `It holds tcp ESTABLISHED 90 and tcp SYN_SENT 10; most are from 10.0.0.2 (80), to tcp 192.0.2.9:80 (95).` */
export function censusSentence({ entries, unreplied, states, sources, services }: TableCensus): string {
  const [source] = sources
  const [service] = services
  if (source === undefined || service === undefined)
    return 'It holds no living entry: all have expired, and wait to be taken away.'
  const held = states.map(({ name, entries }) => `${name} ${grouped(entries)}`).join(', ')
  const waiting = unreplied === 0 ? '' : `; ${grouped(unreplied)} of ${grouped(entries)} were never answered`
  return `It holds ${held}${waiting}. Most were opened by ${shareText(source)}, and to ${shareText(service)}.`
}

function shareText({ name, entries }: Share): string {
  return `${name} (${count(entries, 'entry', 'entries')})`
}
