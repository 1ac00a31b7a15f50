/** GitHub's annotations: workflow commands that show a failure at its line of a pull request; and the report for the log. */

import { placeOf } from '../../scenario/problem.ts'
import type { Output } from '../output.ts'
import { DefaultReporter } from './default.ts'
import type { FileResult, Reporter, ReporterOptions, RunResult } from './reporter.ts'

export class GithubReporter implements Reporter {
  readonly #output: Output
  readonly #log: DefaultReporter

  constructor(options: ReporterOptions) {
    this.#output = options.output
    this.#log = new DefaultReporter(options)
  }

  file(result: FileResult): void {
    this.#log.file(result)
  }

  end(result: RunResult): void {
    this.#log.end(result)
    for (const file of result.files) this.#annotate(file)
    this.#output.flush()
  }

  #annotate(file: FileResult): void {
    for (const problem of file.problems) this.#error(file, problem, 'cannot be read', problem.message)
    for (const { name, failures, problem } of file.tests) {
      if (problem !== null) this.#error(file, problem, name, problem.message)
      for (const { span, packet, expected, actual } of failures) {
        const about = packet === null ? '' : `packet ${packet}: `
        this.#error(file, placeOf(file.text, span.start), name, `${about}expected ${expected}, got ${actual}`)
      }
    }
  }

  #error(
    { file }: FileResult,
    { line, column }: { readonly line: number; readonly column: number },
    title: string,
    message: string,
  ): void {
    const properties = `file=${property(file)},line=${line},col=${column},title=${property(title)}`
    this.#output.line(`::error ${properties}::${data(message)}`)
  }
}

/** As the runner undoes it (actions/toolkit, packages/core/src/command.ts). */
function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}
