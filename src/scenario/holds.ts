/** Does what was expected hold of what was observed? What is not written is not asked. */
import { icmpTypes } from '../match/icmp.ts'
import { icmp6Types } from '../match/icmp6.ts'
import type { PacketRecord, RecordAnswer, RecordTuple } from '../replay/record.ts'
import type { Counters } from './amount.ts'
import { type End, resolveEnd } from './endpoint.ts'
import type { Observation } from './executor.ts'
import type { DeciderWords, EntryWords, Expectation, LeavesWords, TupleWords } from './model.ts'
import { type SeenEntry, seenRecord } from './seen.ts'

/** An open expectation never holds: it is to be filled in. @throws Refusal where a calculation has no result */
export function holds(expectation: Expectation, observation: Observation, counters: Counters): boolean {
  const { record } = observation
  switch (expectation.kind) {
    case 'ctstate':
      return record.ctstate === expectation.ctstate && hasReasons(record, expectation.reasons)
    case 'reason':
      return expectation.reasons.length === 0
        ? record.reasons.length === 0
        : hasReasons(record, expectation.reasons)
    case 'entry': {
      const { entry } = expectation
      if (entry === null || record.entry === null) return entry === null && record.entry === null
      return isEntry(entry, seenRecord(record.entry), counters)
    }
    case 'verdict':
      return (
        record.verdict === expectation.verdict &&
        (expectation.by === null || isDecider(expectation.by, observation))
      )
    case 'hook':
      return record.hook === expectation.hook
    case 'sends': {
      const sent = sentAnswers(record)
      const { what } = expectation
      return what === null ? sent.length === 0 : sent.some((answer) => isAnswer(what, answer))
    }
    case 'leaves':
      return isEgress(expectation.leaves, record.egress, counters)
    case 'log': {
      const { text } = expectation
      const lines = record.log ?? []
      return text === null ? lines.length === 0 : lines.some((line) => line.startsWith(text))
    }
    case 'open':
      return false
  }
}

function hasReasons({ reasons }: PacketRecord, codes: readonly string[]): boolean {
  return codes.every((code) => reasons.some((reason) => reason.code === code))
}

export function isEntry(words: EntryWords, entry: SeenEntry, counters: Counters): boolean {
  const same = <Value>(expected: Value | null, found: Value) => expected === null || expected === found
  return (
    same(words.protocol, entry.protocol) &&
    same(words.state, entry.state) &&
    same(words.timeout, entry.timeout) &&
    same(words.assured, entry.assured) &&
    same(words.unreplied, entry.unreplied) &&
    same(words.mark, entry.mark) &&
    same(words.zone, entry.zone) &&
    same(words.id, entry.original.id ?? null) &&
    isTuple(words.original, entry.original, counters) &&
    isTuple(words.reply, entry.reply, counters)
  )
}

function isTuple(words: TupleWords | null, tuple: RecordTuple, counters: Counters): boolean {
  if (words === null) return true
  return (
    isEnd(resolveEnd(words.source, counters), tuple.source, tuple.sourcePort) &&
    isEnd(resolveEnd(words.destination, counters), tuple.destination, tuple.destinationPort)
  )
}

function isEnd(end: End, address: string, port: number | undefined): boolean {
  return end.address === address && (end.port === null || end.port === port)
}

function isDecider(by: DeciderWords, { record, comment }: Observation): boolean {
  const { kind, table, chain, number } = record.decidedBy
  switch (by.kind) {
    case 'comment':
      return comment === by.text
    case 'rule':
      // What a match dropped itself (hotdrop) was dropped in a rule as well, and is told apart.
      return kind === 'rule' && chain === by.chain && number === by.number && isIn(by.table, table)
    case 'policy':
      return kind === 'policy' && chain === by.chain && isIn(by.table, table)
    case 'nobody':
      return kind === 'none'
    default:
      return kind === by.kind
  }
}

const isIn = (expected: string | null, table: string | number | undefined): boolean =>
  expected === null || expected === table

/** What REJECT answered and the machine let out. */
export function sentAnswers({ answers = [] }: PacketRecord): readonly RecordAnswer[] {
  return answers.filter(({ verdict }) => verdict === 'ACCEPT')
}

function isAnswer(what: string, { protocol, tcpFlags, type, code = 0 }: RecordAnswer): boolean {
  if (protocol === 'tcp') return what === 'reset' && tcpFlags?.includes('R') === true
  const found = (protocol === 'icmp' ? icmpTypes : icmp6Types).get(what)
  return found !== undefined && found.type === type && found.codeFrom <= code && code <= found.codeTo
}

function isEgress(words: LeavesWords | null, egress: PacketRecord['egress'], counters: Counters): boolean {
  if (words === null || egress === null) return words === null && egress === null
  return (
    isTuple(words.as, egress, counters) &&
    (words.interface === null || words.interface === egress.interface) &&
    (words.ttl === null || words.ttl === egress.ttl) &&
    (words.tos === null || words.tos === egress.tos) &&
    (words.mark === null || words.mark === (egress.mark ?? 0))
  )
}
