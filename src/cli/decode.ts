/** `sallyport decode`: lines of a state table or of the kernel log, in words. */
import { readFileSync } from 'node:fs'
import { codeFrame } from '../diagnostic/code-frame.ts'
import { printable } from '../diagnostic/printable.ts'
import { decodeText } from '../format/decode/decode-text.ts'
import type { Decoded } from '../format/decode/fact.ts'
import type { TableDiagnostic } from '../format/parse.ts'
import { defineCommand } from './command.ts'
import { EXIT_OK, EXIT_UNREADABLE } from './exit-codes.ts'
import { unreadable } from './failure.ts'
import { wrap } from './help.ts'
import { Output } from './output.ts'
import { type Terminal, terminalOf } from './terminal.ts'

/** Fields that are longer stand on a line of their own. */
const FIELD_WIDTH = 24

export const decode = defineCommand({
  name: 'decode',
  summary: 'say in words what lines of the state table or of the kernel log mean',
  usage: '[FILE…]',
  positionals: [
    {
      name: 'FILE',
      sentence:
        'lines of conntrack -L, /proc/net/nf_conntrack, the old ip_conntrack, or what LOG wrote into the kernel log, also wrapped by a mail or a web page; without one, or -, standard input',
    },
  ],
  completes: { files: true, words: [] },
  options: {},
  notes: [
    'Timeouts are explained by the defaults of Linux 6.18: what a machine was set to is not in its table.',
  ],
  examples: [
    { line: 'conntrack -L | grep 10.0.0.2 | sallyport decode', sentence: 'what the entries of a host say' },
    { line: 'dmesg | grep IN= | tail -1 | sallyport decode', sentence: 'the packet that was logged last' },
  ],
  async run(_options, files) {
    const output = new Output()
    const errors = new Output(2)
    const terminal = terminalOf(process.stdout, process.env)
    let isFailed = false
    let isFirst = true
    for (const file of files.length === 0 ? ['-'] : files) {
      const text = readText(file)
      const { decoded, diagnostics } = decodeText(text, file)
      for (const one of decoded) {
        if (!isFirst) output.line('')
        isFirst = false
        for (const line of decodedLines(one, terminal)) output.line(line)
      }
      output.flush()
      const { width } = terminalOf(process.stderr, process.env)
      for (const diagnostic of diagnostics) errors.line(problemText(diagnostic, text, width))
      if (decoded.length === 0) {
        errors.line(`${printable(file)}: no entry of a state table and no line of the kernel log in it`)
        isFailed = true
      }
      isFailed ||= diagnostics.some(({ severity }) => severity === 'error')
      errors.flush()
    }
    return isFailed ? EXIT_UNREADABLE : EXIT_OK
  },
})

function decodedLines({ headline, facts }: Decoded, terminal: Terminal): string[] {
  const sentence = `${headline[0]!.toUpperCase()}${headline.slice(1)}.`
  const lines = wrap(printable(sentence), terminal.width).map((line) => terminal.style('heading', line))
  lines.push('')
  for (const { field, words } of facts) {
    const shown = printable(field)
    const indent = ' '.repeat(FIELD_WIDTH + 2)
    const told = wrap(printable(words), terminal.width - indent.length).map((line) => indent + line)
    if (shown.length > FIELD_WIDTH - 2) lines.push(`  ${shown}`, ...told)
    else lines.push(`  ${shown.padEnd(FIELD_WIDTH)}${told[0]!.trimStart()}`, ...told.slice(1))
  }
  return lines
}

/** `table.txt:3:12: error: expected …`, and the place. */
function problemText(problem: TableDiagnostic, text: string, width: number): string {
  const { severity, file, line, column, length, message } = problem
  const lineStart = text.split('\n', line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  const frame = codeFrame({ text, position: lineStart + column - 1, length, margin: `${line}`, width })
  return `${printable(`${file}:${line}:${column}: ${severity}: ${message}`)}\n${frame}`
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}
