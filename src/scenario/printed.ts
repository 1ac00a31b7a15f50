/** What was observed, in the words of a scenario: for messages, and for `--update`. */
import { icmpTypes } from '../match/icmp.ts'
import { icmp6Types } from '../match/icmp6.ts'
import type { PacketRecord, RecordAnswer, RecordTuple } from '../replay/record.ts'
import type { Observation } from './executor.ts'
import { sentAnswers } from './holds.ts'
import type { EntryWords, Expectation, HostWords, LeavesWords } from './model.ts'
import { type SeenEntry, seenRecord } from './seen.ts'

/** Names for addresses. */
export class Printer {
  readonly #names = new Map<string, string>()

  constructor(hosts: ReadonlyMap<string, HostWords>) {
    // Of several names for one address the first.
    for (const { name, address } of hosts.values()) {
      if (!this.#names.has(address)) this.#names.set(address, name)
    }
  }

  /** As detailed as the expectation is. */
  like(expectation: Expectation, observation: Observation): string {
    const { record } = observation
    switch (expectation.kind) {
      case 'ctstate':
        return ctstate(record, expectation.reasons.length > 0 || record.ctstate === 'INVALID')
      case 'reason':
        return record.reasons.length === 0
          ? 'reason none'
          : record.reasons.map(({ code }) => `reason ${code}`).join(', ')
      case 'entry':
        return record.entry === null
          ? 'entry none'
          : `entry ${this.entry(seenRecord(record.entry), expectation.entry)}`
      case 'verdict':
        return this.#verdict(observation, expectation.by !== null, expectation.by?.kind === 'comment')
      case 'hook':
        return `hook ${record.hook ?? 'none'}`
      case 'sends':
        return sends(record)
      case 'leaves':
        return this.#leaves(record, expectation.leaves)
      case 'log':
        return log(record, expectation.text)
      case 'open':
        return this.all(observation)
    }
  }

  /** All there is to expect of a packet. */
  all(observation: Observation): string {
    const { record } = observation
    const parts = [
      ctstate(record, true),
      record.entry === null ? 'entry none' : `entry ${this.entry(seenRecord(record.entry), null)}`,
      this.#verdict(observation, record.decidedBy.kind !== 'none', true),
    ]
    if (sentAnswers(record).length > 0) parts.push(sends(record))
    if (record.log !== undefined) for (const line of record.log) parts.push(`log ${quote(prefixOf(line))}`)
    const { egress } = record
    const isTranslated =
      egress !== null &&
      (egress.source !== record.source ||
        egress.destination !== record.destination ||
        egress.sourcePort !== record.sourcePort ||
        egress.destinationPort !== record.destinationPort)
    if (isTranslated) parts.push(`leaves as ${this.#tuple(egress)}`)
    return parts.join(', ')
  }

  /** Without "entry"; null is all that is usual. */
  entry(entry: SeenEntry, like: EntryWords | null): string {
    const parts: string[] = []
    const isFull = like === null
    if (entry.state !== null && (isFull || like.state !== null)) parts.push(entry.state)
    if (isFull || like.timeout !== null) parts.push(`${entry.timeout}s`)
    if (isFull ? entry.assured : like.assured !== null) parts.push(entry.assured ? 'ASSURED' : 'not ASSURED')
    if (isFull ? entry.unreplied : like.unreplied !== null)
      parts.push(entry.unreplied ? 'UNREPLIED' : 'not UNREPLIED')
    if (isFull ? entry.mark !== 0 : like.mark !== null) parts.push(`mark ${entry.mark}`)
    if (entry.zone !== null && (isFull ? entry.zone !== 0 : like.zone !== null))
      parts.push(`zone ${entry.zone}`)
    if (!isFull && like.id !== null) parts.push(`id ${entry.original.id ?? 0}`)
    if (!isFull && like.original !== null && like.protocol === null)
      parts.push(`original ${this.#tuple(entry.original)}`)
    if (isFull ? isTranslated(entry) : like.reply !== null) parts.push(`reply ${this.#tuple(entry.reply)}`)
    // Nothing of what was asked for exists, such as the state of a UDP entry.
    return parts.length === 0 ? this.entry(entry, null) : parts.join(' ')
  }

  /** As a line of a table. */
  line(entry: SeenEntry): string {
    const id = entry.original.id === undefined ? '' : ` id ${entry.original.id}`
    const rest = this.entry(entry, null)
    return `${entry.protocol} ${this.#tuple(entry.original)}${id}${rest === '' ? '' : ` ${rest}`}`
  }

  #tuple({ source, sourcePort, destination, destinationPort }: RecordTuple): string {
    return `${this.#end(source, sourcePort)} > ${this.#end(destination, destinationPort)}`
  }

