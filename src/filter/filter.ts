/**
 * A selection of packets and entries: what of a run is shown. The tracker always sees everything.
 *
 * A packet is selected by its own header. An ICMP error is selected as well when the entry that it belongs to is
 * selected by either of its tuples, for whoever looks at a flow wants to see the errors about it.
 *
 * An entry is selected when either of its tuples is. `frame`, `in`, `out`, `less`, `greater`, `ctstate`, `reason` and
 * `verdict` are about packets alone; asked about an entry they are open, and what stays open is shown:
 * `host A and reason tcp-*` shows all entries of A.
 */
import type { EntryView } from '../conntrack/view.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import {
  type Direction,
  type Expression,
  formatExpression,
  PORT_PROTOCOLS,
  PROTOCOL_WORDS,
  type Range,
  type Term,
  type Words,
} from './expression.ts'
import { addressText, contains } from './network.ts'
import { parseExpression } from './parser.ts'
import { type FilterError, FilterRefusal } from './refusal.ts'
import { isErrorRecord, Subject } from './subject.ts'

/** Answers of a term. `and` is the least of its operands, `or` the greatest, `not` the mirror. */
const NO = 0
const OPEN = 1
const YES = 2

type Answer = typeof NO | typeof OPEN | typeof YES
type Test = (subject: Subject) => Answer

const answer = (yes: boolean): Answer => (yes ? YES : NO)

/** A selection of packets and entries, made by `parseFilter`: pcap-filter's words, and some about states. */
export class Filter {
  /** What was read, as a tree. */
  readonly expression: Expression
  readonly #test: Test
  readonly #subject = new Subject()

  /** Takes what the parser made of a text: use `parseFilter`. */
  constructor(expression: Expression) {
    this.expression = expression
    this.#test = compile(expression)
  }

  /** The selection in full, e.g. `port 80 or port 443` for `port 80 or 443`. */
  toString(): string {
    return formatExpression(this.expression)
  }

