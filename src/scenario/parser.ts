/** Text of a scenario to the model. `docs/reference/scenario.md` has the grammar. */
import { SettingError, Settings } from '../conntrack/settings.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { type TableFormatName, tableFormats } from '../format/table-format.ts'
import { HostError } from '../host/host-error.ts'
import { type PairWords, parseLocal, parsePair, parseRoute } from '../host/host-words.ts'
import { interfaceFault } from '../host/ip-output.ts'
import { formatAddress, parseAddress } from '../packet/address.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import type { Family } from '../ruleset/model.ts'
import { evaluate, isFixed, noCounters, readAmount } from './amount.ts'
import { readDuration } from './duration.ts'
import { readEndpoint } from './endpoint.ts'
import { type Line, Lines } from './lines.ts'
import type {
  CountStep,
  Era,
  Expectation,
  FlowWords,
  HelperWords,
  HostWords,
  InitialNumberStep,
  LocalAddress,
  RulesText,
  ScenarioFile,
  Setup,
  Step,
  SysctlWords,
  TableStep,
  Test,
  TextSource,
  ZoneWords,
} from './model.ts'
import { type Problem, problemOf, Refusal, type Source, type Span } from './problem.ts'
import { readCounters, readCounts, readExpectations, readNumber, readTableEntry } from './read-expectation.ts'
import { type PacketScope, ranges, readPacket } from './read-packet.ts'
import { Scanner, shown, type Word } from './scanner.ts'

/** A file, or what is wrong with it. */
export interface ParsedScenario {
  /** Null where there are problems. */
  readonly file: ScenarioFile | null
  readonly problems: readonly Problem[]
}

const LONGEST_TEXT = 1024 * 1024
/** Rules, sets and policies of one file. */
const MOST_TEXTS = 1_000
const MOST_TESTS = 10_000
const MOST_PROBLEMS = 100
const DEEPEST_REPEAT = 4
/** Packets and other steps of one test, repetitions counted. */
const MOST_STEPS = 200_000
const LONGEST_NAME = 200
/** 2023-11-14 22:13:20 UTC, a Tuesday. */
const DEFAULT_START = 1_700_000_000e6

const settingWords = [
  'rules',
  'rules6',
  'host',
  'local',
  'route',
  'pair',
  'sysctl',
  'ipset',
  'timeouts',
  'helper',
  'zone',
  'era',
  'seed',
  'start',
  'not-on-kernel:',
] as const
const stepWords = ['repeat', 'expect', 'table', 'counters', 'isn', 'traffic'] as const
const lineWords: readonly string[] = [...settingWords, ...stepWords, 'test']

/** Never throws, whatever the text. */
export function parseScenario(text: string, file: string): ParsedScenario {
  const source = { file, text }
  if (text.length > LONGEST_TEXT) {
    const refusal = new Refusal({ start: 0, end: 0 }, `a scenario has ${LONGEST_TEXT} characters at most`)
    return { file: null, problems: [problemOf({ file, text: '' }, refusal)] }
  }
  return new Parser(source).parse()
}

/** The file's name without its folders and its ending: the name of a test that has none. */
function nameOf(file: string): string {
  const base = file.split(/[\\/]/).pop()!
  const dot = base.lastIndexOf('.')
  return dot > 0 ? base.slice(0, dot) : base
}

interface MutableSetup {
  rules: RulesText[]
  sysctls: SysctlWords[]
  ipsets: TextSource[]
  timeouts: TextSource[]
  hosts: Map<string, HostWords>
  local: LocalAddress[]
  routes: Setup['routes'][number][]
  pair: PairWords | null
  helpers: HelperWords[]
  zone: ZoneWords | null
  era: Era | null
  notOnKernel: string | null
  seed: number
  start: number
}

const emptySetup = (): MutableSetup => ({
  rules: [],
  sysctls: [],
  ipsets: [],
  timeouts: [],
  hosts: new Map(),
  local: [],
  routes: [],
  pair: null,
  helpers: [],
  zone: null,
  era: null,
  notOnKernel: null,
  seed: 1,
  start: DEFAULT_START,
})

