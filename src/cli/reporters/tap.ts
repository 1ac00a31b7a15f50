/** Test Anything Protocol, version 14 (https://testanything.org/tap-version-14-specification.html). */
import { printable } from '../../diagnostic/printable.ts'
import type { Output } from '../output.ts'
import { failureText } from './failure-text.ts'
import type { FileResult, Reporter, ReporterOptions, RunResult, TimedResult } from './reporter.ts'

const WIDTH = 100

export class TapReporter implements Reporter {
  readonly #output: Output
  #number = 0
  #isBegun = false

  constructor({ output }: ReporterOptions) {
    this.#output = output
  }

  file(result: FileResult): void {
    if (!this.#isBegun) this.#output.line('TAP version 14')
    this.#isBegun = true
    for (const problem of result.problems) {
      this.#point(false, `${result.file}:${problem.line}`)
      this.#yaml([
        ['message', problem.message],
        ['severity', 'fail'],
        ['at', `${result.file}:${problem.line}:${problem.column}`],
      ])
    }
    for (const test of result.tests) this.#test(result, test)
    this.#output.flush()
  }

  #test(file: FileResult, test: TimedResult): void {
    if (test.status === 'skipped') {
      this.#point(true, `${file.file} > ${test.name}`, ` # SKIP ${printable(test.notOnKernel ?? '')}`)
      return
    }
    this.#point(test.status === 'passed', `${file.file} > ${test.name}`)
    if (test.problem !== null) {
      const { message, line, column } = test.problem
      this.#yaml([
        ['message', message],
        ['severity', 'fail'],
        ['at', `${file.file}:${line}:${column}`],
      ])
      return
    }
    const [first] = test.failures
    if (first === undefined) return
    const { line, column, about } = failureText(file, first, WIDTH)
    const others = test.failures.length + test.more - 1
    const where = about === '' ? 'something else than expected' : `${about} is not as expected`
    this.#yaml([
      ['message', others === 0 ? where : `${where}, and ${others} more`],
      ['severity', 'fail'],
      ['at', `${file.file}:${line}:${column}`],
      ['expected', first.expected],
      ['actual', first.actual],
    ])
  }

  #point(isGood: boolean, description: string, directive = ''): void {
    // A # would begin a directive, a backslash an escape.
    const text = printable(description).replace(/[\\#]/g, '\\$&')
    this.#output.line(`${isGood ? 'ok' : 'not ok'} ${++this.#number} - ${text}${directive}`)
  }

  /** Strings as JSON writes them are YAML too. */
  #yaml(fields: readonly (readonly [key: string, value: string])[]): void {
    this.#output.line('  ---')
    for (const [key, value] of fields) this.#output.line(`  ${key}: ${JSON.stringify(value)}`)
    this.#output.line('  ...')
  }

  end(_result: RunResult): void {
    if (!this.#isBegun) this.#output.line('TAP version 14')
    this.#output.line(`1..${this.#number}`)
    this.#output.flush()
  }
}
