/** The rulesets that were written for the purpose, with packets at their edges. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Count } from './observed.ts'
import { readPacketLines } from './packet-lines.ts'
import type { RuleCase } from './rule-case.ts'

export function writtenCases(folder = join(import.meta.dirname, 'written')): RuleCase[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      const rules = text.trimEnd().split('\n')
      return { name, family: name.endsWith('.v6') ? 'ipv6' : 'ipv4', rules, steps: readPacketLines(text) }
    })
}

/** Rules that no packet came to: their edges were not tried. */
export function unmet(counts: readonly Count[]): string[] {
  return counts
    .filter(({ number, packets }) => number > 0 && packets === '0')
    .map(({ chain, text }) => `${chain} ${text}`)
}