  #end(address: string, port: number | undefined): string {
    const name = this.#names.get(address)
    if (port === undefined) return name ?? address
    return name === undefined && address.includes(':') ? `[${address}]:${port}` : `${name ?? address}:${port}`
  }

  #verdict({ record, comment }: Observation, withDecider: boolean, byComment: boolean): string {
    const verdict = record.verdict ?? 'undecided'
    if (record.verdict === null || !withDecider) return verdict
    if (byComment && comment !== null) return `${verdict} by ${quote(comment)}`
    const { kind, table, chain, number } = record.decidedBy
    const where = table === 'filter' ? chain : `${table} ${chain}`
    if (kind === 'rule') return `${verdict} by ${where} ${number}`
    if (kind === 'policy') return `${verdict} by ${where} policy`
    return `${verdict} by ${kind === 'none' ? 'nobody' : kind}`
  }

  #leaves({ egress }: PacketRecord, like: LeavesWords | null): string {
    if (egress === null) return 'leaves not'
    if (like === null) return `leaves as ${this.#tuple(egress)}`
    const parts = ['leaves']
    if (like.as !== null) parts.push(`as ${this.#tuple(egress)}`)
    if (like.interface !== null) parts.push(egress.interface === null ? '' : `on ${egress.interface}`)
    if (like.ttl !== null) parts.push(`ttl ${egress.ttl}`)
    if (like.tos !== null) parts.push(`tos ${egress.tos}`)
    if (like.mark !== null) parts.push(`mark ${egress.mark ?? 0}`)
    const told = parts.filter((part) => part !== '')
    return told.length === 1 ? `leaves as ${this.#tuple(egress)}` : told.join(' ')
  }
}

function ctstate({ ctstate: state, reasons }: PacketRecord, withReasons: boolean): string {
  const name = state ?? 'unjudged'
  const codes = reasons.map(({ code }) => code)
  return withReasons && codes.length > 0 ? `${name} (${codes.join(', ')})` : name
}

function sends(record: PacketRecord): string {
  const sent = sentAnswers(record)
  return sent.length === 0 ? 'sends nothing' : sent.map((answer) => `sends ${answerName(answer)}`).join(', ')
}

function answerName({ protocol, type = 0, code = 0 }: RecordAnswer): string {
  if (protocol === 'tcp') return 'reset'
  const names = protocol === 'icmp' ? icmpTypes : icmp6Types
  let near = `${type}/${code}`
  for (const [name, found] of names) {
    if (found.type !== type || code < found.codeFrom || code > found.codeTo) continue
    if (found.codeFrom === found.codeTo) return name
    near = name
  }
  return near
}

function log({ log: lines = [] }: PacketRecord, like: string | null): string {
  if (lines.length === 0) return 'log none'
  // As much of it as was asked for; the prefix at least.
  return lines
    .map((line) => `log ${quote(line.slice(0, Math.max(prefixOf(line).length, like?.length ?? 0)))}`)
    .join(', ')
}

function prefixOf(line: string): string {
  const end = line.indexOf('IN=')
  return end > 0 ? line.slice(0, end) : line.slice(0, LOG_SHOWN)
}

const LOG_SHOWN = 40

function isTranslated({ original, reply }: SeenEntry): boolean {
  return (
    original.source !== reply.destination ||
    original.destination !== reply.source ||
    original.sourcePort !== reply.destinationPort ||
    original.destinationPort !== reply.sourcePort
  )
}

/** As the scanner reads it back. */
export function quote(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  const rest = escaped.replace(/[\u0000-\u001f\u007f]/g, (letter) => {
    return `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${rest}"`
}
