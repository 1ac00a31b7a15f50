/** The whole run as one JSON object. */
import { placeOf } from '../../scenario/problem.ts'
import type { Output } from '../output.ts'
import { isFailed, type Reporter, type ReporterOptions, type RunResult, testsFailed } from './reporter.ts'

export class JsonReporter implements Reporter {
  readonly #output: Output

  constructor({ output }: ReporterOptions) {
    this.#output = output
  }

  file(): void {
    // One object, at the end.
  }

  end({ files, filtered, updated, milliseconds }: RunResult): void {
    const tests = files.reduce((sum, file) => sum + file.tests.length, 0)
    const skipped = files.flatMap((file) => file.tests).filter(({ status }) => status === 'skipped').length
    const failed = files.reduce((sum, file) => sum + testsFailed(file), 0)
    const report = {
      success: !files.some(isFailed),
      files: files.length,
      filesFailed: files.filter(isFailed).length,
      tests,
      passed: tests - failed - skipped,
      failed,
      skipped: filtered + skipped,
      updated,
      milliseconds: Math.round(milliseconds),
      results: files.map((file) => ({
        file: file.file,
        milliseconds: Math.round(file.milliseconds * 1000) / 1000,
        problems: file.problems.map(({ line, column, message, suggestion }) => ({
          line,
          column,
          message,
          suggestion,
        })),
        tests: file.tests.map((test) => ({
          name: test.name,
          ...placeOf(file.text, test.span.start),
          status: test.status,
          milliseconds: Math.round(test.milliseconds * 1000) / 1000,
          packets: test.packets,
          notOnKernel: test.notOnKernel,
          problem:
            test.problem === null
              ? null
              : { line: test.problem.line, column: test.problem.column, message: test.problem.message },
          failures: test.failures.map(({ span, packet, counters, expected, actual }) => ({
            ...placeOf(file.text, span.start),
            packet,
            counters,
            expected,
            actual,
          })),
          moreFailures: test.more,
        })),
      })),
    }
    this.#output.line(JSON.stringify(report, null, 2))
    this.#output.flush()
  }
}
