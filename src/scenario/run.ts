/** Runs tests: sends their packets through an executor, in virtual time, and compares. */
import { SettingError } from '../conntrack/settings.ts'
import { tableLines } from '../format/table-format.ts'
import { formatAddress } from '../packet/address.ts'
import { FAMILY_IPV4, FAMILY_IPV6 } from '../packet/packet.ts'
import { type Counters, evaluate, noCounters } from './amount.ts'
import type { Edit } from './edit.ts'
import { resolveEnd } from './endpoint.ts'
import { engine } from './engine.ts'
import type { Executor, ExecutorSource, Observation } from './executor.ts'
import { holds, isEntry } from './holds.ts'
import { type Files, Loader, noFiles } from './load.ts'
import type {
  CountersStep,
  CountStep,
  CountWords,
  Expectation,
  FlowWords,
  PacketStep,
  RepeatStep,
  RulesStep,
  ScenarioFile,
  Step,
  TableStep,
  Test,
  TrafficStep,
} from './model.ts'
import { type MadePacket, PacketMaker } from './packet-maker.ts'
import { Printer } from './printed.ts'
import { type Problem, problemOf, Refusal, type Span } from './problem.ts'
import { ranges } from './read-packet.ts'
import { seenView } from './seen.ts'
import { checkTable } from './table-check.ts'

/** Something was expected, and something else came. */
export interface Failure {
  /** Of what was expected. */
  readonly span: Span
  /** Number of the packet in its test, from 1; null where it is about no single one. */
  readonly packet: number | null
  /** What the counters of the repetitions stood at: `i = 5`, or ''. */
  readonly counters: string
  readonly expected: string
  readonly actual: string
  /** What would make it hold; null where no one text would, such as in a repetition that differs. */
  readonly edits: readonly Edit[] | null
}

export interface TestResult {
  readonly name: string
  readonly span: Span
  /** Skipped by who runs it: nothing here skips a test. */
  readonly status: 'passed' | 'failed' | 'skipped'
  /** In their order; at most 100. */
  readonly failures: readonly Failure[]
  /** How many more there were. */
  readonly more: number
  /** Why the test could not be run to its end; null: it was. */
  readonly problem: Problem | null
  /** How many were sent. */
  readonly packets: number
}

export interface RunOptions {
  /** Where the files come from that a scenario names; none unless given. */
  readonly files?: Files
  /** What the packets go through: this engine unless given. */
  readonly executor?: ExecutorSource
  /** Told what became of each packet; `span` is that of its step. */
  readonly onPacket?: (observation: Observation, span: Span) => void
}

const MOST_FAILURES = 100
/** Comparisons, entries looked at, characters of rules loaded: a test ends in any case, and soon. */
const MOST_WORK = 5_000_000
/** In place of the text of what came, where that was what was expected. */
const HELD = ''
/** The clock of a capture and a table reach further, calculations with microseconds do not. */
const LATEST = 8e15

/** Runs the tests of a file one after another; each begins anew. What goes wrong in one is its result. */
export class ScenarioRun {
  readonly #file: ScenarioFile
  readonly #loader: Loader
  readonly #executor: ExecutorSource
  readonly #onPacket: NonNullable<RunOptions['onPacket']>

  constructor(file: ScenarioFile, options: RunOptions = {}) {
    const { files = noFiles, executor = engine, onPacket = () => {} } = options
    this.#file = file
    this.#loader = new Loader(file.file, files)
    this.#executor = executor
    this.#onPacket = onPacket
  }

  /** `test` is one of the file's. */
  test(test: Test): Promise<TestResult> {
    return new TestRun(this.#file, test, this.#loader, this.#onPacket).run(this.#executor)
  }
}

/** With what is expected again and again, whose other outcomes are not known yet. */
interface RepeatedFailure extends Failure {
  readonly expectation?: Expectation
}

/** `expect 100 ACCEPT` while it is counted. */
interface Tally {
  readonly words: CountWords
  found: number
}

class TestRun {
  readonly #file: ScenarioFile
  readonly #test: Test
  readonly #loader: Loader
  readonly #printer: Printer
  readonly #maker = new PacketMaker((packet) => this.#quotes.get(packet) ?? null)
  readonly #quotes = new Map<number | string, Uint8Array>()
  readonly #onPacket: NonNullable<RunOptions['onPacket']>
  readonly #failures: RepeatedFailure[] = []
  #more = 0
  /** In a repetition or a capture, what the expectations would have to be; null: different texts. */
  readonly #repeated = new Map<Expectation, string | null>()
  #packets = 0
  #work = 0
  #now: number
  /** Of the test, the repetitions around, the capture. */
  readonly #tallies: Tally[][] = []
  readonly #local: ReadonlySet<string>
  /** By address. */
  readonly #interfaces: ReadonlyMap<string, string>

