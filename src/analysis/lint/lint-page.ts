/** docs/reference/lint.md, rendered from the catalogue of checks. */
import { extensions } from '../../firewall/extensions.ts'
import { parseRuleset } from '../../ruleset/parser.ts'
import { checkGroups, checks } from './checks.ts'
import type { Check } from './finding.ts'
import { type LintFinding, lintRuleset, UNUSED_SILENCE } from './lint.ts'

/** What linting the example of a check finds. */
export function exampleFindings({ example }: Check): readonly LintFinding[] {
  const text = `${example.join('\n')}\n`
  return lintRuleset(text, parseRuleset(text, { family: 'ipv4', registry: extensions, file: 'rules.v4' }))
    .findings
}

function renderCheck(check: Check): string {
  const found = exampleFindings(check).find(({ code }) => code === check.code)!
  const fix =
    found.lines.length === 0 ? [] : [`    ${found.advice}:`, ...found.lines.map((line) => `      ${line}`)]
  return [
    `### ${check.code}`,
    `*${check.severity}* · ${check.summary}`,
    ['```', ...check.example, '```'].join('\n'),
    [`    ${found.message}`, ...(found.lines.length === 0 ? [`    ${found.advice}`] : fix)].join('\n'),
    check.meaning,
    `Silence it where ${check.silence}.`,
  ].join('\n\n')
}

/** The whole page, as Markdown. */
export function renderLintPage(): string {
  const parts = [
    '<!-- Made from src/analysis/lint by `npx vitest run src/analysis -u`. Do not edit. -->',
    '# Findings of `sallyport lint`',
    [
      '`sallyport lint FILE` tells what is wrong with rules without any traffic. Each finding has a code, a place, a sentence and',
      'what to do. Codes are stable; sentences are for people and may change. A *warning* makes the exit code 1, a *note* does not.',
    ].join('\n'),
    [
      'What a rule can match is compared as sets of packets. `shadowed` and its like are exact: where the budget of comparisons',
      'runs out, nothing is told and the rule is counted as undecided. Fields that a target changes (marks, TTL) are unknown behind it.',
      'What is in an IP set is not asked, because it changes while the rules stay: `-m set` is a question with the same answer in all rules that',
      'ask the same, so it leaves no rule undecided, and a finding holds whatever the set has.',
    ].join('\n'),
    '## Silencing',
    [
      'A comment silences findings by their code: of the next line, of its own line (scripts), of the rule that has it as',
      'its comment, or of the whole file. Several codes have commas between. A comment that silences nothing is told as',
      `\`${UNUSED_SILENCE}\` (a note).`,
    ].join('\n'),
    [
      '```',
      '# sallyport: allow log-without-limit',
      '-A INPUT -i lan0 -j LOG',
      '-A INPUT -i lan1 -j LOG -m comment --comment "sallyport: allow log-without-limit"',
      '# sallyport: allow-all unused-chain',
      '```',
    ].join('\n'),
    [
      '| code | | |',
      '|---|---|---|',
      ...checks.map(({ code, severity, summary }) => `| [${code}](#${code}) | *${severity}* | ${summary} |`),
    ].join('\n'),
  ]
  for (const { title, checks: ofGroup } of checkGroups) parts.push(`## ${title}`, ...ofGroup.map(renderCheck))
  parts.push(
    '## What reading the rules finds',
    [
      'Warnings of the reader are findings too, under their own codes (*warning*): among them `narrow-flags`',
      '(`--tcp-flags SYN SYN` takes SYN+ACK for SYN: `--syn` was meant), `never-matches` (a single condition that nothing fulfils),',
      '`no-wildcard`, `old-negation`, `repeated-table`. Mistakes that iptables would refuse end `lint` with exit code 1, as in `sallyport fmt`.',
    ].join('\n'),
  )
  return `${parts.join('\n\n')}\n`
}
