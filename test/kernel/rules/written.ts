/** The rulesets that were written for the purpose, with packets at their edges. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtInChains, tableNames } from '../../../src/ruleset/tables.ts'
import { readPacketLines } from './packet-lines.ts'
import type { RuleCase } from './rule-case.ts'

export function writtenCases(folder = join(import.meta.dirname, 'written')): RuleCase[] {
  return readdirSync(folder)
    .filter((name) => /\.v[46]$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      const rules = withAllTables(text.trimEnd().split('\n'))
      return { name, family: name.endsWith('.v6') ? 'ipv6' : 'ipv4', rules, steps: readPacketLines(text) }
    })
}

/** Tables that a file does not name are there in the lab all the same, without rules. */
export function withAllTables(lines: readonly string[]): string[] {
  const missing = tableNames.filter((table) => !lines.includes(`*${table}`))
  return [
    ...lines,
    ...missing.flatMap((table) => [
      `*${table}`,
      ...builtInChains(table).map((chain) => `:${chain} ACCEPT [0:0]`),
      'COMMIT',
    ]),
  ]
}

/** The rulesets that users are shown; they bring no packets along. */
export function exampleCases(): RuleCase[] {
  return writtenCases(join(import.meta.dirname, '../../../examples'))
}

/** Where the nft back end is known to go another way than the legacy one, which the engine follows. */
export const nftDiffers: Readonly<Record<string, string>> = {
  'generic.v4': 'an inverted 0.0.0.0/0 is refused',
  'hotdrop-reject.v4': 'a header that is cut is no match, but not dropped',
  'hotdrop.v4': 'a header that is cut is no match, but not dropped',
  'queues.v4': 'there is no QUEUE',
  'tcp-ports.v4': 'a header that is cut is no match, but not dropped',
  'udp-udplite.v4': 'a header that is cut is no match, but not dropped',
}
