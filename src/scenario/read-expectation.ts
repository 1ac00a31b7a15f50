/** What is expected of a packet: `NEW, entry SYN_SENT 120s UNREPLIED, ACCEPT by FORWARD 3`. */
import type { ReasonCode } from '../conntrack/reason.ts'
import type { Ctstate } from '../conntrack/status.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { CTSTATES, REASON_CODES, STATES, VERDICTS } from '../filter/vocabulary.ts'
import { icmpTypes } from '../match/icmp.ts'
import { icmp6Types } from '../match/icmp6.ts'
import type { PacketRecord } from '../replay/record.ts'
import { hooks, isTable } from '../ruleset/tables.ts'
import { evaluate, isFixed, noCounters, type Range, readAmount } from './amount.ts'
import { readDuration } from './duration.ts'
import { readEndpoint } from './endpoint.ts'
import type {
  CountWords,
  DeciderWords,
  EntryWords,
  Expectation,
  LeavesWords,
  OtherDecider,
  RuleWords,
  TupleWords,
} from './model.ts'
import { Refusal, type Span } from './problem.ts'
import type { PacketScope } from './read-packet.ts'
import { type Scanner, shown, type Word } from './scanner.ts'

const COUNT: Range = { what: 'a count', minimum: 0, maximum: 1e9 }
const MARK: Range = { what: 'a mark', minimum: 0, maximum: 4_294_967_295 }
const ZONE: Range = { what: 'a zone', minimum: 0, maximum: 65_535 }
const BYTE: Range = { what: 'the field', minimum: 0, maximum: 255 }
const SHORT: Range = { what: 'an identifier', minimum: 0, maximum: 65_535 }
const BYTES: Range = { what: 'a count', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

const firstWords = [
  ...CTSTATES,
  ...VERDICTS,
  'unjudged',
  'reason',
  'entry',
  'undecided',
  'hook',
  'sends',
  'leaves',
  'log',
  '?',
]
const deciders: readonly OtherDecider[] = ['conntrack', 'nat', 'helper', 'hotdrop', 'ip', 'unknown', 'nobody']
export const entryProtocols: readonly string[] = [
  'tcp',
  'udp',
  'udplite',
  'icmp',
  'icmpv6',
  'sctp',
  'gre',
  'unknown',
]

/** Expectations with commas between them, up to the end of the line. @throws Refusal */
export function readExpectations(scanner: Scanner, scope: PacketScope): Expectation[] {
  const found: Expectation[] = []
  do {
    if (scanner.done && found.length > 0) break // a comma at the end goes on in the next line
    found.push(readExpectation(scanner, scope))
  } while (scanner.take(','))
  scanner.finish('an expectation')
  return found
}

/** `100 ACCEPT, 1 DROP`. @throws Refusal */
export function readCounts(scanner: Scanner, scope: PacketScope): CountWords[] {
  const counts: CountWords[] = []
  do {
    scanner.skip()
    const start = scanner.at
    const count = readNumber(scanner, 'a count such as 100 ACCEPT', COUNT)
    const expectation = readExpectation(scanner, scope)
    counts.push({ span: { start, end: scanner.at }, count, expectation })
  } while (scanner.take(','))
  scanner.finish('what is counted')
  return counts
}

function readExpectation(scanner: Scanner, scope: PacketScope): Expectation {
  const word = scanner.word('an expectation such as NEW, entry …, or ACCEPT')
  const { text, start } = word
  const spanned = <Rest>(rest: Rest) => ({ span: { start, end: scanner.at }, ...rest })
  if (CTSTATES.includes(text)) {
    const reasons = readReasons(scanner)
    return spanned({ kind: 'ctstate', ctstate: text as Ctstate, reasons } as const)
  }
  if (VERDICTS.includes(text)) {
    const by = scanner.takeWord('by') === null ? null : readDecider(scanner)
    return spanned({ kind: 'verdict', verdict: text as PacketRecord['verdict'], by } as const)
  }
  switch (text) {
    case 'undecided':
      return spanned({ kind: 'verdict', verdict: null, by: null } as const)
    case 'unjudged':
      return spanned({ kind: 'ctstate', ctstate: null, reasons: readReasons(scanner) } as const)
    case 'reason': {
      const reasons = scanner.takeWord('none') === null ? [readCode(scanner)] : []
      return spanned({ kind: 'reason', reasons } as const)
    }
    case 'entry': {
      const entry = scanner.takeWord('none') === null ? readEntry(scanner, scope, word) : null
      return spanned({ kind: 'entry', entry } as const)
    }
    case 'hook':
      return spanned({ kind: 'hook', hook: readHook(scanner) } as const)
    case 'sends':
      return spanned({ kind: 'sends', what: readAnswer(scanner) } as const)
    case 'leaves': {
      const leaves = scanner.takeWord('not') === null ? readLeaves(scanner, scope, word) : null
      return spanned({ kind: 'leaves', leaves } as const)
    }
    case 'log': {
      const line = scanner.quoted()
      if (line === null && scanner.takeWord('none') === null)
        throw scanner.refusal('expected what the line begins with, in quotes, or none')
      return spanned({ kind: 'log', text: line?.text ?? null } as const)
    }
    case '?':
      return spanned({ kind: 'open' } as const)
  }
  throw new Refusal(
    word,
    `${shown(text)} is nothing to expect of a packet; there are ${firstWords.join(', ')}`,
    suggest(text, firstWords),
  )
}

/** `(tcp-new, tcp-rst)` where it comes next. */
function readReasons(scanner: Scanner): ReasonCode[] {
  if (!scanner.take('(')) return []
  const codes: ReasonCode[] = []
  do codes.push(readCode(scanner))
  while (scanner.take(','))
  scanner.expect(')', 'behind the reason')
  return codes
}

function readCode(scanner: Scanner): ReasonCode {
  const word = scanner.word('the code of a reason')
  if (REASON_CODES.includes(word.text)) return word.text as ReasonCode
  const told = `${shown(word.text)} is no reason: docs/reference/reasons.md has them`
  throw new Refusal(word, told, suggest(word.text, REASON_CODES))
}

function readDecider(scanner: Scanner): DeciderWords {
  const word = scanner.peekWord()
  const other = deciders.find((name) => name === word?.text)
  if (word === null || other === undefined) return readRule(scanner)
  const { at } = scanner
  scanner.at = word.end
  // `nat PREROUTING 1` is a rule of that table.
  if (other === 'nat' && /^[A-Za-z]/.test(scanner.peekWord()?.text ?? '')) {
    scanner.at = at
    return readRule(scanner)
  }
  return { kind: other }
}

/** `"comment"`, `[TABLE] CHAIN NUMBER` or `[TABLE] CHAIN policy`. @throws Refusal */
export function readRule(scanner: Scanner): RuleWords {
  const comment = scanner.quoted()
  if (comment !== null) return { kind: 'comment', text: comment.text }
  let chain = scanner.word('a rule such as FORWARD 3, FORWARD policy or "its comment"')
  let table: string | null = null
  const next = scanner.peekWord()
  if (isTable(chain.text) && next !== null && !/^(?:\d+|policy)$/.test(next.text)) {
    table = chain.text
    chain = scanner.word('a chain')
  }
  if (scanner.takeWord('policy') !== null) return { kind: 'policy', table, chain: chain.text }
  const number = readNumber(scanner, `the number of a rule in ${chain.text}, or policy`, COUNT)
  return { kind: 'rule', table, chain: chain.text, number }
}

function readHook(scanner: Scanner): string {
  const word = scanner.word('a hook such as INPUT')
  if ((hooks as readonly string[]).includes(word.text)) return word.text
  throw new Refusal(word, `${shown(word.text)} is no hook`, suggest(word.text, hooks))
}

function readAnswer(scanner: Scanner): string | null {
  const word = scanner.word('nothing, reset or a type of ICMP such as port-unreachable')
  if (word.text === 'nothing') return null
  const known = ['nothing', 'reset', ...icmpTypes.keys(), ...icmp6Types.keys()]
  if (known.includes(word.text)) return word.text
  throw new Refusal(word, `${shown(word.text)} is nothing that REJECT sends`, suggest(word.text, known))
}

function readLeaves(scanner: Scanner, scope: PacketScope, first: Word): LeavesWords {
  const found = {
    as: null as TupleWords | null,
    interface: null as string | null,
    ttl: null as number | null,
    tos: null as number | null,
    mark: null as number | null,
  }
  const seen = new Set<string>()
  for (let word = scanner.peekWord(); word !== null; word = scanner.peekWord()) {
    scanner.at = word.end
    once(seen, word)
    if (word.text === 'as') found.as = readTuple(scanner, scope)
    else if (word.text === 'on') found.interface = scanner.word('an interface').text
    else if (word.text === 'ttl') found.ttl = readNumber(scanner, 'the TTL', BYTE)
    else if (word.text === 'tos') found.tos = readNumber(scanner, 'the TOS', BYTE)
    else if (word.text === 'mark') found.mark = readNumber(scanner, 'the mark', MARK)
    else {
      const known = ['as', 'on', 'ttl', 'tos', 'mark']
      throw new Refusal(
        word,
        `a packet leaves ${known.join(', ')}, not ${shown(word.text)}`,
        suggest(word.text, known),
      )
    }
  }
  if (seen.size === 0)
    throw new Refusal(first, 'how it leaves: as A > B, on IFACE, ttl N, tos N, mark N, or not')
  return found
}

function once(seen: Set<string>, word: Word): void {
  if (seen.has(word.text)) throw new Refusal(word, `${word.text} is there already`)
  seen.add(word.text)
}

/** `client:40000 > server:80`. @throws Refusal */
export function readTuple(scanner: Scanner, { hosts, counters }: PacketScope): TupleWords {
  const source = readEndpoint(scanner, hosts, counters)
  scanner.expect('>', 'between source and destination')
  return { source, destination: readEndpoint(scanner, hosts, counters) }
}

const entryWords = ['ASSURED', 'UNREPLIED', 'not', 'mark', 'zone', 'id', 'original', 'reply']

/** A line of a table: protocol and original direction first, then as behind `entry`. @throws Refusal */
export function readTableEntry(scanner: Scanner, scope: PacketScope): EntryWords {
  const word = scanner.word('a protocol such as tcp')
  if (!entryProtocols.includes(word.text)) {
    throw new Refusal(
      word,
      `an entry begins with its protocol: ${entryProtocols.join(', ')}`,
      suggest(word.text, entryProtocols),
    )
  }
  const original = readTuple(scanner, scope)
  const entry = readEntry(scanner, scope, word, true)
  scanner.finish('an entry')
  if (entry.original !== null) throw new Refusal(word, 'the original direction is there already')
  return { ...entry, protocol: word.text, original }
}

function readEntry(scanner: Scanner, scope: PacketScope, first: Word, mayBeBare = false): EntryWords {
  const found = {
    state: null as string | null,
    timeout: null as number | null,
    assured: null as boolean | null,
    unreplied: null as boolean | null,
    mark: null as number | null,
    zone: null as number | null,
    id: null as number | null,
    original: null as TupleWords | null,
    reply: null as TupleWords | null,
  }
  const seen = new Set<string>()
  for (let word = scanner.peekWord(); word !== null; word = scanner.peekWord()) {
    scanner.at = word.end
    const isNot = word.text === 'not'
    if (isNot) word = scanner.word('ASSURED or UNREPLIED')
    if (isNot && word.text !== 'ASSURED' && word.text !== 'UNREPLIED')
      throw new Refusal(word, 'expected ASSURED or UNREPLIED behind not')
    if (/^\d/.test(word.text)) {
      once(seen, { ...word, text: 'the time left' })
      scanner.at = word.start
      found.timeout = readSeconds(scanner)
    } else if (STATES.includes(word.text)) {
      once(seen, { ...word, text: 'the state' })
      found.state = word.text
    } else {
      once(seen, word)
      if (word.text === 'ASSURED') found.assured = !isNot
      else if (word.text === 'UNREPLIED') found.unreplied = !isNot
      else if (word.text === 'mark') found.mark = readNumber(scanner, 'the mark', MARK)
      else if (word.text === 'zone') found.zone = readNumber(scanner, 'the zone', ZONE)
      else if (word.text === 'id') found.id = readNumber(scanner, 'the identifier', SHORT)
      else if (word.text === 'original') found.original = readTuple(scanner, scope)
      else if (word.text === 'reply') found.reply = readTuple(scanner, scope)
      else {
        const known = [...STATES, ...entryWords, 'none']
        throw new Refusal(
          word,
          `${shown(word.text)} is no part of an entry: a state, a time such as 120s, ${entryWords.join(', ')}`,
          suggest(word.text, known),
        )
      }
    }
  }
  if (seen.size === 0 && !mayBeBare)
    throw new Refusal(first, 'what its entry is: none, or e.g. SYN_SENT 120s')
  return { span: { start: first.start, end: scanner.at }, protocol: null, ...found }
}

/** Whole ones, as a table shows them. */
function readSeconds(scanner: Scanner): number {
  const start = scanner.at
  const microseconds = readDuration(scanner)
  if (microseconds % 1e6 === 0) return microseconds / 1e6
  throw new Refusal({ start, end: scanner.at }, 'a table shows whole seconds')
}

export function readNumber(scanner: Scanner, expected: string, range: Range): number {
  scanner.skip()
  const amount = readAmount(scanner, new Set())
  if (amount === null) throw scanner.refusal(`expected ${expected}`)
  if (!isFixed(amount)) throw new Refusal(amount.span, 'a number that is expected is written in digits')
  return evaluate(amount, noCounters, range)
}

/** `FORWARD 3 = 5 packets [300 bytes]`. @throws Refusal */
export function readCounters(scanner: Scanner): {
  readonly rule: RuleWords
  readonly packets: number
  readonly bytes: number | null
} {
  const rule = readRule(scanner)
  scanner.expect('=', 'between the rule and what it has counted')
  const packets = readNumber(scanner, 'a number of packets', BYTES)
  takeUnit(scanner, 'packet')
  if (scanner.done) return { rule, packets, bytes: null }
  const bytes = readNumber(scanner, 'a number of bytes', BYTES)
  takeUnit(scanner, 'byte')
  scanner.finish('a counter')
  return { rule, packets, bytes }
}

/** `packet` or `packets`: 1 packet reads better. */
function takeUnit(scanner: Scanner, unit: string): Span {
  const found = scanner.takeWord(`${unit}s`) ?? scanner.takeWord(unit)
  if (found === null) throw scanner.refusal(`expected "${unit}s"`, [`${unit}s`])
  return found
}
