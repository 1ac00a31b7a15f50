/** Rulesets of the wild (`test/kernel/rules/wild/`) without a kernel: read, printed, read again, ready to run. */
import { expect, test } from 'vitest'
import { Settings } from '../src/conntrack/settings.ts'
import { Tracker } from '../src/conntrack/tracker.ts'
import { Firewall } from '../src/firewall/firewall.ts'
import { FixedWay } from '../src/firewall/way.ts'
import { HOOK_FORWARD } from '../src/hook/hook.ts'
import { Host } from '../src/host/host.ts'
import { readIpOutput } from '../src/host/ip-output.ts'
import { readSets } from '../src/ipset/reader.ts'
import { Sets } from '../src/ipset/sets.ts'
import { parseRuleset } from '../src/ruleset/parser.ts'
import { printRuleset } from '../src/ruleset/printer.ts'
import { wildFiles } from './kernel/rules/wild.ts'
import { registry } from './support/registry.ts'

/** What nobody evaluates, by extension, in the files that ask for it; all else is evaluated. */
const unevaluated: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docker-28.v4': { policy: 'whether IPsec carried a packet is in no capture' },
  'hand-written.v4': { owner: 'the sender’s user is in no capture' },
  'libvirt.v4': { physdev: 'ports of bridges are in no capture' },
  'mesh.v4': {
    physdev: 'ports of bridges are in no capture',
    socket: 'open sockets are in no capture',
    owner: 'the sender’s user is in no capture',
    TPROXY: 'not built yet',
    bpf: 'not built yet',
  },
  'openwrt-fw3.v4': { time: '--kerneltz: the time zone of that kernel is told nowhere' },
}

/** Warnings: a script that sets a sysctl. */
const told: Readonly<Record<string, readonly string[]>> = { 'router.sh': ['16 not-applied'] }

/** What `ip -j` prints: `rpfilter` asks for routes. */
const machine = [
  [
    {
      ifname: 'eth0',
      ifindex: 2,
      addr_info: [
        { family: 'inet', local: '192.0.2.10', prefixlen: 24 },
        { family: 'inet6', local: '2001:db8:f::1', prefixlen: 64 },
      ],
    },
  ],
  [{ dst: 'default', gateway: '192.0.2.1', dev: 'eth0' }],
  [{ dst: 'default', gateway: 'fe80::1', dev: 'eth0' }],
]

const files = wildFiles()

test('there are rulesets of many makers, of both families, and scripts', () => {
  expect(files.length).toBeGreaterThanOrEqual(20)
  expect(files.filter(({ family }) => family === 'ipv6').length).toBeGreaterThanOrEqual(4)
  expect(files.filter(({ isScript }) => isScript).length).toBeGreaterThanOrEqual(2)
})

test.for(files.map((file) => [file.name, file] as const))('%s', ([name, { family, text, sets }]) => {
  const read = (rules: string) => parseRuleset(rules, { family, registry })
  const { ruleset, diagnostics } = read(text)
  expect(diagnostics.map(({ place, code }) => `${place.line} ${code}`)).toEqual(told[name] ?? [])
  expect(ruleset.tables.length).toBeGreaterThan(0)

  const canonical = printRuleset(ruleset)
  const again = read(canonical)
  expect(again.diagnostics).toEqual([])
  expect(printRuleset(again.ruleset)).toBe(canonical)
  const fmt = printRuleset(ruleset, { form: 'fmt', counters: true })
  const third = read(fmt)
  expect(third.diagnostics).toEqual([])
  expect(printRuleset(third.ruleset, { form: 'fmt', counters: true })).toBe(fmt)
  expect(printRuleset(third.ruleset)).toBe(canonical)

  const made = new Sets()
  expect(readSets(sets, 'sets', made)).toEqual([])
  const host = new Host()
  readIpOutput(machine.map((one) => JSON.stringify(one)).join('\n'), host)
  const firewall = new Firewall(new Tracker({ settings: new Settings() }), {
    rulesets: [ruleset],
    host,
    way: new FixedWay(HOOK_FORWARD, 0, 0),
    sets: made,
  })
  const asked = firewall.programs[family]!.unevaluated.map(({ extension }) => extension)
  expect([...new Set(asked)].sort()).toEqual(Object.keys(unevaluated[name] ?? {}).sort())
})