  constructor(file: ScenarioFile, test: Test, loader: Loader, onPacket: NonNullable<RunOptions['onPacket']>) {
    this.#onPacket = onPacket
    this.#file = file
    this.#test = test
    this.#loader = loader
    this.#now = test.setup.start
    const { hosts, local } = test.setup
    this.#printer = new Printer(hosts)
    this.#local = new Set(
      local.map(({ words }) =>
        formatAddress(
          words.length === 1 ? FAMILY_IPV4 : FAMILY_IPV6,
          words[0]!,
          words[1] ?? 0,
          words[2] ?? 0,
          words[3] ?? 0,
        ),
      ),
    )
    const interfaces = new Map<string, string>()
    for (const host of hosts.values()) {
      if (host.interface !== null && !host.isLocal) interfaces.set(host.address, host.interface)
    }
    this.#interfaces = interfaces
  }

  async run(source: ExecutorSource): Promise<TestResult> {
    let problem: Problem | null = null
    let executor: Executor | null = null
    try {
      executor = source(this.#loader.setup(this.#test.setup))
      await this.#all(executor)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      problem = problemOf(this.#file, error)
    } finally {
      executor?.close()
    }
    const failures = this.#failures.map(({ expectation, ...failure }): Failure => {
      const isOne = expectation === undefined || this.#repeated.get(expectation) !== null
      return isOne ? failure : { ...failure, edits: null }
    })
    return {
      name: this.#test.name,
      span: this.#test.span,
      status: problem === null && failures.length === 0 ? 'passed' : 'failed',
      failures,
      more: this.#more,
      problem,
      packets: this.#packets,
    }
  }

  async #all(executor: Executor): Promise<void> {
    const tallies = talliesOf(this.#test.steps)
    this.#tallies.push(tallies)
    for (const step of this.#test.steps) {
      if (step.kind === 'traffic') await this.#traffic(step, executor)
      else if (step.kind === 'count') this.#check(step, tallies)
      else this.#step(step, executor, noCounters)
    }
    executor.finish?.(this.#now)
    this.#differ(executor, this.#test.span, null)
  }

  /** Two machines did not do the same: a failure, whatever is expected. */
  #differ(executor: Executor, span: Span, packet: number | null): void {
    for (const { what, here, there } of executor.differences?.() ?? []) {
      const [expected, actual] = [`${what} in Sallyport: ${here}`, `${what} in Linux: ${there}`]
      this.#fail({ span, packet, counters: '', expected, actual, edits: null })
    }
  }

  #step(step: Exclude<Step, CountStep | TrafficStep>, executor: Executor, counters: Counters): void {
    switch (step.kind) {
      case 'packet':
        this.#packet(step, executor, counters)
        return
      case 'repeat':
        this.#repeat(step, executor, counters)
        return
      case 'table':
        this.#pass(step)
        this.#table(step, executor, counters)
        return
      case 'counters':
        this.#pass(step)
        this.#counters(step, executor)
        return
      case 'rules':
        this.#pass(step)
        this.#changeRules(step, executor)
        return
      case 'sysctl':
        this.#pass(step)
        for (const { name, value, span } of step.sysctls) {
          try {
            executor.setSysctl(name, value, this.#now)
          } catch (error) {
            if (!(error instanceof SettingError)) throw error
            throw new Refusal(span, error.message)
          }
        }
        return
      case 'isn':
        for (const { host, amount } of step.numbers) {
          const { address } = this.#test.setup.hosts.get(host)!
          this.#maker.setInitial(address, evaluate(amount, counters, ranges.isn))
        }
    }
  }

  #pass({ delay, span }: { readonly delay: number; readonly span: Span }): void {
    this.#now += delay
    if (this.#now > LATEST) throw new Refusal(span, 'the scenario takes more than two hundred years')
  }

  #changeRules({ rules, span }: RulesStep, executor: Executor): void {
    const loaded = this.#loader.rules(rules)
    this.#spend(loaded.text.length, span)
    executor.setRules(loaded, this.#now)
  }

  #spend(work: number, span: Span): void {
    this.#work += work
    if (this.#work > MOST_WORK)
      throw new Refusal(span, 'this test is too much work: repeat less, or expect less')
  }

  #packet(step: PacketStep, executor: Executor, counters: Counters): void {
    this.#pass(step)
    const made = this.#maker.make(step, counters)
    const isQuoted = step.label !== null || this.#test.quoted.has(this.#packets + 1)
    const observation = executor.send({
      bytes: made.bytes,
      time: this.#now,
      isLocal: this.#local.has(made.source.address),
      isQuoted,
      interface: step.via ?? this.#interfaces.get(made.source.address) ?? null,
    })
    this.#packets++
    this.#differ(executor, step.span, this.#packets)
    this.#remember(step, made, observation)
    this.#spend(step.expectations.length, step.span)
    this.#count(observation, step.span, counters)
    for (const expectation of step.expectations) this.#compare(expectation, observation, counters)
  }

  /** What later packets may quote or answer. */
  #remember({ label }: PacketStep, made: MadePacket, { record, left }: Observation): void {
    const bytes = left ?? made.bytes
    if (label !== null) this.#quotes.set(label, bytes)
    if (this.#test.quoted.has(this.#packets)) this.#quotes.set(this.#packets, bytes)
    const { egress } = record
    if (egress === null || made.protocol === null) return
    const { source, destination } = made
    const left_ = [
      { address: egress.source, port: egress.sourcePort ?? egress.id ?? null },
      { address: egress.destination, port: egress.destinationPort ?? egress.id ?? null },
    ] as const
    const isSame =
      left_[0].address === source.address &&
      left_[0].port === source.port &&
      left_[1].address === destination.address &&
      left_[1].port === destination.port
    if (!isSame) this.#maker.flows.translated(made.protocol, [source, destination], left_)
  }

  #count(observation: Observation, span: Span, counters: Counters): void {
    this.#onPacket(observation, span)
    for (const tallies of this.#tallies) {
      this.#spend(tallies.length, span)
      for (const tally of tallies) if (holds(tally.words.expectation, observation, counters)) tally.found++
    }
  }

  #compare(expectation: Expectation, observation: Observation, counters: Counters): void {
    const isHeld = holds(expectation, observation, counters)
    const { span } = expectation
    // The tallies of the test itself are always there.
    const isRepeated = this.#tallies.length > 1
    if (isHeld && !isRepeated) return
    const actual = isHeld ? HELD : this.#printer.like(expectation, observation)
    if (isRepeated) {
      const known = this.#repeated.get(expectation)
      this.#repeated.set(expectation, known === undefined || known === actual ? actual : null)
    }
    if (isHeld) return
    this.#fail({
      span,
      packet: this.#packets,
      counters: [...counters].map(([name, value]) => `${name} = ${value}`).join(', '),
      expected: this.#written(span),
      actual,
      edits: [{ ...span, text: actual }],
      ...(isRepeated && { expectation }),
    })
  }

  #written({ start, end }: Span): string {
    return this.#file.text.slice(start, end)
  }

  #fail(failure: RepeatedFailure): void {
    if (this.#failures.length === MOST_FAILURES) this.#more++
    else this.#failures.push(failure)
  }

  /** About no single packet: `actual` is what would have to stand there. */
  #failAt(span: Span, actual: string, edits: readonly Edit[] | null = [{ ...span, text: actual }]): void {
    this.#fail({ span, packet: null, counters: '', expected: this.#written(span), actual, edits })
  }

  #repeat(step: RepeatStep, executor: Executor, outer: Counters): void {
    const tallies = talliesOf(step.steps)
    this.#tallies.push(tallies)
    for (let turn = 0; turn < step.count; turn++) {
      const counters = step.counter === null ? outer : new Map([...outer, [step.counter, turn]])
      for (const inner of step.steps) {
        if (inner.kind !== 'count' && inner.kind !== 'traffic') this.#step(inner, executor, counters)
      }
    }
    this.#tallies.pop()
    for (const inner of step.steps) if (inner.kind === 'count') this.#check(inner, tallies)
  }

  #check(step: CountStep, tallies: readonly Tally[]): void {
    for (const words of step.counts) {
      const { found } = tallies.find((tally) => tally.words === words)!
      if (found === words.count) continue
      this.#failAt(words.span, `${found} ${this.#written(words.expectation.span)}`)
    }
  }

  #table({ span, expected }: TableStep, executor: Executor, counters: Counters): void {
    const entries = executor.entries(this.#now)
    this.#differ(executor, span, null)
    const lines =
      expected.kind === 'size'
        ? 1
        : 1 + (expected.kind === 'lines' ? expected.lines : expected.entries).length
    this.#spend(entries.length * lines, span)
    if (expected.kind === 'size') {
      const { length } = entries
      if (length === expected.entries) return
      this.#failAt(
        span,
        length === 0 ? 'table empty' : `table ${length} ${length === 1 ? 'entry' : 'entries'}`,
      )
      return
    }
    const { text } = this.#file
    const { block } = expected
    const seen = entries.map(seenView)
    const mismatch =
      expected.kind === 'lines'
        ? checkLines(text, block, expected.lines, [...tableLines(expected.format, entries)])
        : checkTable(
            text,
            block,
            expected.entries.map((words) => ({
              span: words.span,
              accepts: (entry) => isEntry(words, seen[entry]!, counters),
              exactness: Object.values(words).filter((value) => value !== null).length,
            })),
            seen.map((entry) => this.#printer.line(entry)),
          )
    if (mismatch !== null) this.#failAt(block, mismatch.actual, mismatch.edits)
  }

  #counters({ span, rule, packets, bytes }: CountersStep, executor: Executor): void {
    const found = executor.count(rule)
    if (found === null) throw new Refusal(span, 'there is no such rule')
    this.#differ(executor, span, null)
    if (found.packets === packets && (bytes === null || found.bytes === bytes)) return
    const words = this.#written(span)
    const head = words.slice(0, words.lastIndexOf('=') + 1)
    const rest = bytes === null ? '' : ` ${plain(found.bytes, 'byte')}`
    this.#failAt(span, `${head} ${plain(found.packets, 'packet')}${rest}`)
  }

  async #traffic(step: TrafficStep, executor: Executor): Promise<void> {
    const bytes = this.#loader.bytes(step.span, step.path)
    const isFirst = this.#packets === 0
    const tallies = step.counts.flatMap(({ counts }) => counts.map((words) => ({ words, found: 0 })))
    this.#tallies.push(tallies)
    const flows = step.flows.map((words) => ({ words, ends: endsOf(words), found: 0 }))
    try {
      await executor.replay(step.path, bytes, (observation) => {
        this.#packets++
        this.#differ(executor, step.span, this.#packets)
        this.#count(observation, step.span, noCounters)
        for (const flow of flows) {
          if (!isOfFlow(flow.ends, observation)) continue
          flow.found++
          for (const expectation of flow.words.expectations)
            this.#compare(expectation, observation, noCounters)
        }
        const time = Math.round(Number(observation.record.time) * 1e6)
        // A capture that comes first has its own beginning.
        this.#now = isFirst ? time : Math.max(this.#now, time)
      })
    } catch (error) {
      if (error instanceof Refusal || !(error instanceof Error)) throw error
      throw new Refusal(step.span, error.message)
    }
    this.#tallies.pop()
    for (const count of step.counts) this.#check(count, tallies)
    for (const { words, found } of flows) {
      if (found === 0) this.#failAt(words.span, 'no packet of this flow', null)
    }
  }
}

