/** What a comparison found, in words that text and Markdown share. What is no phrase is not escaped yet. */
import { reasonSentence } from '../explain/catalogue.ts'
import { count, grouped } from '../explain/number-words.ts'
import { endWord, flowWord, packetWord } from '../explain/packet-words.ts'
import type { ChangeGroup, FlowChange, Judgement } from '../replay/difference/change.ts'
import type { Difference } from '../replay/difference/difference.ts'
import type { Effect } from '../replay/difference/effect.ts'
import type { HitChange } from '../replay/difference/rule-hits.ts'
import type { RulePlace } from '../replay/difference/rule-place.ts'
import type { Session, SwapReport } from '../replay/difference/sessions.ts'
import type { Cause } from '../replay/difference/why.ts'
import type { PacketRecord, RecordEgress } from '../replay/record.ts'
import { timeOfDay } from './packet-line.ts'
import { type Phrase, phrase, plainText, words } from './phrase.ts'

/** Seconds east of UTC at a time. */
export type OffsetAt = (seconds: number) => number

/** `3 of 1,204 flows change (17 of 45,120 packets)`. */
export function headline({ same, flows, packets }: Difference): string {
  const all = `${count(flows.total, 'flow')}, ${count(packets.total, 'packet')}`
  if (flows.total === 0) return 'No flow changes: there is none in the capture'
  if (same) return `No flow changes: ${all}`
  const verb = flows.changed === 1 ? 'changes' : 'change'
  return `${grouped(flows.changed)} of ${count(flows.total, 'flow')} ${verb} (${grouped(packets.changed)} of ${count(packets.total, 'packet')})`
}

const effectWords: Readonly<Record<Effect, string>> = {
  verdict: 'verdict',
  translation: 'leaves with other addresses or ports',
  answer: 'is answered otherwise',
  interface: 'leaves by another interface',
  queue: 'goes to another queue',
  mark: 'leaves with another mark',
  connmark: 'its connection has another mark',
  header: 'leaves with another TTL or TOS',
  priority: 'leaves with another priority',
  content: 'leaves with other bytes',
  log: 'is logged otherwise',
}

/** `ACCEPT → DROP`; `ACCEPT, leaves with other addresses or ports`. */
export function groupTitle({ old, new: now, effects }: ChangeGroup): string {
  if (old.fate !== now.fate) return `${old.fate} → ${now.fate}`
  return [old.fate, ...effects.map((effect) => effectWords[effect])].join(', ')
}

/** `filter` needs no name: `INPUT 6`, `nat PREROUTING 1`, `INPUT policy`. */
export function placeWord({ table, chain, number }: RulePlace): string {
  return `${table === 'filter' ? '' : `${table} `}${chain} ${number ?? 'policy'}`
}

/** `rules.v4:13`; '' for what no line of a file says. */
export function lineWord({ file, line }: RulePlace): string {
  return line === null ? '' : `${file}:${line}`
}

const deciders: Readonly<Record<string, string>> = {
  ip: 'the IP stack',
  conntrack: 'connection tracking',
  nat: 'NAT: no address or port to translate to',
  helper: 'a helper',
  none: 'nobody has anything against it',
}

/** Who decided where no rule did: by the record of that side. */
export function nobodyWord({ fate }: Judgement, record: PacketRecord): string {
  if (fate === 'not sent') return 'an earlier packet of it does not get through'
  return deciders[record.decidedBy.kind] ?? 'not judged'
}

/** Of the packet that tells: where its ways part, and the tracker's reason. */
export function whySentences({ why, first }: FlowChange, group: ChangeGroup): Phrase[] {
  const notSent = group.old.fate === 'not sent' ? first.old : group.new.fate === 'not sent' ? first.new : null
  if (notSent !== null) {
    const reason = notSent.reasons.find(({ code }) => code === 'not-sent')
    return reason === undefined ? [] : [words(reasonSentence(reason, notSent))]
  }
  if (why === null) return []
  const sentences: Phrase[] = []
  /** Told already where it is the one that decides. */
  const text: TextOf = (rule) =>
    isSameRule(rule, group.old.by) || isSameRule(rule, group.new.by) ? words('') : phrase`: ${rule.text}`
  if (why.old !== null && !explainsAll(why.new, why.old)) sentences.push(...oldCause(why.old, text))
  if (why.new !== null && !explainsAll(why.old, why.new)) sentences.push(...newCause(why.new, text))
  if (why.reason !== null) {
    const { side, reason } = why.reason
    const record = side === 'old' ? first.old : first.new
    sentences.push(words(`with ${side === 'old' ? 'OLD' : 'NEW'}: ${reasonSentence(reason, record)}`))
  }
  if (sentences.length === 0)
    sentences.push(words('the same rules take it: what earlier packets left behind is not the same'))
  return sentences
}

/**
 * One side's rule has nothing on the other side that takes the packet: what stands behind it there need not be told. Of two such
 * rules, OLD's is.
 */
function explainsAll(cause: Cause | null, other: Cause): boolean {
  const isDecisive = ({ kind }: Cause) => kind === 'gone' || kind === 'changed' || kind === 'failed'
  return cause !== null && isDecisive(cause) && (cause.side === 'old' || !isDecisive(other))
}

