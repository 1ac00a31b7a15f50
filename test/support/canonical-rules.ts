import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { printRuleset } from '../../src/ruleset/printer.ts'
import { registry } from './registry.ts'

/** What iptables-save would print of these lines of the table filter; `refused` if they have mistakes. */
export function canonicalRules(lines: string, family: Family = 'ipv4'): string[] | 'refused' {
  const { ruleset } = parseRuleset(`*filter\n${lines}\nCOMMIT\n`, { family, registry })
  if (ruleset.faulty) return 'refused'
  return printRuleset(ruleset)
    .split('\n')
    .filter((line) => line.startsWith('-A '))
}
