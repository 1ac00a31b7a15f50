/** A test of a scenario whose packets can be sent through as often as one likes, for who looks at each of them. */
import type { Outcome } from '../conntrack/outcome.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { Packet } from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import type { ReplayObserver } from '../replay/replay.ts'
import type { MoreSysctl, Repeatable } from '../run/explainer.ts'
import { Engine } from './engine.ts'
import { type Files, Loader } from './load.ts'
import type { ScenarioFile, Test } from './model.ts'
import { type Problem, problemOf, Refusal, type Span } from './problem.ts'
import { ScenarioRun, type TestResult } from './run.ts'

/** The machine of a test cannot be set up: the problem says why, and where. */
export class NotSetUp extends Error {
  override readonly name = 'NotSetUp'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

export interface PlayOptions {
  /** Where the files come from that the scenario names. */
  readonly files: Files
  /** Settings beside those of the test. */
  readonly more?: readonly MoreSysctl[]
}

/** Runs once. */
export class Play implements Repeatable {
  readonly #file: ScenarioFile
  readonly #test: Test
  readonly #files: Files
  readonly #machine: Engine
  #observer: ReplayObserver = {}
  /** What the observer threw. */
  #thrown: { readonly error: unknown } | null = null
  /** Behind `each`: what the test comes to. */
  result: TestResult | null = null
  /** By packet: the step that sent it. */
  readonly spans: Span[] = []
  /** Told when other rules are in force. */
  onRules: () => void = () => {}

  /** `test` is one of the file's. @throws NotSetUp, and SettingError for `more` */
  constructor(file: ScenarioFile, test: Test, { files, more = [] }: PlayOptions) {
    this.#file = file
    this.#test = test
    this.#files = files
    try {
      this.#machine = new Engine(new Loader(file.file, files).setup(test.setup), {
        more,
        onPacket: (packet, outcome, number) => this.#tell(packet, outcome, number),
        onRules: () => this.onRules(),
      })
    } catch (error) {
      throw error instanceof Refusal ? new NotSetUp(problemOf(file, error)) : error
    }
  }

  get tracker(): Tracker {
    return this.#machine.tracker
  }

  get firewall(): Firewall {
    return this.#machine.firewall
  }

  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord {
    return this.#machine.recordOf(packet, outcome, number)
  }

  async each(observer: ReplayObserver): Promise<void> {
    this.#observer = observer
    const { start } = this.#test.setup
    const seconds = Math.floor(start / 1e6)
    observer.onStart?.({ seconds, nanoseconds: (start - seconds * 1e6) * 1000 })
    const run = new ScenarioRun(this.#file, {
      files: this.#files,
      executor: () => this.#machine,
      onPacket: (_, span) => this.spans.push(span),
    })
    const result = await run.test(this.#test)
    // A test takes an error in the middle of a capture for the capture's.
    if (this.#thrown !== null) throw this.#thrown.error
    this.result = result
  }

  #tell(packet: Packet, outcome: Outcome, number: number): void {
    try {
      this.#observer.onPacket?.(packet, outcome, number)
    } catch (error) {
      this.#thrown = { error }
      throw error
    }
  }
}