function isSameRule(a: RulePlace, b: RulePlace | null): boolean {
  return a.file === b?.file && a.table === b.table && a.chain === b.chain && a.number === b.number
}

type TextOf = (rule: RulePlace) => Phrase

function failing(condition: string, there: string): Phrase {
  return condition === '' ? words('') : phrase`, and ${condition} does not hold ${words(there)}`
}

function policyWord(text: string): Phrase {
  return phrase`${text.replace('policy ', '')}`
}

function oldCause({ kind, rule, other, condition }: Cause, text: TextOf): Phrase[] {
  const place = placeWord(rule)
  const there = other === null ? '' : placeWord(other)
  switch (kind) {
    case 'gone':
      return [phrase`NEW has no rule like OLD's ${place}${text(rule)}`]
    case 'changed':
      if (rule.number === null)
        return [phrase`the policy of ${rule.chain} is ${policyWord(other!.text)} in NEW`]
      return [
        phrase`OLD's ${place} has become NEW's ${there}${text(other!)}${failing(condition, 'for this packet')}`,
      ]
    case 'failed':
      return [phrase`NEW has OLD's ${place} too, as ${there}${text(rule)}${failing(condition, 'there')}`]
    case 'behind':
      return [phrase`NEW has OLD's ${place} as ${there}, behind the rule that takes the packet`]
    case 'unreached':
      if (rule.number === null) return []
      return [phrase`NEW has OLD's ${place} too, as ${there}, but the packet does not come to it`]
    case 'taken':
      return []
  }
}

function newCause({ kind, rule, other, condition }: Cause, text: TextOf): Phrase[] {
  const place = placeWord(rule)
  const there = other === null ? '' : placeWord(other)
  switch (kind) {
    case 'gone':
      return [phrase`NEW's ${place} is new${text(rule)}`]
    case 'changed':
      if (rule.number === null)
        return [phrase`the policy of ${rule.chain} is ${policyWord(other!.text)} in OLD`]
      return [
        phrase`NEW's ${place} was OLD's ${there}${text(other!)}${failing(condition, 'for this packet')}`,
      ]
    case 'failed':
      return [phrase`OLD has NEW's ${place} too, as ${there}${text(rule)}${failing(condition, 'there')}`]
    case 'behind':
      return [phrase`OLD has NEW's ${place} as ${there}, behind the rule that takes the packet`]
    case 'unreached':
      if (rule.number === null) return [phrase`no rule of NEW takes it in ${rule.chain}`]
      return [phrase`OLD has NEW's ${place} too, as ${there}, but the packet does not come to it`]
    case 'taken':
      return []
  }
}

/** In what the packet that tells differs, beside its verdict: `leaves as … with OLD, … with NEW`. */
export function effectSentences({ first }: FlowChange): Phrase[] {
  const { old, new: now, effects } = first
  // What it was to be else is no matter where it does not get there.
  if (effects.includes('verdict')) return []
  const sentences: Phrase[] = []
  const both = (what: string, before: string, after: string) =>
    sentences.push(phrase`${words(what)} ${before} with OLD, ${after} with NEW`)
  if (old.egress !== null && now.egress !== null) {
    if (effects.includes('translation')) both('leaves as', egressWord(old.egress), egressWord(now.egress))
    if (effects.includes('interface'))
      both(
        'leaves by',
        old.egress.interface ?? 'an unknown interface',
        now.egress.interface ?? 'an unknown one',
      )
    if (effects.includes('mark')) both('its mark is', hexWord(old.egress.mark), hexWord(now.egress.mark))
    if (effects.includes('header'))
      both(
        'its TTL and TOS are',
        `${old.egress.ttl}, ${old.egress.tos}`,
        `${now.egress.ttl}, ${now.egress.tos}`,
      )
  }
  if (effects.includes('connmark'))
    both('the mark of its connection is', hexWord(old.entry?.mark), hexWord(now.entry?.mark))
  if (effects.includes('answer')) both('the answer is', answerWord(old), answerWord(now))
  if (effects.includes('log')) both('the log has', logWord(old), logWord(now))
  return sentences
}

function egressWord(egress: RecordEgress): string {
  return `${endWord(egress.source, egress.sourcePort)} > ${endWord(egress.destination, egress.destinationPort)}`
}

function hexWord(mark: number | undefined): string {
  return `0x${(mark ?? 0).toString(16)}`
}

function answerWord({ answers }: PacketRecord): string {
  const [answer] = answers ?? []
  return answer === undefined ? 'none' : packetWord(answer as Partial<PacketRecord>)
}

function logWord({ log }: PacketRecord): string {
  return log === undefined ? 'nothing' : log.map((line) => `“${line.trimEnd()}”`).join(', ')
}

