import { expect, test } from 'vitest'
import { OverlappingRules } from '../../test/support/overlapping-rules.ts'
import { randomOf } from '../../test/support/rules.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { extensions } from '../firewall/extensions.ts'
import { Firewall } from '../firewall/firewall.ts'
import { FixedWay } from '../firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT } from '../hook/hook.ts'
import { Host } from '../host/host.ts'
import { Feed } from '../replay/feed.ts'
import type { Family, Ruleset } from '../ruleset/model.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import type { TableName } from '../ruleset/tables.ts'
import { type Fate, TableReach } from './reach.ts'
import { Space } from './space.ts'

function read(text: string, family: Family = 'ipv4'): Ruleset {
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return ruleset
}

/** What became of each rule: `FORWARD 2: taken by FORWARD 1`, those that live left out. */
function fates(text: string, family: Family = 'ipv4'): string[] {
  const ruleset = read(text, family)
  const space = new Space(ruleset)
  return ruleset.tables.flatMap((table) =>
    [...new TableReach(table, space).fates].flatMap(([rule, fate]) =>
      fate.kind === 'lives' ? [] : [`${rule.chain.name} ${rule.number}: ${fateText(fate)}`],
    ),
  )
}

function fateText(fate: Fate): string {
  if (fate.kind !== 'taken') return fate.kind
  const takers = fate.by.map(({ rule, inner }) =>
    [rule, ...(inner === null ? [] : [inner])].map((one) => `${one.chain.name} ${one.number}`).join(' > '),
  )
  return `taken by ${takers.join(', ')}`
}

const filter = (...lines: string[]) => {
  const used = new Set(lines.map((line) => line.split(' ')[1]!))
  const chains = [...used].filter((name) => !['INPUT', 'FORWARD', 'OUTPUT'].includes(name))
  return ['*filter', ...chains.map((name) => `:${name} -`), ...lines, 'COMMIT', ''].join('\n')
}

test.each<[string, string[], string[]]>([
  [
    'a wider rule in front',
    ['-A INPUT -s 10.0.0.0/8 -j DROP', '-A INPUT -s 10.1.0.0/16 -p tcp -j ACCEPT'],
    ['INPUT 2: taken by INPUT 1'],
  ],
  [
    'a wider rule that only logs takes nothing',
    ['-A INPUT -s 10.0.0.0/8 -j LOG', '-A INPUT -s 10.1.0.0/16 -j ACCEPT'],
    [],
  ],
  [
    'a wider rule with a limit takes nothing for sure, and can itself be taken',
    [
      '-A INPUT -p tcp -j DROP',
      '-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT',
      '-A INPUT -m limit --limit 1/s -j ACCEPT',
      '-A INPUT -j DROP',
    ],
    ['INPUT 2: taken by INPUT 1'],
  ],
  [
    'two halves',
    [
      '-A INPUT -s 0.0.0.0/1 -j DROP',
      '-A INPUT -p udp -j DROP',
      '-A INPUT -s 128.0.0.0/1 -j ACCEPT',
      '-A INPUT -p tcp -j DROP',
    ],
    ['INPUT 4: taken by INPUT 1, INPUT 3'],
  ],
  [
    'a rule and its inverse',
    ['-A INPUT ! -s 10.1.2.3 -j DROP', '-A INPUT -s 10.1.2.3 -j ACCEPT', '-A INPUT -j DROP'],
    ['INPUT 3: taken by INPUT 1, INPUT 2'],
  ],
  ['all but one address', ['-A INPUT ! -s 10.1.2.3 -j DROP', '-A INPUT -j ACCEPT'], []],
  [
    'ports of a list',
    [
      '-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT',
      '-A INPUT -p tcp --dport 443 -j DROP',
      '-A INPUT -p tcp --dport 444 -j DROP',
    ],
    ['INPUT 2: taken by INPUT 1'],
  ],
  [
    'flags: what is SYN and what is not are all, but for pieces of a datagram',
    [
      '-A INPUT -p tcp --syn -j ACCEPT',
      '-A INPUT -p tcp ! --syn -j DROP',
      '-A INPUT -p tcp -m tcp --dport 1 -j DROP',
      '-A INPUT -p tcp -j DROP',
    ],
    ['INPUT 3: taken by INPUT 1, INPUT 2'],
  ],
  [
    'states: UNTRACKED is left',
    [
      '-A INPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT',
      '-A INPUT -m state --state INVALID -j DROP',
      '-A INPUT -m state --state NEW -j DROP',
      '-A INPUT -j DROP',
    ],
    ['INPUT 3: taken by INPUT 1'],
  ],
  [
    'through a chain',
    [
      '-A INPUT -p tcp -j a',
      '-A a -s 10.0.0.0/8 -j RETURN',
      '-A a -j DROP',
      '-A INPUT -p tcp -s 11.0.0.1 -j ACCEPT',
      '-A INPUT -p tcp -s 10.0.0.1 -j ACCEPT',
    ],
    ['INPUT 2: taken by INPUT 1 > a 2'],
  ],
  [
    'what the caller took does not come to the chain',
    ['-A INPUT -p tcp -j DROP', '-A INPUT -j a', '-A a -p tcp --dport 22 -j ACCEPT', '-A a -p udp -j ACCEPT'],
    ['a 1: taken by INPUT 1'],
  ],
  [
    'a chain with two callers: only what neither brings is dead',
    [
      '-A INPUT -p tcp -j a',
      '-A FORWARD -p udp -j a',
      '-A a -p tcp -j ACCEPT',
      '-A a -p udp -j ACCEPT',
      '-A a -p icmp -j ACCEPT',
    ],
    ['a 3: elsewhere'],
  ],
  [
    'goto does not come back',
    ['-A INPUT -p tcp -g a', '-A INPUT -p tcp -j ACCEPT', '-A a -p udp -j DROP'],
    ['INPUT 2: taken by INPUT 1', 'a 1: elsewhere'],
  ],
  [
    'a chain behind an unconditional verdict',
    ['-A INPUT -j DROP', '-A INPUT -j a', '-A a -j ACCEPT'],
    ['INPUT 2: taken by INPUT 1', 'a 1: unreached'],
  ],
  [
    'a mark that a rule may have set is not known any more',
    [
      '-A INPUT -m mark --mark 1 -j DROP',
      '-A INPUT -m mark --mark 1 -p tcp -j ACCEPT',
      '-A INPUT -p udp -j MARK --set-mark 1',
      '-A INPUT -m mark --mark 1 -j ACCEPT',
    ],
    ['INPUT 2: taken by INPUT 1'],
  ],
  [
    'the same question to a set of addresses, and its inverse',
    [
      '-A INPUT -m set --match-set s src -j DROP',
      '-A INPUT -p tcp -m set --match-set s src -j DROP',
      '-A INPUT -m set ! --match-set s src -j DROP',
      '-A INPUT -j ACCEPT',
    ],
    ['INPUT 2: taken by INPUT 1', 'INPUT 4: taken by INPUT 1, INPUT 3'],
  ],
  [
    'its own conditions',
    ['-A INPUT -p tcp -m tcp --dport 80 -m multiport --dports 443,444 -j ACCEPT'],
    ['INPUT 1: contradicts'],
  ],
  ['no interface in this hook', ['-A OUTPUT -j a', '-A a -i eth0 -j DROP'], ['a 1: elsewhere']],
])('%s', (_, lines, expected) => {
  expect(fates(filter(...lines))).toEqual(expected)
})

