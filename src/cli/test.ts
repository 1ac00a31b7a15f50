import type { KernelTests } from '../live/kernel-tests.ts'
import { defineCommand, ValueError } from './command.ts'
import { EXIT_CHECK_FAILED, EXIT_OK } from './exit-codes.ts'
import { wrongUse } from './failure.ts'
import { Output } from './output.ts'
import type { ReporterName } from './reporters/index.ts'
import { terminalOf } from './terminal.ts'

const chosen = 'What is run'
const shown = 'What is shown'

/** The reporters themselves are loaded when one is used. */
const reporterNames: Readonly<Record<ReporterName, true>> = {
  default: true,
  tap: true,
  junit: true,
  json: true,
  github: true,
}

export const test = defineCommand({
  name: 'test',
  summary: 'run scenarios: packets by hand, and what is expected of them',
  usage: '[options] [FILE|FOLDER]…',
  positionals: [
    {
      name: 'FILE',
      sentence:
        'scenarios: files, or folders with files that end in .scenario; the folder where the command runs unless given',
    },
  ],
  completes: { files: true, words: [] },
  options: {
    testNamePattern: {
      kind: 'parsed',
      short: 't',
      parse: parsePattern,
      valueName: 'PATTERN',
      group: chosen,
      sentence: 'only tests whose FILE > NAME this regular expression matches',
    },
    watch: {
      kind: 'flag',
      short: 'w',
      group: chosen,
      sentence: 'stay, and run again what depends on a file that changed',
    },
    kernel: {
      kind: 'flag',
      group: chosen,
      sentence:
        'through the Linux kernel of this machine as well, in network namespaces (as root, with npm install koffi): what it shows is held against the scenario, and against what is observed here',
    },
    update: {
      kind: 'flag',
      short: 'u',
      group: chosen,
      sentence:
        'write what was observed into the scenarios, where something else was expected, or ?; comments and layout stay',
    },
    reporter: {
      kind: 'enum',
      valueName: 'FORM',
      values: Object.keys(reporterNames) as ReporterName[],
      default: 'default',
      group: shown,
      sentence: 'for people, or as TAP, JUnit XML, JSON, GitHub annotations',
    },
  },
  notes: [
    'The exit code is 1 where something else was observed than expected, and where a scenario has mistakes; 3 where a file is missing, or is no text. docs/reference/scenario.md has the language.',
  ],
  examples: [
    { line: 'sallyport test', sentence: 'every scenario below this folder' },
    { line: 'sallyport test firewall/ -t "port 22"', sentence: 'some of them, by name' },
    { line: 'sallyport test --watch', sentence: 'again after each change' },
    { line: 'sallyport test --reporter=junit > junit.xml', sentence: 'for a pipeline' },
    { line: 'sudo sallyport test --kernel', sentence: 'through Linux, and compared' },
    { line: 'sallyport test --update new.scenario', sentence: 'fill in what is expected' },
  ],
  async run({ testNamePattern, watch, update, kernel: asksKernel, reporter }, positionals) {
    const paths = positionals.length === 0 ? ['.'] : positionals
    if (watch && reporter !== 'default')
      throw wrongUse(`--watch is for people: not with --reporter=${reporter}`)
    if (asksKernel && update) throw wrongUse('--update writes what is observed here: not with --kernel')
    const kernel = asksKernel ? await openKernel() : null
    const output = new Output()
    const terminal = terminalOf(process.stdout, process.env)
    const { reporters } = await import('./reporters/index.ts')
    const newReporter = () => new reporters[reporter]({ output, terminal })
    if (watch) {
      const { watchTests } = await import('./test-watch.ts')
      return watchTests({ paths, pattern: testNamePattern, update, kernel, output, terminal, newReporter })
    }
    const { findScenarios } = await import('./scenario-files.ts')
    const { runTests } = await import('./test-run.ts')
    const { isFailed } = await import('./reporters/reporter.ts')
    const files = findScenarios(paths)
    const result = await runTests({ files, pattern: testNamePattern, update, kernel }, newReporter())
    kernel?.close()
    if (result.files.length === 0) throw wrongUse('no test has a name that --test-name-pattern matches')
    return result.files.some(isFailed) ? EXIT_CHECK_FAILED : EXIT_OK
  },
})

/** Loaded when it is asked for: it needs a package that nothing else does. @throws Failure */
async function openKernel(): Promise<KernelTests> {
  const { whyNoRouter } = await import('../live/needs.ts')
  const reason = await whyNoRouter()
  if (reason !== null) throw wrongUse(`--kernel: ${reason}`)
  const { KernelTests } = await import('../live/kernel-tests.ts')
  return new KernelTests()
}

/** @throws ValueError */
function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch {
    throw new ValueError('expected a regular expression such as "port (22|80)"')
  }
}
