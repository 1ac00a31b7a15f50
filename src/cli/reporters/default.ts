/** For people: a line a file, the failures with their diffs behind all of them, totals last. */
import { printable } from '../../diagnostic/printable.ts'
import { count } from '../../explain/number-words.ts'
import { formatProblem } from '../../scenario/problem.ts'
import type { Output } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import { testLines } from './failure-text.ts'
import {
  type FileResult,
  isFailed,
  type Reporter,
  type ReporterOptions,
  type RunResult,
  type TimedResult,
  testsFailed,
} from './reporter.ts'

export class DefaultReporter implements Reporter {
  readonly #output: Output
  readonly #terminal: Terminal

  constructor({ output, terminal }: ReporterOptions) {
    this.#output = output
    this.#terminal = terminal
  }

  file(result: FileResult): void {
    const { style } = this.#terminal
    const failed = isFailed(result)
    const mark = failed ? style('bad', '×') : style('good', '✓')
    const failures = testsFailed(result)
    const told = failures === 0 ? '' : ` | ${failures} failed`
    const tests = result.problems.length > 0 ? 'cannot be read' : count(result.tests.length, 'test') + told
    this.#output.line(
      ` ${mark} ${printable(result.file)} ${style('dim', `(${tests}) ${time(result.milliseconds)}`)}`,
    )
    for (const test of result.tests) {
      if (test.status === 'failed')
        this.#output.line(
          `   ${style('bad', '×')} ${printable(test.name)} ${style('dim', time(test.milliseconds))}`,
        )
    }
    this.#output.flush()
  }

  end(result: RunResult): void {
    const { style, width } = this.#terminal
    const output = this.#output
    for (const file of result.files) {
      for (const problem of file.problems) output.write(`\n${formatProblem(problem, file.text, width)}\n`)
      for (const test of file.tests) if (test.status === 'failed') this.#failed(file, test)
    }
    const tests = result.files.flatMap((file) => file.tests)
    const passed = tests.filter(({ status }) => status === 'passed').length
    const failedFiles = result.files.filter(isFailed).length
    output.line('')
    output.line(` Test Files  ${this.#totals(failedFiles, result.files.length - failedFiles, 0)}`)
    const skipped = tests.filter(({ status }) => status === 'skipped').length
    const failed = tests.length - passed - skipped
    output.line(`      Tests  ${this.#totals(failed, passed, skipped + result.filtered)}`)
    if (result.updated > 0) output.line(`    Written  ${style('good', count(result.updated, 'value'))}`)
    const reasons = new Map<string, number>()
    for (const { notOnKernel } of tests)
      if (notOnKernel !== null) reasons.set(notOnKernel, (reasons.get(notOnKernel) ?? 0) + 1)
    for (const [reason, number] of reasons)
      output.line(` Not on Linux ${style('dim', `${number}: ${printable(reason)}`)}`)
    output.line(`   Duration  ${time(result.milliseconds)}`)
    output.flush()
  }

  #failed(file: FileResult, test: TimedResult): void {
    const { style, width } = this.#terminal
    const name = `${printable(file.file)} > ${printable(test.name)}`
    this.#output.write(`\n ${style('bad', 'FAIL')}  ${style('heading', name)}\n\n`)
    this.#output.line(style('bad', '  - expected') + style('good', '  + received'))
    this.#output.line('')
    for (const line of testLines(file, test, width)) {
      if (line.startsWith('  - ')) this.#output.line(style('bad', line))
      else if (line.startsWith('  + ')) this.#output.line(style('good', line))
      else this.#output.line(line)
    }
  }

  #totals(failed: number, passed: number, skipped: number): string {
    const { style } = this.#terminal
    const parts = [
      ...(failed > 0 ? [style('bad', `${failed} failed`)] : []),
      ...(passed > 0 || failed === 0 ? [style('good', `${passed} passed`)] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ]
    return `${parts.join(' | ')} ${style('dim', `(${failed + passed + skipped})`)}`
  }
}

function time(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
}
