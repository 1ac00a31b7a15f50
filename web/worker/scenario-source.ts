/** A test of a scenario as a source of packets. */
import { SettingError } from '../../src/conntrack/settings.ts'
import type { MoreSysctl } from '../../src/run/explainer.ts'
import type { Files } from '../../src/scenario/load.ts'
import type { ScenarioFile, Test } from '../../src/scenario/model.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { NotSetUp, Play } from '../../src/scenario/play.ts'
import { formatProblem, placeOf } from '../../src/scenario/problem.ts'
import type { PlayedScenario, PlayedTest, ScenarioText } from '../protocol.ts'
import { LineIndex } from './line-index.ts'
import { Refusal, type Source, type SourceRun } from './source.ts'

/** Columns of the messages. */
const WIDTH = 76

export class ScenarioSource implements Source {
  readonly #file: ScenarioFile
  readonly #at: number
  readonly #files: Files

  /** @throws Refusal with every mistake */
  constructor(scenario: PlayedScenario) {
    const { name, text, test } = scenario
    const { file, problems } = parseScenario(text, name)
    if (file === null) throw new Refusal(problems.map((one) => formatProblem(one, text, WIDTH)).join('\n'))
    // Of an edited text there may be fewer than before.
    this.#at = Math.max(0, Math.min(test, file.tests.length - 1))
    this.#file = file
    this.#files = filesOf(scenario)
  }

  /** @throws Refusal where the machine cannot be set up */
  make(more: readonly MoreSysctl[] = []): SourceRun {
    const { text } = this.#file
    try {
      return new ScenarioPlay(this.#file, this.#at, { files: this.#files, more })
    } catch (error) {
      if (error instanceof NotSetUp) throw new Refusal(formatProblem(error.problem, text, WIDTH))
      throw error instanceof SettingError ? new Refusal(error.message) : error
    }
  }
}

class ScenarioPlay extends Play implements SourceRun {
  readonly names: readonly string[]
  readonly interfaces = null
  readonly size = null
  readonly #file: ScenarioFile
  readonly #at: number

  constructor(file: ScenarioFile, at: number, options: ConstructorParameters<typeof Play>[2]) {
    super(file, file.tests[at]!, options)
    this.#file = file
    this.#at = at
    this.names = [file.file]
  }

  assumptions(): readonly string[] {
    return []
  }

  whyEmpty(): string {
    const problem = this.result?.problem ?? null
    return problem === null ? 'this test sends no packet' : formatProblem(problem, this.#file.text, WIDTH)
  }

  played(): PlayedTest {
    const index = new LineIndex(this.#file.text)
    return {
      tests: testsOf(this.#file),
      test: this.#at,
      lines: Int32Array.from(this.spans, ({ start }) => index.lineOf(start)),
    }
  }
}

export function testsOf({ tests, text }: ScenarioFile): { name: string; line: number }[] {
  return tests.map(({ name, span }: Test) => ({ name, line: placeOf(text, span.start).line }))
}

/** Those that came along, and no others. */
export function filesOf({ files }: Pick<ScenarioText, 'files'>): Files {
  const bytes = (path: string): Uint8Array => {
    const found = files.find((file) => file.path === path)
    if (found === undefined) throw new Error(`${path}: the page has no such file`)
    return found.bytes
  }
  return { bytes, text: (path) => new TextDecoder().decode(bytes(path)) }
}
