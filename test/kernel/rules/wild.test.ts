/** Rulesets of the wild through the real tools: taken by both, saved as we print them, and the same to packets. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Namespace } from '../../../src/live/namespace.ts'
import { Netlink, NLM_F_ACK } from '../../../src/live/netlink.ts'
import { parseRuleset } from '../../../src/ruleset/parser.ts'
import { printRuleset } from '../../../src/ruleset/printer.ts'
import { registry } from '../../support/registry.ts'
import { whyNoRules } from './needs.ts'
import { playRules, type RulePlayer } from './play-rules.ts'
import { ruleFailure } from './rule-campaign.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'
import { type WildFile, wildCase, wildFiles } from './wild.ts'

const NFNL_SUBSYS_ACCT = 7
const NLM_F_CREATE = 0x400

const files = wildFiles()
const cases = files.flatMap((file) => wildCase(file) ?? [])
const missing = whyNoRules()
const title = 'rulesets of the wild in Linux'
if (missing !== null)
  console.warn(`SKIPPED: ${files.length + cases.length} tests of ${title}, because ${missing}`)

/** Scripts call these by their plain names; what else they call must not touch the machine. */
function makeTools(folder: string): string {
  const tools = join(folder, 'bin')
  mkdirSync(tools)
  for (const program of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-restore', '-save'])
      symlinkSync(`/usr/sbin/${program}-legacy${suffix}`, join(tools, `${program}${suffix}`))
  }
  for (const program of ['modprobe', 'sysctl']) symlinkSync('/bin/true', join(tools, program))
  return tools
}

/** A script as the real shell runs it: with its own PATH line and full paths turned to the tools of the test. */
function scriptFor({ text }: WildFile, tools: string): string {
  return text.replace(/^export PATH=.*$/m, '').replaceAll('/sbin/iptables', join(tools, 'iptables'))
}

/** What `nfacct add` does: rules that name an account need it. */
function addAccount(namespace: Namespace, name: string): void {
  const netlink = namespace.inside(() => new Netlink())
  netlink.request
    .start(NFNL_SUBSYS_ACCT << 8, NLM_F_ACK | NLM_F_CREATE, 0)
    .add(1, new TextEncoder().encode(`${name}\0`))
  netlink.send()
  netlink.close()
}

/** Loads the file in a namespace of its own and saves the tables named. */
function saveByLinux(file: WildFile, tables: readonly string[]): { saved: string } | { refusal: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-wild-'))
  const namespace = new Namespace()
  try {
    const tools = makeTools(folder)
    const program = file.family === 'ipv4' ? 'iptables-legacy' : 'ip6tables-legacy'
    for (const [, name] of file.text.matchAll(/--nfacct-name (\S+)/g)) addAccount(namespace, name!)
    writeFileSync(join(folder, 'rules'), file.isScript ? scriptFor(file, tools) : file.text)
    writeFileSync(join(folder, 'sets'), file.sets)
    const lines = [
      'ipset restore <sets',
      file.isScript ? `PATH=${tools}:$PATH bash ./rules >/dev/null` : `${program}-restore -w <rules`,
      ...tables.map((table) => `${program}-save -t ${table} >>saved`),
      'cat saved',
    ]
    const { status, stdout, stderr } = namespace.inside(() =>
      spawnSync('sh', ['-e'], {
        cwd: folder,
        input: lines.join('\n'),
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
      }),
    )
    return status === 0 ? { saved: stdout.replace(/^#.*\n/gm, '') } : { refusal: stderr.trim() }
  } finally {
    namespace.remove()
    rmSync(folder, { recursive: true })
  }
}

describe.skipIf(missing !== null)(title, () => {
  test.for(files.map((file) => [file.name, file] as const))(
    '%s: loaded, and saved as we print it',
    ([, file]) => {
      const { ruleset } = parseRuleset(file.text, { family: file.family, registry })
      const tables = ruleset.tables.map(({ name }) => name)
      expect(saveByLinux(file, tables)).toEqual({ saved: printRuleset(ruleset) })
    },
  )
})

describe.skipIf(missing !== null)(`traffic through ${title}`, () => {
  let player: RulePlayer

  beforeAll(() => {
    const kernel = RuleKernel.open()
    player = { kernel, engine: new RuleEngine(kernel.lab) }
  })
  afterAll(() => {
    player?.kernel.close()
  })

  test.for(cases.map((one) => [one.name, one] as const))(
    '%s: verdicts, counters and translations',
    ([, one]) => {
      // Lists of `recent` belong to both families, and the first rule that names one tells its mask.
      player.kernel.load({ family: one.family === 'ipv4' ? 'ipv6' : 'ipv4', rules: [] })
      const { difference, trace, unevaluated, at } = playRules(player, one, true)
      expect(unevaluated).toEqual([])
      expect(difference ? ruleFailure(one, difference, trace).text : '').toBe('')
      // Both took the rules, and no port chosen at random ended it early.
      expect(at).toBe(one.steps.length)
      expect(player.kernel.counts().filter(({ packets }) => packets !== '0').length).toBeGreaterThan(5)
    },
  )
})