  /** Is the packet selected, by its own header or, for an ICMP error, by its entry? */
  matches(record: PacketRecord): boolean {
    const subject = this.#subject
    subject.setRecord(record)
    if (this.#test(subject) === YES) return true
    return record.entry !== null && isErrorRecord(record) && this.#either(record.entry) === YES
  }

  /** Is the entry selected, by either of its directions? What is about packets alone stays open. */
  matchesEntry(entry: EntryView | RecordEntry): boolean {
    this.#subject.record = null
    return this.#either(entry) !== NO
  }

  #either(entry: EntryView | RecordEntry): number {
    const subject = this.#subject
    subject.setEntry(entry)
    subject.setTuple(entry.original)
    const original = this.#test(subject)
    if (original === YES) return YES
    subject.setTuple(entry.reply)
    return Math.max(original, this.#test(subject))
  }
}

/**
 * Reads a selection; `formatFilterError` shows the error. Never throws, whatever the text.
 *
 * ```ts
 * import { formatFilterError, parseFilter } from 'sallyport'
 *
 * const text = 'host 192.0.2.1 and port 80 or 443'
 * const result = parseFilter(text)
 * if ('filter' in result) console.log(`${result.filter}`)
 * else console.log(formatFilterError(result.error, text))
 * ```
 */
export function parseFilter(text: string): { filter: Filter } | { error: FilterError } {
  try {
    return { filter: new Filter(parseExpression(text)) }
  } catch (error) {
    if (error instanceof FilterRefusal) return { error: error.error }
    throw error
  }
}

function compile(expression: Expression): Test {
  switch (expression.kind) {
    case 'not': {
      const operand = compile(expression.operand)
      return (subject) => (YES - operand(subject)) as Answer
    }
    case 'chain': {
      const first = compile(expression.first)
      const rest = expression.rest.map(({ operator, operand }) => ({
        and: operator === 'and',
        test: compile(operand),
      }))
      return (subject) => {
        let result = first(subject)
        for (const { and, test } of rest) {
          if (result === (and ? NO : YES)) continue
          const next = test(subject)
          if (and ? next < result : next > result) result = next
        }
        return result
      }
    }
    default:
      return compileTerm(expression)
  }
}

function compileTerm(term: Term): Test {
  switch (term.kind) {
    case 'family':
      return ({ family }) => answer(family === term.family)
    case 'protocol': {
      const number = PROTOCOL_WORDS[term.protocol]
      return ({ protocol }) => answer(protocol === number)
    }
    case 'proto':
      return ({ family, protocol }) =>
        answer(protocol === term.number && (term.family === null || family === term.family))
    case 'host': {
      const text = addressText(term.address)
      const ends = endsTest(term.direction)
      return ({ source, destination }) => ends(source === text, destination === text)
    }
    case 'net': {
      const { address, prefix } = term
      const ends = endsTest(term.direction)
      return ({ source, destination }) =>
        ends(contains(address, prefix, source), contains(address, prefix, destination))
    }
    case 'port': {
      const ends = endsTest(term.direction)
      const [low, high] = term.range
      const protocols: readonly number[] =
        term.protocol === null
          ? PORT_PROTOCOLS.map((word) => PROTOCOL_WORDS[word])
          : [PROTOCOL_WORDS[term.protocol]]
      return ({ protocol, sourcePort, destinationPort }) =>
        protocols.includes(protocol)
          ? ends(sourcePort >= low && sourcePort <= high, destinationPort >= low && destinationPort <= high)
          : NO
    }
    case 'state': {
      const { words } = term
      return ({ state }) => answer(state !== null && words.includes(state))
    }
    default: {
      const test = compileRecordTerm(term)
      return ({ record }) => (record === null ? OPEN : answer(test(record)))
    }
  }
}

/** Terms about packets alone. */
type RecordTerm = Exclude<Term, { kind: 'family' | 'protocol' | 'proto' | 'host' | 'net' | 'port' | 'state' }>

function compileRecordTerm(term: RecordTerm): (record: PacketRecord) => boolean {
  switch (term.kind) {
    case 'less':
      return ({ length }) => length !== undefined && length <= term.length
    case 'greater':
      return ({ length }) => length !== undefined && length >= term.length
    case 'frame':
      return ({ frame }) => term.ranges.some(([low, high]: Range) => frame >= low && frame <= high)
    // A packet was captured where it came in, or where it left.
    case 'in': {
      const isMeant = namesTest(term.words)
      return ({ interface: name, hook }) => name !== null && !leaves(hook) && isMeant(name)
    }
    case 'out': {
      const isMeant = namesTest(term.words)
      return ({ interface: name, hook, egress }) =>
        leaves(hook) ? name !== null && isMeant(name) : isMeant(egress?.interface ?? '')
    }
    case 'reason': {
      const { words } = term
      const codes = new Set<string>(words.filter((word) => !word.endsWith('*')))
      const prefixes = words.filter((word) => word.endsWith('*')).map((word) => word.slice(0, -1))
      return ({ reasons }) =>
        reasons.some(({ code }) => codes.has(code) || prefixes.some((prefix) => code.startsWith(prefix)))
    }
    default: {
      const { kind, words } = term
      return (record) => {
        const word = record[kind]
        return word !== null && words.includes(word)
      }
    }
  }
}

const leaves = (hook: string | null) => hook === 'OUTPUT' || hook === 'POSTROUTING'

function namesTest(words: Words): (name: string) => boolean {
  const names = new Set(words.filter((word) => !word.endsWith('+')))
  const prefixes = words.filter((word) => word.endsWith('+')).map((word) => word.slice(0, -1))
  return (name) => name !== '' && (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix)))
}

function endsTest(direction: Direction): (source: boolean, destination: boolean) => Answer {
  switch (direction) {
    case 'src':
      return (source) => answer(source)
    case 'dst':
      return (_source, destination) => answer(destination)
    case 'src or dst':
      return (source, destination) => answer(source || destination)
    case 'src and dst':
      return (source, destination) => answer(source && destination)
  }
}