function talliesOf(steps: readonly Step[]): Tally[] {
  return steps.flatMap((step) =>
    step.kind === 'count' ? step.counts.map((words) => ({ words, found: 0 })) : [],
  )
}

/** Blanks between words do not count. */
function checkLines(text: string, block: Span, wanted: readonly Span[], lines: readonly string[]) {
  const key = (line: string) => line.trim().replace(/\s+/g, ' ')
  const keys = lines.map(key)
  return checkTable(
    text,
    block,
    wanted.map((span) => {
      const sought = key(text.slice(span.start, span.end))
      return { span, accepts: (entry) => keys[entry] === sought, exactness: 0 }
    }),
    lines.map((line) => line.trim()),
  )
}

function plain(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}

interface FlowEnds {
  readonly source: ReturnType<typeof resolveEnd>
  readonly destination: ReturnType<typeof resolveEnd>
}

function endsOf({ source, destination }: FlowWords): FlowEnds {
  return { source: resolveEnd(source, noCounters), destination: resolveEnd(destination, noCounters) }
}

/** Either direction. */
function isOfFlow({ source, destination }: FlowEnds, { record }: Observation): boolean {
  const is = (end: FlowEnds['source'], address: string | undefined, port: number | undefined) =>
    end.address === address && (end.port === null || end.port === port)
  return (
    (is(source, record.source, record.sourcePort) &&
      is(destination, record.destination, record.destinationPort)) ||
    (is(source, record.destination, record.destinationPort) &&
      is(destination, record.source, record.sourcePort))
  )
}