test('IPv6: networks, ranges and names', () => {
  const rules = filter(
    '-A INPUT -s fd00::/8 -j DROP',
    '-A INPUT -s fd12::1 -i eth0 -j ACCEPT',
    '-A INPUT -i eth+ -j DROP',
    '-A INPUT -i eth7 -s 2001:db8::1 -j ACCEPT',
    '-A INPUT -m iprange --src-range fc00::-fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -j DROP',
    '-A INPUT -s fc00::/7 -j DROP',
  )
  expect(fates(rules, 'ipv6')).toEqual([
    'INPUT 2: taken by INPUT 1',
    'INPUT 4: taken by INPUT 3',
    'INPUT 6: taken by INPUT 1, INPUT 5',
  ])
})

test('table nat is shown the first packet of a connection alone', () => {
  const rules = [
    '*nat',
    '-A PREROUTING -m conntrack --ctstate ESTABLISHED -p tcp -j REDIRECT',
    '-A PREROUTING -p tcp -j ACCEPT',
    'COMMIT',
    '',
  ]
  expect(fates(rules.join('\n'))).toEqual(['PREROUTING 1: elsewhere'])
})

const RULESETS = Number(process.env['SALLYPORT_REACH'] ?? 300)

test.for(['ipv4', 'ipv6'] as const)(
  '%s: no packet is counted by a rule that never matches',
  { timeout: 120_000 + RULESETS * 200 },
  (family) => {
    const dead: Record<string, number> = {}
    for (let seed = 1; seed <= RULESETS; seed++) {
      const maker = new OverlappingRules(family, randomOf(seed))
      const text = maker.make(14)
      const ruleset = read(text, family)
      const [table] = ruleset.tables
      const reach = new TableReach(table!, new Space(ruleset))
      const host = new Host()
      const inNumber = host.interfaces.numberOf(maker.device())
      const outNumber = host.interfaces.numberOf('eth9')
      const way = new FixedWay(seed % 2 === 0 ? HOOK_FORWARD : HOOK_INPUT, inNumber, outNumber)
      const firewall = new Firewall(new Tracker({ checksums: 'verify' }), { rulesets: [ruleset], host, way })
      const feed = new Feed(firewall)
      for (let i = 0; i < 150; i++) feed.send(maker.packet(), { seconds: 1_700_000_000 + i / 10 })
      const { chains } = firewall.programs[family]!.tables.get(table!.name as TableName)!
      for (const [{ chain, index }, fate] of reach.fates) {
        const { packets } = chains.get(chain.name)!.rules[index]!
        dead[fate.kind] = (dead[fate.kind] ?? 0) + 1
        if (fate.kind === 'lives' || fate.kind === 'undecided' || packets === 0) continue
        throw new Error(
          `seed ${seed}: ${chain.name} ${index + 1} counted ${packets}: ${fateText(fate)}\n${text}`,
        )
      }
    }
    // The test would be worth nothing if hardly any rule were found to be dead.
    expect(dead['taken']).toBeGreaterThan(RULESETS)
    expect(dead['elsewhere']).toBeGreaterThan(RULESETS / 10)
    expect(dead['undecided'] ?? 0).toBe(0)
  },
)
