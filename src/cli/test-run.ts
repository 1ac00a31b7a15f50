/** A run of `sallyport test`: each file read, its tests run, the reporter told. */
import { parseScenario } from '../scenario/parser.ts'
import { ScenarioRun } from '../scenario/run.ts'
import type { FileResult, Reporter, RunResult, TimedResult } from './reporters/reporter.ts'
import { filesBeside, readScenario } from './scenario-files.ts'

export interface TestRequest {
  readonly files: readonly string[]
  /** Tests whose `FILE > NAME` it does not match are left out; null: none are. */
  readonly pattern: RegExp | null
}

/** @throws Failure for a file that cannot be read */
export async function runTests({ files, pattern }: TestRequest, reporter: Reporter): Promise<RunResult> {
  const begin = performance.now()
  const results: FileResult[] = []
  let filtered = 0
  for (const file of files) {
    const begun = performance.now()
    const text = readScenario(file)
    const parsed = parseScenario(text, file)
    const tests: TimedResult[] = []
    if (parsed.file !== null) {
      const run = new ScenarioRun(parsed.file, { files: filesBeside(file) })
      for (const test of parsed.file.tests) {
        if (pattern !== null && !pattern.test(`${file} > ${test.name}`)) {
          filtered++
          continue
        }
        const started = performance.now()
        const result = await run.test(test)
        const { era, notOnKernel } = test.setup
        tests.push({
          ...result,
          milliseconds: performance.now() - started,
          notOnKernel: notOnKernel ?? (era === null ? null : `era ${era}`),
        })
      }
      // A file of which nothing is selected says nothing.
      if (tests.length === 0) continue
    }
    const result = { file, text, problems: parsed.problems, tests, milliseconds: performance.now() - begun }
    results.push(result)
    reporter.file(result)
  }
  const run = { files: results, filtered, updated: 0, milliseconds: performance.now() - begin }
  reporter.end(run)
  return run
}