/** A test's own settings on top of the file's. */
const copyOf = (setup: MutableSetup): MutableSetup => ({
  ...setup,
  rules: [...setup.rules],
  sysctls: [...setup.sysctls],
  ipsets: [...setup.ipsets],
  timeouts: [...setup.timeouts],
  hosts: new Map(setup.hosts),
  local: [...setup.local],
  routes: [...setup.routes],
  helpers: [...setup.helpers],
})

/** A test while it is read. */
interface Draft {
  readonly name: string
  readonly span: Span
  readonly setup: MutableSetup
  readonly steps: Step[]
  readonly quoted: Set<number>
  readonly labels: Set<string>
  /** So far, repetitions counted. */
  packets: number
  /** The same of all steps. */
  lines: number
}

/** What the lines of a block may name, and how often its steps are done. */
interface Block {
  readonly steps: Step[]
  readonly scope: PacketScope
  readonly depth: number
  readonly times: number
}

class Parser {
  readonly #source: Source
  readonly #lines: Lines
  readonly #problems: Problem[] = []
  readonly #names = new Set<string>()
  readonly #tests: Test[] = []
  /** What stands ahead of the first `test`. */
  readonly #shared = emptySetup()
  /** Null ahead of the first step and the first `test`. */
  #draft: Draft | null = null
  /** Names and values of sysctls are tried on these. */
  readonly #today = new Settings()
  readonly #of24 = new Settings('2.4')
  #texts = 0

  constructor(source: Source) {
    this.#source = source
    this.#lines = new Lines(source.text)
  }

