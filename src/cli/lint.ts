/** `sallyport lint`: what is wrong with rules, without any traffic. */
import { readFileSync } from 'node:fs'
import { type LintFinding, type LintReport, lintRuleset } from '../analysis/lint/lint.ts'
import { codeFrame } from '../diagnostic/code-frame.ts'
import { printable } from '../diagnostic/printable.ts'
import { count } from '../explain/number-words.ts'
import { extensions } from '../firewall/extensions.ts'
import { formatDiagnostics } from '../ruleset/diagnostic.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { defineCommand } from './command.ts'
import { EXIT_CHECK_FAILED, EXIT_OK } from './exit-codes.ts'
import { unreadable, wrongUse } from './failure.ts'
import { Output } from './output.ts'
import { refuseOtherThanRules } from './rules-file.ts'
import { terminalOf } from './terminal.ts'

export const lint = defineCommand({
  name: 'lint',
  summary: 'tell what is wrong with iptables rules, without any traffic',
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
    ipv6: { kind: 'flag', short: '6', group: 'Rules', sentence: 'rules for ip6tables' },
    json: { kind: 'flag', group: 'Output', sentence: 'a JSON object for each finding, one a line' },
  },
  notes: [
    'A finding has a code, a place, a sentence and what to do; docs/reference/lint.md describes each. Exit code 1 if there is a warning or a mistake; notes leave it 0.',
    'A comment silences findings: "# sallyport: allow CODE" on the line in front, at the end of a line of a script, or as the comment of the rule (-m comment); "# sallyport: allow-all CODE" in the whole file.',
  ],
  examples: [
    { line: 'sallyport lint rules.v4', sentence: 'what is wrong, with what to do' },
    { line: 'iptables-save | sallyport lint -', sentence: 'of the rules of this machine' },
    { line: "sallyport lint --json rules.v4 | jq -r '.code'", sentence: 'the codes alone' },
  ],
  async run(options, files) {
    if (files.length === 0) throw wrongUse('no file of rules is named: give one, or - for standard input')
    const output = new Output()
    const errors = new Output(2)
    const { width } = terminalOf(process.stdout, process.env)
    let failed = false
    for (const file of files) {
      const text = readText(file)
      const parsed = parseRuleset(text, {
        family: options.ipv6 ? 'ipv6' : 'ipv4',
        registry: extensions,
        file,
      })
      refuseOtherThanRules(file, parsed.diagnostics)
      if (parsed.ruleset.faulty === true) {
        for (const line of formatDiagnostics(parsed.diagnostics, text, width)) errors.line(line)
        errors.line(`${printable(file)}: not looked at further, because of the mistakes above`)
        failed = true
        continue
      }
      const report = lintRuleset(text, parsed)
      for (const finding of report.findings) {
        if (finding.severity === 'warning') failed = true
        output.line(options.json ? findingJson(finding) : findingText(finding, text, width))
      }
      if (!options.json) output.line(summary(file, report))
    }
    output.flush()
    errors.flush()
    return failed ? EXIT_CHECK_FAILED : EXIT_OK
  },
})

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function findingText(finding: LintFinding, text: string, width: number): string {
  const { place, severity, code, position, length, message, advice, lines } = finding
  const frame = codeFrame({ text, position, length, margin: String(place.line), width })
  const fix =
    advice === null
      ? []
      : [`  fix: ${advice}${lines.length > 0 ? ':' : ''}`, ...lines.map((line) => `       ${line}`)]
  const head = `${place.file}:${place.line}:${place.column}  ${severity}  ${code}`
  return [printable(head), frame, ...[`  ${message}`, ...fix].map(printable), ''].join('\n')
}

function findingJson({ place, position: _, length: __, ...rest }: LintFinding): string {
  return JSON.stringify({ ...place, ...rest })
}

/** `rules.v4: 2 warnings, 1 note (1 silenced); 120 rules in 14 chains, 0 of them undecided`. */
function summary(file: string, { findings, silenced, untold, undecided, rules, chains }: LintReport): string {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length
  const found = [
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
    ...(findings.length > warnings ? [count(findings.length - warnings, 'note')] : []),
  ]
  const told = found.length === 0 ? 'nothing found' : found.join(', ')
  const hidden = silenced === 0 ? '' : ` (${count(silenced, 'finding')} silenced)`
  const more = untold
    .map(({ code, findings: left }) => `; ${count(left, 'more finding')} of ${code} not shown`)
    .join('')
  const open =
    undecided.length === 0
      ? ''
      : `; whether ${count(undecided.length, 'rule')} can match is undecided (the first: ${undecided[0]!.table} ${undecided[0]!.chain} ${undecided[0]!.number})`
  return printable(
    `${file}: ${told}${hidden}; ${count(rules, 'rule')} in ${count(chains, 'chain')}${more}${open}`,
  )
}
