/** Packets of no special situation: what their reasons say, or that nothing is out of the ordinary. */
import { REASONS, type ReasonData } from '../conntrack/reason.ts'
import type { PacketRecord } from '../replay/record.ts'
import { reasonSentence } from './catalogue.ts'
import { capital } from './decision-words.ts'
import { entryWord } from './entry-words.ts'
import type { Change, PacketFacts, Told } from './explanation.ts'
import { duration } from './number-words.ts'
import { packetWord } from './packet-words.ts'
import { placeText } from './place-words.ts'
import { article } from './protocol-words.ts'
import { baseOf, stepPlace } from './rule-advice.ts'

const kinds = new Map<string, string>(REASONS.map(({ code, kind }) => [code, kind]))

/** Is there something to say beyond that it is so? */
export function isWorthy({ code }: ReasonData): boolean {
  return kinds.get(code) !== 'plain'
}

/** Sysctls that a reason hangs on by itself. */
const sysctls: Readonly<Record<string, readonly [name: string, value: number]>> = {
  'tcp-checksum': ['nf_conntrack_checksum', 0],
  'udp-checksum': ['nf_conntrack_checksum', 0],
  'udplite-checksum': ['nf_conntrack_checksum', 0],
  'icmp-checksum': ['nf_conntrack_checksum', 0],
  'icmp6-checksum': ['nf_conntrack_checksum', 0],
  'sctp-crc': ['nf_conntrack_checksum', 0],
  'tcp-not-loose': ['nf_conntrack_tcp_loose', 1],
}

export function otherReason(facts: PacketFacts): Told | null {
  const { record } = facts
  const cause = record.reasons.find(({ code }) => code === 'not-sent')
  if (cause !== undefined) {
    return {
      situation: 'not-sent',
      weight: 'ordinary',
      sentences: [
        `With these rules this packet would not have been sent: they drop packet ${cause['packet']}, which opens the connection.`,
      ],
      changes: [{ sentence: '--as-recorded judges it all the same' }],
    }
  }
  const telling = [...record.reasons].sort((a, b) => rank(a) - rank(b))
  const [first, ...rest] = telling
  if (first === undefined || (!isWorthy(first) && record.ctstate !== null)) return null
  const kind = kinds.get(first.code)
  const what =
    kind === 'invalid' ? `INVALID: ${reasonSentence(first, record)}` : capital(reasonSentence(first, record))
  const known = sysctls[first.code]
  const changes: Change[] =
    known === undefined
      ? []
      : [
          {
            sentence: 'it is not looked at then',
            sysctl: { name: `net.netfilter.${known[0]}`, value: known[1] },
          },
        ]
  return {
    situation: first.code === 'tcp-state' ? 'out-of-state' : 'reason',
    weight: weightOf(first.code, kind),
    sentences: [
      `${what}.`,
      ...rest.filter(isWorthy).map((reason) => `Besides: ${reasonSentence(reason, record)}.`),
      ...(kind === 'invalid' || kind === 'dropped' ? [] : [className(facts)]),
    ],
    changes,
  }
}

function weightOf(code: string, kind: string | undefined): Told['weight'] {
  // Nobody sends such flags by mistake.
  if (code === 'tcp-flags') return 'attack'
  return kind === 'invalid' || kind === 'dropped' ? 'trouble' : 'harmless'
}

/** The reason that decides comes first. */
function rank({ code }: ReasonData): number {
  return ['invalid', 'dropped', 'unknown', 'passed', 'note', 'plain'].indexOf(kinds.get(code) ?? 'plain')
}

/** What passes for one of these reasons leaves its entry's timeout as it was. */
const renewsNothing: ReadonlySet<string> = new Set([
  'tcp-ignored',
  'tcp-challenge-ack',
  'tcp-seq-low',
  'tcp-ack-low',
  'tcp-overshoot',
])

/** Linux renews no SYN_SENT by another SYN of the same side. */
function isUnanswered({ record, before }: Pick<PacketFacts, 'record' | 'before'>): boolean {
  return record.protocol === 'tcp' && before?.state === 'SYN_SENT' && record.entry?.state === 'SYN_SENT'
}

/** `It is ESTABLISHED: a packet of tcp … (ESTABLISHED), which lives 5 d longer.` */
export function className({ record, before }: PacketFacts): string {
  const { ctstate, entry } = record
  const isIgnored = record.reasons.some(({ code }) => renewsNothing.has(code))
  const left =
    entry === null
      ? ''
      : isIgnored
        ? `, whose timeout is not renewed: ${duration(entry.timeout)} are left`
        : `, which has ${duration(entry.timeout)} from here on`
  switch (ctstate) {
    case 'NEW':
      return before === null
        ? `It is NEW: no connection with these addresses and ports is known${entry === null ? '' : `; its entry${entry.state === null ? '' : ` (${entry.state})`} has ${duration(entry.timeout)}`}.`
        : `It is NEW still: the connection has not been answered yet${isUnanswered({ record, before }) ? `, and what it sends again does not renew its timeout: ${duration(entry!.timeout)} are left` : ''}.`
    case 'ESTABLISHED':
      if (entry !== null && before !== null && entry.state !== before.state)
        return `It is ESTABLISHED, and moves its entry from ${before.state} to ${entry.state}, with ${duration(entry.timeout)}.`
      return `It is ESTABLISHED: a packet of ${entry === null ? 'a connection that it ends' : entryWord(entry)}${left}.`
    case 'RELATED':
      return `It is RELATED to ${entry === null ? 'a connection that is gone' : entryWord(entry)}.`
    case 'UNTRACKED':
      return 'It is UNTRACKED: a rule exempts it, or it is of a kind that is never tracked.'
    default:
      return 'It was not judged.'
  }
}

/** Nothing is out of the ordinary about the packet; about what rules made of it, perhaps. */
export function ordinary(facts: PacketFacts): Told {
  const { record } = facts
  const isBlocked = record.verdict === 'DROP' || record.verdict === 'REJECT'
  if (isBlocked && record.ctstate === 'NEW' && record.decidedBy['table'] !== undefined) {
    return {
      situation: 'refused',
      weight: 'ordinary',
      sentences: [`${capital(article(packetWord(record)))} that would open a connection: NEW.`],
      changes: [letIn(record)],
    }
  }
  return { situation: 'ordinary', weight: 'ordinary', sentences: [className(facts)], changes: [] }
}

function letIn({ decidedBy, trace }: PacketRecord): Change {
  const step = trace?.find(
    ({ kind, table, chain, number }) =>
      kind === 'rule' &&
      table === decidedBy['table'] &&
      chain === decidedBy['chain'] &&
      number === decidedBy['number'],
  )
  const place =
    step === undefined || trace === undefined ? placeText(decidedBy) : stepPlace(baseOf(trace, step))
  return {
    sentence:
      decidedBy.kind === 'policy'
        ? `a rule in ${place.replace(/ policy$/, '')} that accepts it`
        : `a rule that accepts it ahead of ${place}`,
  }
}
