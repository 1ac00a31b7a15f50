/** `sallyport fmt`: rules in one form, for a repository; with every mistake told at its place. */
import { printable } from '../diagnostic/printable.ts'
import { printRuleset } from '../ruleset/printer.ts'
import { defineCommand } from './command.ts'
import { EXIT_CHECK_FAILED, EXIT_OK } from './exit-codes.ts'
import { wrongUse } from './failure.ts'
import { Output } from './output.ts'
import { readRules } from './rules-file.ts'
import { terminalOf } from './terminal.ts'

const form = 'Form'

export const fmt = defineCommand({
  name: 'fmt',
  summary: 'print iptables rules in one form, and what is wrong with them',
  usage: '[options] FILE…',
  positionals: [
    {
      name: 'FILE',
      sentence:
        'rules as iptables-save or ip6tables-save prints them, a file for iptables-restore, or a script of iptables commands; - is standard input',
    },
  ],
  completes: { files: true, words: [] },
  options: {
    canonical: {
      kind: 'flag',
      group: form,
      sentence:
        'exactly what iptables-save prints after loading the file; else comments and the order of the file are kept',
    },
    counters: {
      kind: 'flag',
      short: 'c',
      group: form,
      sentence: 'with the counters of chains and rules',
    },
    ipv6: {
      kind: 'flag',
      short: '6',
      group: form,
      sentence: 'rules for ip6tables',
    },
    check: {
      kind: 'flag',
      group: 'What is done',
      sentence:
        'print nothing but the mistakes; exit code 1 if there are any, or if a file is not in its form',
    },
  },
  notes: [
    'On a terminal, control characters in comments and prefixes are shown as escapes; in a pipe or a file every byte is as iptables-save prints it.',
    'A file with mistakes is not printed: they go to standard error, all of them, and the exit code is 1.',
  ],
  examples: [
    { line: 'sallyport fmt rules.v4', sentence: 'the rules in their form' },
    { line: 'sallyport fmt --check rules.v4', sentence: 'for a pipeline: is anything wrong or out of form?' },
    {
      line: 'sallyport fmt --canonical firewall.sh | diff - <(iptables-save | grep -v ^#)',
      sentence: 'does the machine have what the script says?',
    },
  ],
  async run(options, files) {
    if (files.length === 0) throw wrongUse('no file of rules is named: give one, or - for standard input')
    const output = new Output()
    const errors = new Output(2)
    const { width } = terminalOf(process.stderr, process.env)
    const terminal = terminalOf(process.stdout, process.env)
    let failed = false
    for (const file of files) {
      const rules = readRules(file, options.ipv6 ? 'ipv6' : 'ipv4', errors, width)
      if (rules.failed) {
        failed = true
        continue
      }
      const printed = printRuleset(rules.ruleset, {
        form: options.canonical ? 'canonical' : 'fmt',
        counters: options.counters,
      })
      if (!options.check) output.write(terminal.foreign(printed))
      else if (printed !== rules.text) {
        failed = true
        errors.line(`${printable(file)}: not in its form; sallyport fmt prints it`)
      }
    }
    output.flush()
    errors.flush()
    return failed ? EXIT_CHECK_FAILED : EXIT_OK
  },
})
