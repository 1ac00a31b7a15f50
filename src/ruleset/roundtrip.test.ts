import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { makeRule, randomOf } from '../../test/support/rules.ts'
import type { Family, Rule, Ruleset } from './model.ts'
import { parseRuleset } from './parser.ts'
import { printRuleset } from './printer.ts'

/** Twenty rules made at random, those left out that are refused. */
function makeRuleset(seed: number, family: Family): string {
  const random = randomOf(seed)
  const tables = new Map<string, string[]>()
  for (let i = 0; i < 20; i++) {
    const made = makeRule(registry, family, random)
    const line = `-A ${made.chain} ${made.text}`
    const { diagnostics } = parseRuleset(`*${made.table}\n${line}\nCOMMIT\n`, { family, registry })
    if (diagnostics.some(({ severity }) => severity === 'error')) continue
    tables.set(made.table, [...(tables.get(made.table) ?? []), line])
  }
  return [...tables].map(([table, lines]) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`).join('')
}

/** Without what tells where it stood. */
function meaning(ruleset: Ruleset): unknown {
  const bare = ({ place: _, comments: __, ...rule }: Rule) => rule
  return ruleset.tables.map(({ name, chains }) => [
    name,
    chains.map((chain) => [chain.name, chain.policy, chain.counters, chain.rules.map(bare)]),
  ])
}

/**
 * What the tool itself prints so that it reads something else: a day list without days, a burst that was rounded, a last
 * date of 0.
 */
function isLossy(line: string): boolean {
  const times = (text: string) => line.split(text).length - 1
  return /--(weekdays|monthdays) {2}|burst \d+[km]b/.test(line) || times(' -m time') > times(' --datestop ')
}

test('any ruleset: what is printed reads as the same ruleset, and prints the same again', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom<Family>('ipv4', 'ipv6'), (seed, family) => {
      const { ruleset } = parseRuleset(makeRuleset(seed, family), { family, registry })
      for (const form of ['canonical', 'fmt'] as const) {
        const printed = printRuleset(ruleset, { form, counters: true })
        fc.pre(!printed.split('\n').some(isLossy))
        const again = parseRuleset(printed, { family, registry })
        expect(again.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
        expect(meaning(again.ruleset)).toEqual(meaning(ruleset))
        expect(printRuleset(again.ruleset, { form, counters: true })).toBe(printed)
      }
    }),
    { numRuns: 150 },
  )
})
