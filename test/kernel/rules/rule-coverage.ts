/** What the rules of a run used, and what it came to: so that nobody takes silence for agreement. */
import type { RuleOutcome } from './play-rules.ts'
import type { RuleCase } from './rule-case.ts'

export interface RuleCoverage {
  add(one: Pick<RuleCase, 'rules'>, outcome: RuleOutcome): void
  /** Rules in which each match and target stood. */
  readonly used: ReadonlyMap<string, number>
  report(): string
}

export function ruleCoverage(): RuleCoverage {
  const used = new Map<string, number>()
  const ends = new Map<string, number>()
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1)
  return {
    used,
    add({ rules }, { observed }) {
      for (const line of rules) {
        if (!line.startsWith('-A ')) continue
        for (const [, kind, name] of line.matchAll(/ -([mj]) (\S+)/g))
          count(used, `${kind === 'm' ? 'match' : 'target'} ${name}`)
      }
      for (const { journey, answers, said } of observed) {
        const { exit, ctstate } = journey
        count(ends, `${ctstate ?? 'not judged'} ${exit ? exit.hook : 'gone'}`)
        for (const _ of answers) count(ends, 'answered')
        for (const _ of said) count(ends, 'said by NFLOG')
      }
    },
    report() {
      const list = (map: ReadonlyMap<string, number>) =>
        [...map]
          .sort()
          .map(([name, number]) => `${name} ${number}`)
          .join(', ')
      return `packets: ${list(ends)}\nrules: ${list(used)}`
    },
  }
}
