/** For tests: a scenario from its text, run. */
import type { ScenarioFile } from './model.ts'
import { parseScenario } from './parser.ts'
import { formatProblem } from './problem.ts'
import { type RunOptions, ScenarioRun, type TestResult } from './run.ts'

export function parsedFile(text: string): ScenarioFile {
  const { file, problems } = parseScenario(text, 't.scenario')
  if (file === null) throw new Error(problems.map((problem) => formatProblem(problem, text)).join('\n'))
  return file
}

/** All tests of a text. */
export async function runText(text: string, options: RunOptions = {}): Promise<TestResult[]> {
  const file = parsedFile(text)
  const run = new ScenarioRun(file, options)
  const results: TestResult[] = []
  for (const test of file.tests) results.push(await run.test(test))
  return results
}

/** Of each failure, and of each problem, a line. */
export async function complaints(text: string, options: RunOptions = {}): Promise<string[]> {
  const results = await runText(text, options)
  return results.flatMap(({ failures, problem }) => [
    ...failures.map(({ packet, counters, expected, actual }) => {
      const about = packet === null ? '' : `${packet}${counters === '' ? '' : ` ${counters}`}: `
      return `${about}${expected} | ${actual}`
    }),
    ...(problem === null ? [] : [`${problem.line}:${problem.column} ${problem.message}`]),
  ])
}

/** What is wrong with a text: place, message, suggestion. */
export function mistakes(text: string): string[] {
  return parseScenario(text, 't.scenario').problems.map(
    ({ line, column, message, suggestion }) =>
      `${line}:${column} ${message}${suggestion === null ? '' : `; ${suggestion}?`}`,
  )
}
