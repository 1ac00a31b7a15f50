/** The language against the real tools: what is refused, and how every rule is printed. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Namespace } from '../../src/live/namespace.ts'
import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { printRuleset } from '../../src/ruleset/printer.ts'
import { Registry } from '../../src/ruleset/registry.ts'
import { builtInChains, isTable, type TableName, tableNames } from '../../src/ruleset/tables.ts'
import { registry } from '../support/registry.ts'
import { makeRule, randomOf } from '../support/rules.ts'
import { Iptables } from './linux/iptables.ts'

function reasonToSkip(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux'
  try {
    const version = execFileSync('iptables-legacy-save', ['--version'], { encoding: 'utf8' })
    if (!version.includes('v1.8.9')) return `the forms are those of iptables 1.8.9, here is ${version.trim()}`
    execFileSync('ipset', ['--version'], { stdio: 'ignore' })
  } catch {
    return 'no iptables-legacy or no ipset'
  }
  return null
}

const skip = reasonToSkip()
if (skip) console.warn(`canonical.test.ts is skipped: ${skip}`)

/** One line of a restore file, and where it stands. */
interface Case {
  readonly family: Family
  readonly table: TableName
  readonly line: string
}

/** Policies stay when a table is loaded anew: each file sets them. */
const fileOf = ({ table, line }: Case) => {
  const chains = builtInChains(table).map((chain) => `:${chain} ACCEPT [0:0]\n`)
  return `*${table}\n${chains.join('')}:uc - [0:0]\n${line}\nCOMMIT\n`
}

function readCorpus(): Case[] {
  const cases: Case[] = []
  let beginning = ''
  for (const line of readFileSync(join(import.meta.dirname, 'rules/corpus.txt'), 'utf8').split('\n')) {
    if (line.startsWith('[') && line.endsWith(']')) beginning = line.slice(1, -1)
    else if (line !== '' && !line.startsWith('# ')) {
      const words = `${beginning} ${line}`.trimStart()
      const family = /@6 /.test(words) ? 'ipv6' : 'ipv4'
      const table = /@([a-z]+) /.exec(words)?.[1] ?? 'filter'
      if (!isTable(table)) throw new Error(line)
      cases.push({ family, table, line: words.replace(/@\w+ /g, '') })
    }
  }
  return cases
}

/** What our parser makes of a case: the table's text, or the findings for which it is refused. */
function ours(one: Case): { text: string; errors: string[] } {
  const { ruleset, diagnostics } = parseRuleset(fileOf(one), { family: one.family, registry })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return { text: printRuleset(ruleset), errors: errors.map(({ code, message }) => `${code}: ${message}`) }
}

/** The lines that only one of the texts has. */
function difference(text: string, saved: string): string {
  const own = text.split('\n')
  const theirs = saved.split('\n')
  return [
    ...own.filter((line) => !theirs.includes(line)).map((line) => `  ours   ${line}`),
    ...theirs.filter((line) => !own.includes(line)).map((line) => `  theirs ${line}`),
  ].join('\n')
}

const rules = (text: string) => text.split('\n').filter((line) => line.startsWith('-'))

