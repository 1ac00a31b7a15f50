/** What linting 10,000 rules takes: reading, comparing as sets of packets, and all findings. */
import { lintRuleset } from '../src/analysis/lint/lint.ts'
import { parseRuleset } from '../src/firewall/ruleset-text.ts'
import { atMost, cpuNanoseconds, type Row } from './measure.ts'
import { makeRules } from './rules-text.ts'

const COUNT = 10_000
/** Seconds, of processor time. */
const LIMIT = 5

const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
const repeated = (rule: (i: number) => string) => Array.from({ length: COUNT }, (_, i) => rule(i))

/** Rules that overlap a lot, hardly, and in a chain that others lead to. */
const courses: Readonly<Record<string, readonly string[]>> = {
  'mixed rules': makeRules({ count: COUNT, stateful: true }),
  'a list of addresses': repeated((i) => `-A FORWARD -s ${address(i)} -j DROP`),
  'ranges of ports within each other': repeated(
    (i) => `-A FORWARD -p tcp --dport ${i % 2 ? i : `${i}:65535`} -s 10.0.0.0/${8 + (i % 24)} -j ACCEPT`,
  ),
  'a chain each': repeated((i) => `-A FORWARD -d ${address(i)} -p tcp --dport 80 -j c${i % 2500}`),
}

export function measureLint(): Row[] {
  return Object.entries(courses).map(([name, rules]) => {
    const chains = name === 'a chain each' ? Array.from({ length: 2500 }, (_, i) => `:c${i} -`) : []
    const inner = chains.map((_, i) => `-A c${i} -s 10.0.0.0/8 -j ACCEPT`)
    const text = ['*filter', ...chains, ...rules, ...inner, 'COMMIT', ''].join('\n')
    const start = cpuNanoseconds()
    const { findings, undecided } = lintRuleset(text, parseRuleset(text, { family: 'ipv4', file: 'bench' }))
    const seconds = (cpuNanoseconds() - start) / 1e9
    const told = `${findings.length} findings, ${undecided.length} undecided`
    return atMost(`lint: 10,000 rules, ${name} (${told})`, seconds, LIMIT, ' s')
  })
}