  parse(): ParsedScenario {
    const lines = this.#lines
    while (!lines.done && this.#problems.length < MOST_PROBLEMS) {
      const line = lines.take()!
      this.#guardLine(line, () => this.#topLine(line))
    }
    this.#finishTest()
    if (this.#tests.length === 0 && this.#problems.length === 0) {
      const end = this.#source.text.length
      this.#refuse(new Refusal({ start: end, end }, 'there is no packet in this scenario'))
    }
    const problems = this.#problems
    if (problems.length > 0) return { file: null, problems }
    return { file: { ...this.#source, tests: this.#tests }, problems }
  }

  #refuse(refusal: Refusal): void {
    this.#problems.push(problemOf(this.#source, refusal))
  }

  /** A line that is refused is told, and the next one read. */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#refuse(error)
    }
  }

  /** The same for a line with others below it, which mean nothing without it. */
  #guardLine(line: Line, read: () => void): void {
    const before = this.#problems.length
    this.#guard(read)
    if (this.#problems.length > before) this.#lines.skipBelow(line.indent)
  }

  #scanner(line: Line): Scanner {
    return new Scanner(this.#source.text, line.start, line.end)
  }

  #topLine(line: Line): void {
    const scanner = this.#scanner(line)
    const test = scanner.takeWord('test')
    if (test !== null) {
      this.#beginTest(scanner, test)
      return
    }
    const word = scanner.peekWord()
    if (word !== null && (settingWords as readonly string[]).includes(word.text)) {
      const draft = this.#draft
      if (draft === null || draft.steps.length === 0) {
        scanner.at = word.end
        this.#setting(scanner, line, word, draft?.setup ?? this.#shared)
        return
      }
    }
    const draft = this.#draft ?? this.#beginUnnamed(line)
    const scope = { hosts: draft.setup.hosts, counters: new Set<string>() }
    this.#step(scanner, line, { steps: draft.steps, scope, depth: 0, times: 1 })
  }

  #beginTest(scanner: Scanner, word: Word): void {
    const name = scanner.quoted()
    if (name === null) throw scanner.refusal('expected the name of the test in quotes')
    scanner.finish('the name of a test')
    if (this.#draft !== null && this.#draft.steps.length === 0)
      this.#refuse(new Refusal(this.#draft.span, 'this test has no packet'))
    this.#finishTest()
    const { text } = name
    if (text.trim() === '' || text.length > LONGEST_NAME)
      throw new Refusal(name, `the name of a test has 1 to ${LONGEST_NAME} characters`)
    if (this.#names.has(text)) throw new Refusal(name, `there is a test ${shown(text)} already`)
    if (this.#tests.length === MOST_TESTS) throw new Refusal(name, `a file has ${MOST_TESTS} tests at most`)
    this.#begin(text, { start: word.start, end: name.end }, copyOf(this.#shared))
  }

  /** The whole file is one test. */
  #beginUnnamed(line: Line): Draft {
    return this.#begin(nameOf(this.#source.file), { start: line.start, end: line.start }, this.#shared)
  }

  #begin(name: string, span: Span, setup: MutableSetup): Draft {
    this.#names.add(name)
    this.#draft = { name, span, setup, steps: [], quoted: new Set(), labels: new Set(), packets: 0, lines: 0 }
    return this.#draft
  }

  #finishTest(): void {
    const draft = this.#draft
    this.#draft = null
    if (draft === null || draft.steps.length === 0) return
    const { name, span, setup, steps, quoted } = draft
    if (setup.era === '2.4') this.#refuseLater(setup)
    this.#tests.push({ name, span, setup, steps, quoted })
  }

  /** What is told that Linux 2.4 had no use for. */
  #refuseLater({ zone, timeouts, rules }: MutableSetup): void {
    const refuse = (span: Span, what: string) => this.#refuse(new Refusal(span, `Linux 2.4 had no ${what}`))
    const [policies] = timeouts
    if (policies !== undefined) refuse(policies.span, 'target CT: its timeouts are fixed')
    const six = rules.find(({ family }) => family === 'ipv6')
    if (six !== undefined) refuse(six.source.span, 'connection tracking of IPv6')
    if (zone !== null) refuse(zone.span, 'zones')
  }

  // Settings

  #setting(scanner: Scanner, line: Line, word: Word, setup: MutableSetup): void {
    switch (word.text as (typeof settingWords)[number]) {
      case 'rules':
      case 'rules6': {
        const rules = this.#rules(scanner, line, word)
        setup.rules = [...setup.rules.filter(({ family }) => family !== rules.family), rules]
        return
      }
      case 'host':
        this.#hosts(scanner, setup)
        return
      case 'local':
        this.#each(scanner, 'IFACE=ADDRESS/LEN', (text) => setup.local.push({ ...parseLocal(text) }))
        return
      case 'route':
        this.#each(scanner, 'CIDR=IFACE', (text) => setup.routes.push(parseRoute(text)))
        return
      case 'pair':
        this.#each(scanner, 'IFACE:IFACE', (text) => {
          setup.pair = parsePair(text)
        })
        return
      case 'sysctl':
        setup.sysctls.push(...this.#sysctls(scanner, setup.era))
        return
      case 'ipset':
        setup.ipsets.push(this.#text(scanner, line, word))
        return
      case 'timeouts':
        setup.timeouts.push(this.#text(scanner, line, word))
        return
      case 'helper':
        setup.helpers.push(readHelper(scanner))
        scanner.finish('a helper')
        return
      case 'zone':
        setup.zone = {
          span: word,
          number: readNumber(scanner, 'the zone', { what: 'a zone', minimum: 0, maximum: 65_535 }),
        }
        scanner.finish('a zone')
        return
      case 'era':
        setup.era = readEra(scanner)
        scanner.finish('an era')
        return
      case 'seed':
        setup.seed = readNumber(scanner, 'a number', { what: 'a seed', minimum: 1, maximum: 2 ** 31 - 1 })
        scanner.finish('a seed')
        return
      case 'start':
        setup.start = readStart(scanner)
        scanner.finish('a start')
        return
      case 'not-on-kernel:': {
        scanner.skip()
        const reason = scanner.text.slice(scanner.at, scanner.end)
        if (reason === '') throw scanner.refusal('expected the reason')
        setup.notOnKernel = reason
      }
    }
  }

  /** Words as the options of the command have them, one or several. */
  #each(scanner: Scanner, expected: string, tell: (text: string) => void): void {
    do {
      const word = scanner.word(expected)
      try {
        tell(word.text)
      } catch (error) {
        if (!(error instanceof HostError)) throw error
        throw new Refusal(word, error.message)
      }
    } while (!scanner.done)
  }

  #hosts(scanner: Scanner, setup: MutableSetup): void {
    do {
      const name = scanner.word('the name of a host')
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name.text))
        throw new Refusal(name, 'the name of a host has letters, digits, - and _, and begins with a letter')
      if (setup.hosts.has(name.text)) throw new Refusal(name, `there is a host ${shown(name.text)} already`)
      const word = scanner.word('its address')
      const [text, length] = word.text.split('/')
      const address = parseAddress(text!)
      if (address === null) throw new Refusal(word, `${shown(word.text)} is no address`)
      const isLocal = scanner.takeWord('local') !== null
      const device = scanner.takeWord('on') === null ? null : scanner.word('an interface')
      if (device !== null) {
        const fault = interfaceFault(device.text)
        if (fault !== null) throw new Refusal(device, fault)
      }
      if (length !== undefined && !isLocal)
        throw new Refusal(word, 'only an address of the machine with the rules (local) has a network')
      const { family, words } = address
      const printed = formatAddress(family, words[0]!, words[1]!, words[2]!, words[3]!)
      setup.hosts.set(name.text, {
        name: name.text,
        address: printed,
        interface: device?.text ?? null,
        isLocal,
      })
      const whole = family === FAMILY_IPV4 ? 32 : 128
      if (isLocal) {
        const local = `${device?.text ?? 'eth0'}=${printed}/${length ?? whole}`
        try {
          setup.local.push({ ...parseLocal(local) })
        } catch (error) {
          if (!(error instanceof HostError)) throw error
          throw new Refusal(word, error.message)
        }
      } else if (device !== null) setup.routes.push(parseRoute(`${printed}/${whole}=${device.text}`))
    } while (scanner.takeWord('host') !== null)
    scanner.finish('a host')
  }

  #sysctls(scanner: Scanner, era: Era | null): SysctlWords[] {
    const found: SysctlWords[] = []
    do {
      const word = scanner.word('NAME=VALUE such as nf_conntrack_tcp_loose=0')
      const equals = word.text.indexOf('=')
      if (equals <= 0) throw new Refusal(word, 'expected NAME=VALUE such as nf_conntrack_tcp_loose=0')
      const [name, value] = [word.text.slice(0, equals), word.text.slice(equals + 1)]
      try {
        ;(era === null ? this.#today : this.#of24).set(name, value)
      } catch (error) {
        if (!(error instanceof SettingError)) throw error
        throw new Refusal(word, error.message)
      }
      found.push({ span: word, name, value })
    } while (!scanner.done)
    return found
  }

  #rules(scanner: Scanner, line: Line, word: Word): RulesText {
    const family: Family = word.text === 'rules6' ? 'ipv6' : 'ipv4'
    return { family, source: this.#text(scanner, line, word) }
  }

  /** A path on the line, or the lines that are indented below it. */
  #text(scanner: Scanner, line: Line, word: Word): TextSource {
    if (++this.#texts > MOST_TEXTS)
      throw new Refusal(word, `a scenario has ${MOST_TEXTS} texts of rules and sets at most`)
    if (!scanner.done) {
      const path = scanner.quoted() ?? scanner.word('a path')
      scanner.finish('a path')
      if (path.text.includes('\0')) throw new Refusal(path, 'a path has no character 0')
      return { span: path, path: path.text }
    }
    const block = this.#lines.takeBlock(line.indent)
    if (block === null)
      throw new Refusal(word, `${word.text} has a path, or lines that are indented below it`)
    return { span: word, text: block.text, before: block.before }
  }

  // Steps

  #step(scanner: Scanner, line: Line, block: Block): void {
    scanner.skip()
    const start = scanner.at
    this.#admit(block, { start, end: scanner.end })
    const span = () => ({ start, end: scanner.end })
    const isTimed = scanner.next === '+'
    let delay = 0
    if (isTimed) {
      scanner.at++
      delay = readDuration(scanner)
    }
    const word = scanner.peekWord()
    if (word?.text === 'table:') {
      scanner.at = word.end - 1
      block.steps.push(this.#table(scanner, line, { delay, span: spanFrom(word, scanner) }, block.scope))
      return
    }
    switch (word?.text) {
      case 'repeat':
        if (isTimed)
          throw new Refusal(word, 'a time stands behind the colon of repeat: it is that of each packet')
        scanner.at = word.end
        this.#repeat(scanner, line, word, block)
        return
      case 'expect':
        if (isTimed) throw new Refusal(word, 'what is counted has no time')
        scanner.at = word.end
        block.steps.push({ kind: 'count', counts: readCounts(scanner, block.scope), span: span() })
        return
      case 'table':
        scanner.at = word.end
        block.steps.push(this.#table(scanner, line, { delay, span: spanFrom(word, scanner) }, block.scope))
        return
      case 'counters':
        scanner.at = word.end
        block.steps.push({ kind: 'counters', delay, ...readCounters(scanner), span: spanFrom(word, scanner) })
        return
      case 'sysctl':
        scanner.at = word.end
        block.steps.push({
          kind: 'sysctl',
          delay,
          sysctls: this.#sysctls(scanner, this.#draft!.setup.era),
          span: span(),
        })
        return
      case 'rules':
      case 'rules6':
        scanner.at = word.end
        block.steps.push({ kind: 'rules', delay, span: span(), rules: this.#rules(scanner, line, word) })
        return
      case 'isn':
        if (isTimed) throw new Refusal(word, 'initial numbers have no time')
        scanner.at = word.end
        block.steps.push(readInitialNumbers(scanner, block.scope, span()))
        return
      case 'traffic':
        if (isTimed) throw new Refusal(word, 'a capture has its own times')
        scanner.at = word.end
        this.#traffic(scanner, line, span(), block)
        return
    }
    if (!isTimed) this.#refuseLine(scanner, line)
    this.#packet(scanner, line, { delay, start }, block)
  }

  /** @throws Refusal where the test has too many steps. */
  #admit({ times }: Block, span: Span): void {
    const draft = this.#draft!
    draft.lines += times
    if (draft.lines > MOST_STEPS)
      throw new Refusal(span, `a test has ${MOST_STEPS} packets and other lines at most, repetitions counted`)
  }

  /** @throws Refusal: a line that begins with nothing known. */
  #refuseLine(scanner: Scanner, line: Line): never {
    const word = scanner.peekWord()
    if (word === null) throw scanner.refusal('a line begins with a word or with + and a time')
    if ((settingWords as readonly string[]).includes(word.text))
      throw new Refusal(word, `${word.text} stands ahead of the first packet`)
    if (line.indent > 0)
      throw new Refusal(
        word,
        'an indented line says what is expected of the packet above it, and here is none',
      )
    throw new Refusal(
      word,
      `a line begins with a time such as +0.02, or one of ${lineWords.join(', ')}`,
      suggest(word.text, lineWords),
    )
  }

  #packet(
    scanner: Scanner,
    line: Line,
    { delay, start }: { delay: number; start: number },
    block: Block,
  ): void {
    const draft = this.#draft!
    const words = readPacket(scanner, block.scope)
    draft.packets += block.times
    const span = { start, end: scanner.end }
    if (words.label !== null) {
      if (draft.labels.has(words.label)) throw new Refusal(span, `there is a label @${words.label} already`)
      draft.labels.add(words.label)
    }
    this.#checkQuote(words.body, draft, block)
    const expectations = this.#expectations(line, block.scope)
    block.steps.push({ kind: 'packet', span, delay, ...words, expectations })
  }

  /** What an error quotes was sent ahead of it. */
  #checkQuote(body: ReturnType<typeof readPacket>['body'], draft: Draft, block: Block): void {
    if (body.protocol !== 'icmp' || body.about === null) return
    const { packet, span } = body.about
    if (typeof packet === 'string') {
      if (!draft.labels.has(packet))
        throw new Refusal(span, `no packet above is labelled @${packet}`, suggest(packet, draft.labels))
      return
    }
    const number = evaluate(packet, noCounters, { what: 'a packet', minimum: 1, maximum: 1e9 })
    // In a repetition the numbers of its packets are not known yet.
    if (block.depth === 0 && number >= draft.packets)
      throw new Refusal(span, `packet ${number} is not sent before this one, which is ${draft.packets}`)
    draft.quoted.add(number)
  }

  /** Lines below a packet, indented deeper. */
  #expectations(line: Line, scope: PacketScope): Expectation[] {
    const found: Expectation[] = []
    for (;;) {
      const next = this.#lines.peek()
      if (next === null || next.indent <= line.indent) return found
      const scanner = this.#scanner(next)
      scanner.skip()
      const word = scanner.peekWord()
      if (
        scanner.next === '+' ||
        (word !== null && lineWords.includes(word.text.replace(/^table:$/, 'table')))
      )
        return found
      this.#lines.take()
      this.#guard(() => found.push(...readExpectations(scanner, scope)))
    }
  }

  #repeat(scanner: Scanner, line: Line, word: Word, block: Block): void {
    if (block.depth === DEEPEST_REPEAT)
      throw new Refusal(word, `repetitions are nested ${DEEPEST_REPEAT} deep at most`)
    const count = readNumber(scanner, 'how often', {
      what: 'the number of repetitions',
      minimum: 1,
      maximum: MOST_STEPS,
    })
    scanner.skip()
    const name = scanner.match(/[A-Za-z_][A-Za-z0-9_]*/y)
    if (name !== null && block.scope.counters.has(name.text))
      throw new Refusal(name, `${name.text} counts the repetition around this one`)
    scanner.expect(':', 'behind repeat and its counter')
    const steps: Step[] = []
    const counters = new Set(block.scope.counters)
    if (name !== null) counters.add(name.text)
    const inner: Block = {
      steps,
      scope: { hosts: block.scope.hosts, counters },
      depth: block.depth + 1,
      times: block.times * count,
    }
    const span = { start: word.start, end: scanner.end }
    if (!scanner.done) {
      this.#onlyPacket(scanner, line, inner)
      this.#counts(line, inner)
    } else this.#body(line, inner, word)
    block.steps.push({ kind: 'repeat', span, count, counter: name?.text ?? null, steps })
  }

  /** Behind the colon: a packet, with or without a time. */
  #onlyPacket(scanner: Scanner, line: Line, block: Block): void {
    const start = scanner.at
    this.#admit(block, { start, end: scanner.end })
    let delay = 0
    if (scanner.next === '+') {
      scanner.at++
      delay = readDuration(scanner)
    }
    this.#packet(scanner, line, { delay, start }, block)
  }

  /** `expect` below a repetition of one packet. */
  #counts(line: Line, block: Block): void {
    for (;;) {
      const next = this.#lines.peek()
      if (next === null || next.indent <= line.indent) return
      const scanner = this.#scanner(next)
      if (scanner.takeWord('expect') === null) return
      const span = { start: scanner.at - 'expect'.length, end: scanner.end }
      this.#lines.take()
      this.#guard(() => block.steps.push({ kind: 'count', span, counts: readCounts(scanner, block.scope) }))
    }
  }

  /** The lines of a block, each indented deeper than its head. */
  #body(line: Line, block: Block, word: Word): void {
    for (;;) {
      const next = this.#lines.peek()
      if (next === null || next.indent <= line.indent) break
      this.#lines.take()
      if (this.#problems.length >= MOST_PROBLEMS) break
      this.#guardLine(next, () => this.#step(this.#scanner(next), next, block))
    }
    if (block.steps.length === 0 && this.#problems.length === 0)
      throw new Refusal(word, 'what is repeated stands behind the colon, or indented below it')
  }

  #table(
    scanner: Scanner,
    line: Line,
    timed: Pick<TableStep, 'delay' | 'span'>,
    scope: PacketScope,
  ): TableStep {
    if (scanner.takeWord('empty') !== null) {
      scanner.finish('a table')
      return { kind: 'table', ...timed, expected: { kind: 'size', entries: 0 } }
    }
    scanner.skip()
    if (/[0-9]/.test(scanner.next)) {
      const entries = readNumber(scanner, 'a number', { what: 'a count', minimum: 0, maximum: 1e9 })
      const word = scanner.takeWord('entry') ?? scanner.takeWord('entries')
      if (word === null) throw scanner.refusal('expected "entries"', ['entries'])
      scanner.finish('a table')
      return { kind: 'table', ...timed, expected: { kind: 'size', entries } }
    }
    let format: TableFormatName | null = null
    if (scanner.takeWord('as') !== null) {
      const word = scanner.match(/[ \t]*[a-z_]+/y) ?? scanner.word('a format such as conntrack')
      const name = word.text.trim()
      if (!Object.hasOwn(tableFormats, name)) {
        const known = Object.keys(tableFormats)
        throw new Refusal(word, `the table has the formats ${known.join(', ')}`, suggest(name, known))
      }
      format = name as TableFormatName
    }
    scanner.expect(':', 'behind table, or a number of entries, or "empty"')
    scanner.finish('the head of a table')
    const block = this.#lines.takeBlock(line.indent)
    const empty = { start: scanner.end, end: scanner.end }
    if (format !== null) {
      const lines = (block?.lines ?? []).flatMap((one) => {
        const content = this.#scanner(one)
        return content.done ? [] : [{ start: content.at, end: content.end }]
      })
      return {
        kind: 'table',
        ...timed,
        expected: { kind: 'lines', format, lines, block: block?.span ?? empty },
      }
    }
    const entries = (block?.lines ?? []).flatMap((one) => {
      const entry = this.#scanner(one)
      return entry.done ? [] : [readTableEntry(entry, scope)]
    })
    return { kind: 'table', ...timed, expected: { kind: 'entries', entries, block: block?.span ?? empty } }
  }

  #traffic(scanner: Scanner, line: Line, span: Span, block: Block): void {
    if (block.depth > 0) throw new Refusal(span, 'a capture is not repeated')
    const path = scanner.quoted() ?? scanner.word('the path of a capture')
    scanner.finish('a path')
    const flows: FlowWords[] = []
    const counts: CountStep[] = []
    for (;;) {
      const next = this.#lines.peek()
      if (next === null || next.indent <= line.indent) break
      const inner = this.#scanner(next)
      this.#lines.take()
      this.#guard(() => {
        const word = inner.takeWord('expect')
        if (word === null) {
          const told = 'below a capture stands "expect flow A > B …" or "expect 3 DROP"'
          throw inner.refusal(told, ['expect'])
        }
        const whole = { start: word.start, end: inner.end }
        if (inner.takeWord('flow') === null) {
          counts.push({ kind: 'count', span: whole, counts: readCounts(inner, block.scope) })
          return
        }
        const source = readEndpoint(inner, block.scope.hosts, new Set())
        inner.expect('>', 'between the two ends of a flow')
        const destination = readEndpoint(inner, block.scope.hosts, new Set())
        flows.push({ span: whole, source, destination, expectations: readExpectations(inner, block.scope) })
      })
    }
    block.steps.push({ kind: 'traffic', span, path: path.text, flows, counts })
  }
}