describe.skipIf(skip !== null)('iptables 1.8.9, legacy back end', () => {
  let namespace: Namespace
  let real: Iptables

  beforeAll(() => {
    namespace = new Namespace()
    real = new Iptables(namespace)
    namespace.run('ipset', 'create', 's4', 'hash:ip')
    namespace.run('ipset', 'create', 's6', 'hash:ip', 'family', 'inet6')
    // What the match rateest names has to be there, and no table of the legacy back end keeps it from case to case.
    const estimate = '--rateest-interval 1s --rateest-ewmalog 2s --rateest-name'.split(' ')
    for (const name of ['e', 'f']) {
      namespace.run('iptables-nft', '-A', 'INPUT', '-j', 'RATEEST', ...estimate, name)
    }
  })
  afterAll(() => namespace?.remove())

  /** Each case by itself: both refuse it, or both print the same. */
  function compareAlone(cases: readonly Case[]): string[] {
    const restored = real.restore(cases.map((one) => ({ ...one, text: fileOf(one) })))
    return cases.flatMap((one, index) => {
      const { text, errors } = ours(one)
      const theirs = restored[index]!
      const label = `${one.family} ${one.table}: ${one.line}`
      if (errors.length > 0)
        return 'refusal' in theirs ? [] : [`only we refuse: ${label}\n  ${errors.join('\n  ')}`]
      if ('refusal' in theirs) return [`only the tool refuses: ${label}\n  ${theirs.refusal}`]
      return theirs.saved === text ? [] : [`printed differently: ${label}\n${difference(text, theirs.saved)}`]
    })
  }

  /** Rules that both should take are loaded in one go; one by one only where that goes wrong. */
  function compareTogether(cases: readonly Case[]): string[] {
    const alone: Case[] = []
    for (const family of ['ipv4', 'ipv6'] as const) {
      for (const table of tableNames) {
        const mine = cases.filter((one) => one.family === family && one.table === table)
        const appended = mine.filter((one) => one.line.startsWith('-A ') && ours(one).errors.length === 0)
        const file = { family, table, line: appended.map(({ line }) => line).join('\n') }
        const [theirs] = real.restore([{ ...file, text: fileOf(file) }])
        const same = 'saved' in theirs! && theirs.saved === ours(file).text
        alone.push(...mine.filter((one) => !same || !appended.includes(one)))
      }
    }
    return compareAlone(alone)
  }

  test('rules at the edges of the language: refused by both, or printed alike', () => {
    const corpus = readCorpus()
    expect(corpus.length).toBeGreaterThan(600)
    expect(compareTogether(corpus)).toEqual([])
  })

  test('rules made from the option tables: refused by both, or printed alike', () => {
    // A policy of timeouts must exist, and a helper know the protocol: the corpus has those that do. A timer is an alarm
    // in all rules that name it, or in none.
    const without = new Set(['CT.timeout', 'CT.helper', 'IDLETIMER.alarm'])
    // Few kernels have lamps, few machines contexts of SELinux, and accounts have to be there: rules/wild.test.ts has one.
    // What the kernel lacks stands beside its file, as the tool printed it.
    const unable = ['LED', 'SECMARK', 'nfacct', 'CLUSTERIP', 'ULOG', 'ipvs']
    const able = new Registry(registry.extensions.filter(({ name }) => !unable.includes(name)))
    const seed = Number(process.env['SALLYPORT_SEED'] ?? 1 + Math.floor(Math.random() * 2 ** 31))
    const cases: Case[] = []
    let named = 0
    for (const [start, count] of [
      [7, 12],
      [seed, 12],
    ] as const) {
      const random = randomOf(start)
      for (const extension of able.extensions) {
        for (let i = 0; i < count; i++) {
          const family = extension.family ?? (i % 3 === 2 ? 'ipv6' : 'ipv4')
          const made = makeRule(able, family, random, { without, extension })
          // Rules that name the same table of hashlimit, or estimate, must agree on more than this test knows.
          const text = made.text.replace(
            /(?<=--(?:hashlimit|rateest)-name )("[^"]*"|\S+)/g,
            () => `table${named++}`,
          )
          cases.push({ family, table: made.table, line: `-A ${made.chain} ${text}` })
        }
      }
    }
    const accepted = cases.filter((one) => ours(one).errors.length === 0).length
    console.log(`seed ${seed}: ${cases.length} rules, ${accepted} of them accepted`)
    expect(accepted).toBeGreaterThan(300)
    expect(compareTogether(cases), `seed ${seed}`).toEqual([])
  })

  test('whole files, counters and chains: printed alike, each table for itself', () => {
    const file = [
      '*nat',
      ':PREROUTING ACCEPT [1:60]',
      ':POSTROUTING ACCEPT [18446744073709551615:7]',
      ':b - [0:0]',
      ':B - [9:9]',
      ':a/b.c-d:e - [0:0]',
      '[3:180] -A PREROUTING -p tcp -m tcp --dport 80 -j b',
      '-A b -p tcp -j DNAT --to-destination 10.0.0.1:8080',
      '-A POSTROUTING -s 10.0.0.0/8 ! -o lo -j MASQUERADE',
      'COMMIT',
      '*filter',
      ':INPUT DROP [5:300]',
      ':z - [0:0]',
      ':1234567890123456789012345678 - [0:0]',
      ':é - [0:0]',
      '[1:2]-A INPUT -g z',
      '[7:8] -I INPUT -s 1.1.1.1,2.2.2.2 -j 1234567890123456789012345678',
      '-I INPUT 2 -i lo -j ACCEPT',
      '-A z -m comment --comment "it\'s \\"this\\""',
      '-D INPUT -s 1.1.1.1 -j 1234567890123456789012345678',
      '-N new',
      '-E new renamed',
      '-A OUTPUT -j renamed',
      '-R OUTPUT 1 -j z -c 4 5',
      '-P FORWARD DROP',
      '-X renamed',
      'COMMIT',
      '',
    ].join('\n')
    const { ruleset, diagnostics } = parseRuleset(file, { family: 'ipv4', registry })
    expect(diagnostics).toEqual([])
    for (const counters of [true, false]) {
      for (const table of ruleset.tables) {
        const [theirs] = real.restore([{ family: 'ipv4', table: table.name, text: file }], { counters })
        const printed = printRuleset({ ...ruleset, tables: [table] }, { counters })
        expect(theirs).toEqual({ saved: printed })
      }
    }
    expect(rules(printRuleset(ruleset)).length).toBe(8)
  })

  test('chains that lead in a circle are refused only where packets come by', () => {
    const loop = (start: string) => `*filter\n:a - [0:0]\n:b - [0:0]\n${start}-A a -j b\n-A b -g a\nCOMMIT\n`
    for (const text of [loop(''), loop('-A FORWARD -j a\n')]) {
      const { diagnostics } = parseRuleset(text, { family: 'ipv4', registry })
      const [theirs] = real.restore([{ family: 'ipv4', table: 'filter', text }])
      expect(diagnostics.length > 0).toBe('refusal' in theirs!)
    }
  })
})