/** `tcp 10.0.0.2:40000 > 192.0.2.9:80`; of ICMP with type and code. */
export function flowName({ flow }: Pick<FlowChange, 'flow'> | Pick<Session, 'flow'>): string {
  const icmp = flow.type === undefined ? '' : ` type ${flow.type} code ${flow.code}`
  return `${flow.protocol === 'unknown' ? `protocol ${flow.protocolNumber} ` : ''}${flowWord(flow)}${icmp}`.replace(
    /(protocol \d+) unknown /,
    '$1 ',
  )
}

/** `14 of 14 packets, first 12 (SYN) at 22:13:20.100`. */
export function flowNumbers(change: FlowChange, offsetAt: OffsetAt): string {
  const { packets, differing, first } = change
  const { packet, time } = first.old
  return `${grouped(differing)} of ${count(packets, 'packet')}, first ${packet} (${packetWord(first.old)}) at ${timeOfDay(time, offsetAt)}`
}

/** `-` gone, `+` new, `~` another place, blank the same: a rule or policy as a line of two counts. */
export interface HitRow {
  readonly sign: '-' | '+' | '~' | ' '
  readonly old: string
  readonly now: string
  readonly place: string
  readonly text: string
}

/** A changed rule has two rows. */
export function hitRows(changes: readonly HitChange[]): HitRow[] {
  return changes.flatMap(({ kind, old, new: now }): HitRow[] => {
    const [before, after] = [
      old === null ? '' : grouped(old.packets),
      now === null ? '' : grouped(now.packets),
    ]
    const gone = (): HitRow => ({ sign: '-', old: before, now: '', place: fullPlace(old!), text: old!.text })
    const added = (): HitRow => ({ sign: '+', old: '', now: after, place: fullPlace(now!), text: now!.text })
    if (kind === 'removed') return [gone()]
    if (kind === 'added') return [added()]
    if (kind === 'changed') return [gone(), added()]
    const place = fullPlace(now!)
    if (kind === 'same') return [{ sign: ' ', old: before, now: after, place, text: now!.text }]
    return [{ sign: '~', old: before, now: after, place: `${place} (was ${old!.number})`, text: now!.text }]
  })
}

function fullPlace(place: RulePlace): string {
  return `${place.family === 'ipv6' ? 'IPv6 ' : ''}${placeWord(place)}`
}

/** `5 connections were open: 3 go on, 1 is cut, 1 was not seen again`. */
export function swapHeadline({ open, goesOn, cut, unseen }: SwapReport): string {
  if (open === 0) return 'no connection was open'
  const parts = [
    cut > 0 ? `${grouped(cut)} ${cut === 1 ? 'is' : 'are'} cut` : '',
    goesOn > 0 ? `${grouped(goesOn)} ${goesOn === 1 ? 'goes' : 'go'} on` : '',
    unseen > 0 ? `of ${grouped(unseen)} no packet was seen after the swap` : '',
  ].filter((part) => part !== '')
  return `${count(open, 'connection')} ${open === 1 ? 'was' : 'were'} open: ${parts.join(', ')}`
}

export interface SessionGroup {
  readonly title: Phrase
  readonly sessions: readonly Session[]
}

/** Sessions that fared alike by the same rules, in the order of the report; those to port 22 first in each. */
export function sessionGroups({ sessions }: SwapReport): SessionGroup[] {
  const groups = new Map<string, { readonly title: Phrase; readonly sessions: Session[] }>()
  for (const session of sessions) {
    const title = sessionTitle(session)
    const key = plainText(title)
    const group = groups.get(key) ?? { title, sessions: [] }
    group.sessions.push(session)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ title, sessions }) => ({
    title,
    sessions: sessions.sort((a, b) => Number(isSsh(b)) - Number(isSsh(a))),
  }))
}

function sessionTitle({ fate, by }: Session): Phrase {
  if (fate === 'unseen') return words('no packet seen after the swap')
  const rules = by.map(({ by, fate }) => (by === null ? words(fate) : phrase`${placeWord(by)}: ${by.text}`))
  const list = rules.flatMap((rule, index) => (index === 0 ? [rule] : [words('; '), rule])).flat()
  return [...words(fate === 'cut' ? 'cut by ' : 'goes on by '), ...list]
}

function isSsh({ flow }: Session): boolean {
  return flow.protocol === 'tcp' && (flow.destinationPort === 22 || flow.sourcePort === 22)
}

/** `your SSH session tcp 10.0.0.2:50022 > 192.0.2.9:22, ESTABLISHED, 17 packets after the swap`. */
export function sessionWord(session: Session): Phrase {
  const { entry, packets, cut } = session
  const state = entry.state === null ? '' : `, ${entry.state}`
  const after = packets === 0 ? '' : `, ${count(packets, 'packet')} after the swap`
  const where = cut === null ? '' : `, cut at packet ${cut.packet} (${packetWord(cut)})`
  return phrase`${words(isSsh(session) ? 'SSH session ' : '')}${flowName(session)}${words(state + after + where)}`
}

/** `12:00:00 after 1,204 packets`. */
export function swapTime({ at, packets }: SwapReport, offsetAt: OffsetAt): string {
  const time = `${at.seconds}.${String(at.nanoseconds).padStart(9, '0').slice(0, 6)}`
  return `${timeOfDay(time, offsetAt)}, behind ${count(packets, 'packet')}`
}
