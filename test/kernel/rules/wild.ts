/**
 * Rulesets as generators and administrators write them: `NAME.v4`, `NAME.v6` or a script `NAME.sh`, with the sets it needs
 * in `NAME.ipset`. `#= WORDS INSTEAD` puts the lab's device, address or another match in the place of a real one for its
 * traffic, `#> …` is a packet (`packet-lines.ts`).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Family } from '../../../src/ruleset/model.ts'
import { readPacketLines } from './packet-lines.ts'
import type { RuleCase } from './rule-case.ts'
import { withAllTables } from './written.ts'

export interface WildFile {
  readonly name: string
  readonly path: string
  readonly family: Family
  readonly isScript: boolean
  readonly text: string
  /** As `ipset save` prints them, or nothing. */
  readonly sets: string
}

export function wildFiles(folder = join(import.meta.dirname, 'wild')): WildFile[] {
  return readdirSync(folder)
    .filter((name) => /\.(?:v[46]|sh)$/.test(name))
    .sort()
    .map((name) => {
      const path = join(folder, name)
      const beside = path.replace(/\.\w+$/, '.ipset')
      return {
        name,
        path,
        family: name.endsWith('.v6') ? 'ipv6' : 'ipv4',
        isScript: name.endsWith('.sh'),
        text: readFileSync(path, 'utf8'),
        sets: existsSync(beside) ? readFileSync(beside, 'utf8') : '',
      }
    })
}

/** The same ruleset on the lab's devices and addresses, with its packets; null where it brings none. */
export function wildCase({ name, family, text }: WildFile): RuleCase | null {
  if (!/^#> /m.test(text)) return null
  const changes = [...text.matchAll(/^#= (.+)$/gm)].map(([, change]) => splitChange(change!))
  const inLab = changes.reduce(
    (whole, [words, instead]) => whole.replaceAll(words, instead),
    text.replace(/^#= .*\n/gm, ''),
  )
  return { name, family, rules: withAllTables(inLab.trimEnd().split('\n')), steps: readPacketLines(inLab) }
}

/** Two words, or two matches that begin alike (`--mode … --mode …`, `-m … -m …`). */
function splitChange(change: string): [words: string, instead: string] {
  const second = change.startsWith('-') ? change.indexOf(' -', 1) : change.indexOf(' ')
  const alike = /^(-\S+ ).* (?=\1)/.exec(change)
  const at = alike ? alike[0].length - 1 : second
  return [change.slice(0, at), change.slice(at + 1)]
}