const spanFrom = ({ start }: Word, { end }: Scanner): Span => ({ start, end })

function readHelper(scanner: Scanner): HelperWords {
  const word = scanner.word('NAME=PROTO/PORT such as ftp=tcp/21')
  const [, helper, protocol, digits] = /^(ftp|tftp)=(tcp|udp)\/(\d{1,5})$/.exec(word.text) ?? []
  const port = Number(digits)
  const isRight = (helper === 'ftp' && protocol === 'tcp') || (helper === 'tftp' && protocol === 'udp')
  if (!isRight || port < 1 || port > 65_535)
    throw new Refusal(word, 'expected one of the helpers ftp=tcp/PORT and tftp=udp/PORT')
  return { span: word, helper, protocol: protocol as 'tcp' | 'udp', port }
}

function readEra(scanner: Scanner): Era {
  const word = scanner.word('2.4')
  if (word.text === '2.4') return '2.4'
  throw new Refusal(word, 'the one era beside that of today is 2.4')
}

/** Microseconds since 1970. */
function readStart(scanner: Scanner): number {
  const word = scanner.word('a time in UTC such as 2026-01-31T12:00:00')
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?$/.test(word.text)
  const zoned = word.text.includes('T') ? `${word.text}Z` : word.text
  const milliseconds = isDate ? Date.parse(zoned) : Number.NaN
  if (!(milliseconds >= 0) || milliseconds > 4e12)
    throw new Refusal(word, 'expected a time in UTC from 1970 to 2096 such as 2026-01-31T12:00:00')
  return milliseconds * 1000
}

function readInitialNumbers(scanner: Scanner, scope: PacketScope, span: Span): InitialNumberStep {
  const numbers: { host: string; amount: InitialNumberStep['numbers'][number]['amount'] }[] = []
  do {
    const host = scanner.word('a host')
    if (!scope.hosts.has(host.text)) {
      throw new Refusal(
        host,
        `${shown(host.text)} is no host of this scenario`,
        suggest(host.text, scope.hosts.keys()),
      )
    }
    scanner.skip()
    const amount = readAmount(scanner, scope.counters)
    if (amount === null) throw scanner.refusal('expected its initial number')
    if (isFixed(amount)) evaluate(amount, noCounters, ranges.isn)
    numbers.push({ host: host.text, amount })
  } while (scanner.take(',') || !scanner.done)
  return { kind: 'isn', span, numbers }
}
