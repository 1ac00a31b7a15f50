import { defineCommand, ValueError } from './command.ts'
import { EXIT_CHECK_FAILED, EXIT_OK } from './exit-codes.ts'
import { Output } from './output.ts'
import { terminalOf } from './terminal.ts'

const chosen = 'What is run'

export const test = defineCommand({
  name: 'test',
  summary: 'run scenarios: packets by hand, and what is expected of them',
  usage: '[options] [FILE|FOLDER]…',
  positionals: [
    {
      name: 'FILE',
      sentence:
        'scenarios: files that end in .scenario, or folders with such files; the folder where the command runs unless given',
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
  },
  examples: [
    { line: 'sallyport test', sentence: 'every scenario below this folder' },
    { line: 'sallyport test firewall/ -t "port 22"', sentence: 'some of them, by name' },
  ],
  async run(options, positionals) {
    const { findScenarios } = await import('./scenario-files.ts')
    const { runTests } = await import('./test-run.ts')
    const { DefaultReporter } = await import('./reporters/default.ts')
    const { isFailed } = await import('./reporters/reporter.ts')
    const files = findScenarios(positionals.length === 0 ? ['.'] : positionals)
    const reporter = new DefaultReporter({
      output: new Output(),
      terminal: terminalOf(process.stdout, process.env),
    })
    const result = await runTests({ files, pattern: options.testNamePattern }, reporter)
    return result.files.some(isFailed) ? EXIT_CHECK_FAILED : EXIT_OK
  },
})

/** @throws ValueError */
function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch {
    throw new ValueError('expected a regular expression such as "port (22|80)"')
  }
}
