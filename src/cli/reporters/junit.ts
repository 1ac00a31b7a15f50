/** JUnit's XML, as GitLab, Jenkins and others read it: a `testsuite` for each file. */
import type { Output } from '../output.ts'
import { testLines } from './failure-text.ts'
import {
  type FileResult,
  type Reporter,
  type ReporterOptions,
  type RunResult,
  testsFailed,
} from './reporter.ts'

const WIDTH = 100

export class JunitReporter implements Reporter {
  readonly #output: Output

  constructor({ output }: ReporterOptions) {
    this.#output = output
  }

  file(): void {
    // The head has the totals.
  }

  end(result: RunResult): void {
    const output = this.#output
    const totals = (pick: (file: FileResult) => number) =>
      result.files.reduce((sum, file) => sum + pick(file), 0)
    output.line('<?xml version="1.0" encoding="UTF-8"?>')
    output.line(
      `<testsuites name="sallyport" tests="${totals(cases)}" failures="${totals(testsFailed)}" errors="${totals(errors)}" time="${seconds(result.milliseconds)}">`,
    )
    for (const file of result.files) this.#suite(file)
    output.line('</testsuites>')
    output.flush()
  }

  #suite(file: FileResult): void {
    const output = this.#output
    const name = attribute(file.file)
    output.line(
      `  <testsuite name="${name}" file="${name}" tests="${cases(file)}" failures="${testsFailed(file)}" errors="${errors(file)}" skipped="${skipped(file)}" time="${seconds(file.milliseconds)}">`,
    )
    for (const problem of file.problems) {
      output.line(`    <testcase classname="${name}" name="line ${problem.line}" time="0">`)
      output.line(
        `      <error message="${attribute(problem.message)}" type="scenario">${text(`${file.file}:${problem.line}:${problem.column}: ${problem.message}`)}</error>`,
      )
      output.line('    </testcase>')
    }
    for (const test of file.tests) {
      const head = `    <testcase classname="${name}" name="${attribute(test.name)}" time="${seconds(test.milliseconds)}"`
      if (test.status === 'passed') {
        output.line(`${head}/>`)
        continue
      }
      if (test.status === 'skipped') {
        output.line(`${head}><skipped message="${attribute(test.notOnKernel ?? '')}"/></testcase>`)
        continue
      }
      const [first] = test.failures
      const message =
        first === undefined ? test.problem!.message : `expected ${first.expected}, got ${first.actual}`
      output.line(`${head}>`)
      output.line(
        `      <failure message="${attribute(message)}" type="expectation">${text(testLines(file, test, WIDTH).join('\n'))}</failure>`,
      )
      output.line('    </testcase>')
    }
    output.line('  </testsuite>')
  }
}

const errors = ({ problems }: FileResult): number => problems.length
const skipped = ({ tests }: FileResult): number => tests.filter(({ status }) => status === 'skipped').length
const cases = ({ problems, tests }: FileResult): number => problems.length + tests.length

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Characters that XML 1.0 has no way to write (2.2) become U+FFFD. */
function text(value: string): string {
  return (
    value
      .replace(/[&<>"]/g, (letter) => entities[letter]!)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
  )
}

/** Line ends would become blanks. */
function attribute(value: string): string {
  return text(value).replace(/[\t\n\r]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
