/**
 * `sallyport/testing`: scenarios in the tests of a project, with Vitest or any other runner that shows `expected` and
 * `actual` of an error. It runs on Node, and reads the files that scenarios name.
 */

import { filesBeside, findScenarios, readScenario } from './cli/scenario-files.ts'
import { codeFrame } from './diagnostic/code-frame.ts'
import type { PacketRecord } from './replay/record.ts'
import type { ScenarioFile, Test } from './scenario/model.ts'
import { parseScenario } from './scenario/parser.ts'
import { formatProblem, placeOf } from './scenario/problem.ts'
import { ScenarioRun, type TestResult } from './scenario/run.ts'

export type {
  DecidedBy,
  PacketRecord,
  RecordAnswer,
  RecordEgress,
  RecordEntry,
  RecordTuple,
} from './replay/record.ts'

/** What became of a scenario that holds. */
export interface ScenarioReport {
  /** Of each packet, in the order in which they were sent; of several tests one after another. */
  readonly packets: readonly PacketRecord[]
}

/** Where a scenario's paths begin, and what it is called in messages. */
export interface ScenarioOptions {
  /** The folder that paths in the scenario are relative to; that in which the process runs unless given. */
  readonly folder?: string
  /** In messages; `scenario` unless given. */
  readonly name?: string
}

/** A test of a file, for a runner to run. */
export interface ScenarioCase {
  /** `FILE > NAME`. */
  readonly name: string
  /** Rejects with a `ScenarioError` where something else was observed than expected. */
  run(): Promise<ScenarioReport>
}

/** A scenario that does not hold, or cannot be read. Runners show `expected` and `actual` as a diff. */
export class ScenarioError extends Error {
  /** Tells it from other errors, also across realms. */
  override readonly name = 'ScenarioError'
  /** What was expected, a line each; undefined where the scenario could not be run. */
  readonly expected: string | undefined
  /** What was observed instead, line by line. */
  readonly actual: string | undefined

  /** For those who make scenarios themselves. */
  constructor(message: string, expected?: string, actual?: string) {
    super(message)
    this.expected = expected
    this.actual = actual
  }
}

const MOST_FRAMES = 5

/**
 * Runs a scenario that is written in the test, as a template or as a string; values in a template stand as their text.
 * docs/reference/scenario.md has the language.
 *
 * ```ts
 * import { scenario } from 'sallyport/testing'
 *
 * const port = 80
 * const { packets } = await scenario`
 *   host client 10.0.0.2   host server 192.0.2.9
 *   rules
 *     iptables -P FORWARD DROP
 *     iptables -A FORWARD -p tcp --dport ${port} -j ACCEPT
 *   +0 client:40000 > server:${port} S
 *      NEW, ACCEPT by FORWARD 1
 *   +0 client:40001 > server:22 S
 *      NEW, DROP by FORWARD policy
 * `
 * console.log(packets.length)
 * ```
 *
 * @throws ScenarioError where something else was observed than expected, and where it cannot be read
 */
export function scenario(text: TemplateStringsArray, ...values: readonly unknown[]): Promise<ScenarioReport>
export function scenario(text: string, options?: ScenarioOptions): Promise<ScenarioReport>
export async function scenario(
  text: TemplateStringsArray | string,
  ...rest: readonly unknown[]
): Promise<ScenarioReport> {
  if (typeof text !== 'string') return runText(String.raw(text, ...rest))
  return runText(text, rest[0] as ScenarioOptions | undefined)
}

async function runText(text: string, { folder = '.', name = 'scenario' }: ScenarioOptions = {}) {
  const file = parsed(text, name)
  const reports: PacketRecord[] = []
  for (const test of file.tests) reports.push(...(await runTest(file, test, `${folder}/.`)))
  return { packets: reports }
}

/**
 * The tests of a file, or of every `.scenario` file below a folder, to be given to a runner:
 *
 * ```ts
 * import { scenariosIn } from 'sallyport/testing'
 *
 * for (const { name, run } of scenariosIn('scenarios')) await run().then(() => console.log('holds:', name))
 * ```
 *
 * With Vitest, `test(name, run)` in the loop. Read at once.
 *
 * @throws Error for what cannot be read; a scenario with mistakes is one case, which fails and tells them
 */
export function scenariosIn(path: string): ScenarioCase[] {
  return findScenarios([path]).flatMap((name) => {
    const text = readScenario(name)
    let file: ScenarioFile
    try {
      file = parsed(text, name)
    } catch (error) {
      return [{ name, run: () => Promise.reject(error) }]
    }
    return file.tests.map(
      (test): ScenarioCase => ({
        name: `${name} > ${test.name}`,
        run: async () => ({ packets: await runTest(file, test, name) }),
      }),
    )
  })
}

/** @throws ScenarioError */
function parsed(text: string, name: string): ScenarioFile {
  const { file, problems } = parseScenario(text, name)
  if (file !== null) return file
  throw new ScenarioError(problems.map((problem) => formatProblem(problem, text)).join('\n\n'))
}

/** `beside`: the file whose folder paths are relative to. */
async function runTest(file: ScenarioFile, test: Test, beside: string): Promise<PacketRecord[]> {
  const packets: PacketRecord[] = []
  const run = new ScenarioRun(file, {
    files: filesBeside(beside),
    onPacket: ({ record }) => packets.push(record),
  })
  const result = await run.test(test)
  if (result.status === 'failed') throw errorOf(file, result)
  return packets
}

function errorOf({ file, text }: ScenarioFile, { name, failures, more, problem }: TestResult): ScenarioError {
  const title = name === file ? name : `${file} > ${name}`
  if (failures.length === 0) return new ScenarioError(`${title}\n\n${formatProblem(problem!, text)}`)
  const frames = failures.slice(0, MOST_FRAMES).map(({ span, packet, counters }) => {
    const { line, column } = placeOf(text, span.start)
    const length = Math.max(1, span.end - span.start)
    const frame = codeFrame({ text, position: span.start, length, margin: String(line) })
    const about = packet === null ? '' : `  packet ${packet}${counters === '' ? '' : ` (${counters})`}`
    return `${file}:${line}:${column}${about}\n${frame}`
  })
  const rest = failures.length + more - frames.length
  const told = rest > 0 ? [...frames, `and ${rest} more`] : frames
  if (problem !== null) told.push(formatProblem(problem, text))
  return new ScenarioError(
    `${title}: something else was observed than expected\n\n${told.join('\n')}`,
    failures.map(({ expected }) => expected).join('\n'),
    failures.map(({ actual }) => actual).join('\n'),
  )
}
