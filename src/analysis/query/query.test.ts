import { expect, test } from 'vitest'
import { wildFiles } from '../../../test/kernel/rules/wild.ts'
import { deviceNames, OverlappingRules } from '../../../test/support/overlapping-rules.ts'
import { randomOf } from '../../../test/support/rules.ts'
import { Tracker } from '../../conntrack/tracker.ts'
import { parseFilter } from '../../filter/filter.ts'
import { extensions } from '../../firewall/extensions.ts'
import { Firewall } from '../../firewall/firewall.ts'
import { FixedWay } from '../../firewall/way.ts'
import { HOOK_FORWARD } from '../../hook/hook.ts'
import { Host } from '../../host/host.ts'
import { readSets } from '../../ipset/reader.ts'
import { Sets } from '../../ipset/sets.ts'
import { Feed } from '../../replay/feed.ts'
import type { Family } from '../../ruleset/model.ts'
import { parseRuleset } from '../../ruleset/parser.ts'
import { type QueryAnswer, queryRuleset } from './query.ts'
import { NoQuestion } from './question.ts'

function ask(rules: string, question: string, family: Family = 'ipv4', saved = ''): QueryAnswer[] {
  const { ruleset } = parseRuleset(rules, { family, registry: extensions })
  const result = parseFilter(question)
  if ('error' in result) throw new Error(result.error.message)
  const sets = () => {
    const made = new Sets()
    readSets(saved, 'saved', made)
    return made
  }
  return queryRuleset(ruleset, result.filter, { sets })
}

/** `INPUT NEW ACCEPT by INPUT 1, e.g. tcp …`. */
function lines(answers: readonly QueryAnswer[]): string[] {
  return answers.map(({ way, ctstate, verdict, certain, decidedBy, dependsOn, witness, whyNone }) => {
    const by =
      decidedBy === null ? 'nobody' : `${decidedBy.table} ${decidedBy.chain} ${decidedBy.number ?? 'policy'}`
    const open = dependsOn.map(({ chain, number, matches }) => `${chain} ${number} (${matches.join(', ')})`)
    const on = open.length === 0 ? '' : ` depending on ${open.join(', ')}`
    const packet =
      witness === null
        ? `no packet, ${whyNone}`
        : `${witness.packets > 1 ? `${witness.packets} x ` : ''}${witness.packet}`
    return `${way} ${ctstate} ${verdict}${certain ? '' : '?'} by ${by}${on}: ${packet}`
  })
}

const rules = `*filter
:INPUT DROP
:FORWARD DROP
:ssh -
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp --dport 22 -j ssh
-A ssh -s 10.0.0.0/8 -j ACCEPT
-A ssh -m limit --limit 1/min -j ACCEPT
-A FORWARD -d 10.0.0.5 -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`

test('accepted, dropped or either, each with a packet and who decides', () => {
  const question = 'in eth0 and tcp and dst host 10.0.0.5 and dst port 22 and ctstate NEW'
  expect(lines(ask(rules, question))).toEqual([
    'INPUT NEW ACCEPT by filter ssh 1: tcp 10.0.0.1:40000 > 10.0.0.5:22 S',
    'INPUT NEW ACCEPT? by filter ssh 2 depending on ssh 2 (limit): tcp 198.51.100.7:40000 > 10.0.0.5:22 S',
    'INPUT NEW DROP? by filter INPUT policy depending on ssh 2 (limit): 6 x tcp 198.51.100.7:40000 > 10.0.0.5:22 S',
    'FORWARD NEW ACCEPT by filter FORWARD 1: tcp 198.51.100.7:40000 > 10.0.0.5:22 S',
  ])
})

test('each state has a packet that is of it: answers, errors, announced connections, strays', () => {
  expect(lines(ask(rules, 'in eth0 and out eth1 and tcp dst port 80'))).toEqual([
    'FORWARD NEW DROP by filter FORWARD policy: tcp 198.51.100.7:40000 > 192.0.2.9:80 S',
    'FORWARD ESTABLISHED DROP by filter FORWARD policy: tcp 198.51.100.7:40000 > 192.0.2.9:80 A',
    'FORWARD RELATED DROP by filter FORWARD policy: tcp 198.51.100.7:40000 > 192.0.2.9:80 S, announced by tcp 198.51.100.7:50000 > 192.0.2.9:21',
    'FORWARD INVALID DROP by filter FORWARD policy: tcp 198.51.100.7:40000 > 192.0.2.9:80 SA',
  ])
  expect(lines(ask(rules, 'out eth1 and icmp and not in eth0+ and ctstate RELATED,ESTABLISHED'))).toEqual([
    'FORWARD ESTABLISHED DROP by filter FORWARD policy: icmp 198.51.100.7 > 192.0.2.9 0/0',
    'FORWARD RELATED DROP by filter FORWARD policy: icmp 198.51.100.7 > 192.0.2.9 3/0, about udp 192.0.2.9:40000 > 203.0.113.5:53',
    'OUTPUT ESTABLISHED ACCEPT by filter OUTPUT policy: icmp 198.51.100.7 > 192.0.2.9 0/0',
    'OUTPUT RELATED ACCEPT by filter OUTPUT policy: icmp 198.51.100.7 > 192.0.2.9 3/0, about udp 192.0.2.9:40000 > 203.0.113.5:53',
  ])
})

test('what this host sends is never INVALID for its checksum', () => {
  const sent = (what: string) =>
    lines(ask(rules, `out eth1 and ${what} and ctstate INVALID`)).filter((line) => line.startsWith('OUTPUT'))
  const by = 'OUTPUT INVALID ACCEPT by filter OUTPUT policy'
  expect(sent('udp')).toEqual([`${by}: udp 198.51.100.7:40000 > 192.0.2.9:80, its length wrong`])
  expect(sent('tcp')).toEqual([`${by}: tcp 198.51.100.7:40000 > 192.0.2.9:80 SA`])
})

const drop = (match: string) => `*filter
:FORWARD ACCEPT
-A FORWARD ${match} -j DROP
COMMIT
`

test('IP sets: examples have addresses and ports of their elements, and are told to be missing', () => {
  const saved = `create blocked hash:net family inet
add blocked 10.9.0.0/16 nomatch
add blocked 203.0.113.64/26
create web hash:ip,port
add web 10.0.0.5,tcp:8080
create all list:set
add all blocked
create six hash:net family inet6
add six 2001:db8:66::/48
`
  const asked = (match: string, question: string) =>
    lines(ask(drop(match), `in eth0 and out eth1 and ctstate NEW and ${question}`, 'ipv4', saved))
  const on = 'depending on FORWARD 1 (set):'
  const policy = `FORWARD NEW ACCEPT? by filter FORWARD policy ${on}`
  const first = `FORWARD NEW DROP? by filter FORWARD 1 ${on}`
  for (const name of ['blocked', 'all'])
    expect(asked(`-m set --match-set ${name} src`, 'udp')).toEqual([
      `${policy} udp 198.51.100.7:40000 > 192.0.2.9:80`,
      `${first} udp 203.0.113.65:40000 > 192.0.2.9:80`,
    ])
  expect(asked('-m set --match-set web dst,dst', 'tcp')).toEqual([
    `${policy} tcp 198.51.100.7:40000 > 192.0.2.9:80 S`,
    `${first} tcp 198.51.100.7:40000 > 10.0.0.5:8080 S`,
  ])
  const question = 'out eth1 and in eth0 and udp and ctstate NEW'
  const six = lines(ask(drop('-m set --match-set six src'), question, 'ipv6', saved))
  expect(six.at(-1)).toMatch(/^FORWARD NEW DROP\? .*: udp \[2001:db8:66::\d?\]:40000 > \[2001:db8:2::9\]:80$/)
  expect(asked('-m set --match-set nosuch src', 'udp').at(-1)).toContain(
    'no packet, filter FORWARD 1 cannot be evaluated: set: no set "nosuch": give --ipset FILE',
  )
})

test('-j SET: the packet behind the one that was added is taken, each example from sets as they were saved', () => {
  const text = `*filter
:FORWARD ACCEPT
-A FORWARD -m set --match-set seen src -j DROP
-A FORWARD -p udp -m udp --dport 99 -j SET --add-set seen src
COMMIT
`
  const question = 'in eth0 and out eth1 and ctstate NEW and udp dst port 99'
  expect(lines(ask(text, question, 'ipv4', 'create seen hash:ip family inet\n'))).toEqual([
    'FORWARD NEW ACCEPT? by filter FORWARD policy depending on FORWARD 1 (set): udp 198.51.100.7:40000 > 192.0.2.9:99',
    'FORWARD NEW DROP? by filter FORWARD 1 depending on FORWARD 1 (set): 2 x udp 198.51.100.7:40000 > 192.0.2.9:99',
  ])
})

test('out of time: told as undecided by state, and no examples are looked for', () => {
  const { ruleset } = parseRuleset(rules, { family: 'ipv4', registry: extensions })
  const result = parseFilter('in eth0 and tcp dst port 22 and ctstate NEW')
  if ('error' in result) throw new Error(result.error.message)
  const undecided = queryRuleset(ruleset, result.filter, { spent: () => 1 })
  expect(undecided.map(({ way, ctstate, verdict }) => `${way} ${ctstate} ${verdict}`)).toEqual([
    'INPUT NEW null',
    'FORWARD NEW null',
  ])
  let times = 0
  const halfway = queryRuleset(ruleset, result.filter, { spent: () => (times++ < 100 ? 0 : 1) })
  expect(halfway.some(({ verdict }) => verdict !== null)).toBe(true)
})

test('kube-proxy, asked broadly: what is too much is undecided, and the rest is told', () => {
  const { text } = wildFiles().find(({ name }) => name === 'kube-proxy.v4')!
  const answers = ask(text, 'tcp')
  const undecided = answers.filter(({ verdict }) => verdict === null)
  expect(undecided.map(({ ctstate }) => ctstate)).toContain('NEW')
  expect(undecided[0]!.whyNone).toContain('undecided within the budget')
  expect(answers.filter(({ certain }) => certain).length).toBeGreaterThan(2)
})

test('string: the bytes are in the packet, where they are looked for', () => {
  const asked = (match: string, protocol: string) =>
    lines(ask(drop(match), `in eth0 and out eth1 and ctstate NEW and ${protocol}`))
  const on = 'depending on FORWARD 1 (string):'
  const policy = `FORWARD NEW ACCEPT? by filter FORWARD policy ${on}`
  const first = `FORWARD NEW DROP? by filter FORWARD 1 ${on}`
  const udp = 'udp 198.51.100.7:40000 > 192.0.2.9:80'
  expect(asked('-m string --string "GET /x" --algo bm --from 60', 'udp')).toEqual([
    `${policy} ${udp}`,
    `${first} ${udp} with "GET /x"`,
  ])
  expect(asked('-m string ! --string "GET /x" --algo bm', 'tcp')).toEqual([
    `${policy} tcp 198.51.100.7:40000 > 192.0.2.9:80 S with "GET /x"`,
    `${first} tcp 198.51.100.7:40000 > 192.0.2.9:80 S`,
  ])
})

test('connlimit: as many connections as it takes, up to 1,000', () => {
  const asked = (above: number) =>
    lines(
      ask(
        drop(`-p tcp -m connlimit --connlimit-above ${above}`),
        'in eth0 and out eth1 and ctstate NEW and tcp',
      ),
    )
  const refused = 'FORWARD NEW DROP? by filter FORWARD 1 depending on FORWARD 1 (connlimit):'
  expect(asked(30)).toContain(`${refused} 31 x tcp 198.51.100.7:40000 > 192.0.2.9:80 S`)
  expect(asked(999)).toContain(`${refused} 1000 x tcp 198.51.100.7:40000 > 192.0.2.9:80 S`)
  expect(asked(5000)).toContain(
    `${refused} no packet, it takes 5001 connections (connlimit), of which 1000 are tried at most`,
  )
})

test('table raw, marks and NAT on the way', () => {
  const text = `*raw
-A PREROUTING -p udp --dport 53 -j CT --notrack
COMMIT
*mangle
-A PREROUTING -s 10.0.0.0/8 -j MARK --set-mark 7
-A FORWARD -p tcp --dport 25 -j DROP
COMMIT
*nat
-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.9.9.9:80
-A PREROUTING -p tcp --dport 3128 -j REDIRECT --to-ports 22
COMMIT
*filter
:INPUT DROP
:FORWARD DROP
-A INPUT -p tcp --dport 22 -j ACCEPT
-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT
-A FORWARD -d 10.9.9.9 -p tcp --dport 80 -m conntrack --ctstate DNAT -j ACCEPT
-A FORWARD -m mark --mark 7 -j ACCEPT
COMMIT
`
  const asked = (question: string) => lines(ask(text, `in eth0 and ${question}`))
  expect(asked('udp dst port 53 and out eth1')).toEqual([
    'FORWARD UNTRACKED ACCEPT by filter FORWARD 1: udp 198.51.100.7:40000 > 192.0.2.9:53',
  ])
  expect(asked('tcp dst port 8080 and out eth1 and ctstate NEW and not src net 10')).toEqual([
    'FORWARD NEW ACCEPT by filter FORWARD 2: tcp 198.51.100.7:40000 > 192.0.2.9:8080 S',
  ])
  expect(asked('tcp dst port 3128 and src host 192.0.2.1 and ctstate NEW')).toEqual([
    'INPUT NEW ACCEPT by filter INPUT 1: tcp 192.0.2.1:40000 > 192.0.2.9:3128 S',
  ])
  expect(asked('src host 10.1.2.3 and tcp dst port (25 or 26) and out eth1 and ctstate NEW')).toEqual(
    [
      'FORWARD NEW ACCEPT by filter FORWARD 3: tcp 10.1.2.3:40000 > 192.0.2.9:26 S',
      'FORWARD NEW DROP by mangle FORWARD 1: tcp 10.1.2.3:40000 > 192.0.2.9:25 S',
    ]
      .reverse()
      .reverse(),
  )
})

test('words about captures and connections are refused', () => {
  expect(() => ask(rules, 'tcp and reason tcp-*')).toThrow(NoQuestion)
  expect(() => ask(rules, 'less 100')).toThrow(NoQuestion)
  expect(ask(rules, 'ip6 and tcp')).toEqual([])
})

test('IPv6: networks, names, and neighbour discovery, which nothing tracks', () => {
  const text = `*filter
:INPUT DROP
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT
-A INPUT -s fd00::/8 -i wg+ -j ACCEPT
COMMIT
`
  expect(lines(ask(text, 'in wg0 and src net fd00::/16 and not icmp6 and ctstate NEW', 'ipv6'))).toEqual([
    'INPUT NEW ACCEPT by filter INPUT 2: tcp [fd00::1]:40000 > [2001:db8:2::9]:80 S',
    'FORWARD NEW ACCEPT by filter FORWARD policy: tcp [fd00::1]:40000 > [2001:db8:2::9]:80 S',
  ])
  expect(lines(ask(text, 'in eth0 and icmp6 and ctstate UNTRACKED', 'ipv6'))[0]).toBe(
    'INPUT UNTRACKED ACCEPT by filter INPUT 1: icmpv6 2001:db8:1::7 > 2001:db8:2::9 135/0',
  )
})

const SEEDS = Number(process.env['SALLYPORT_QUERY'] ?? 15)

test.for(['ipv4', 'ipv6'] as const)(
  '%s: what the engine does with random packets is among the answers',
  { timeout: 60_000 + SEEDS * 2000 },
  (family) => {
    let certain = 0
    let asked = 0
    let shown = 0
    let answered = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const maker = new OverlappingRules(family, randomOf(seed))
      const text = maker.make(10)
      const { ruleset } = parseRuleset(text, { family, registry: extensions })
      const host = new Host()
      const [device, out] = [deviceNames[seed % 3]!, 'eth9']
      const way = new FixedWay(HOOK_FORWARD, host.interfaces.numberOf(device), host.interfaces.numberOf(out))
      for (let i = 0; i < 6; i++) {
        const firewall = new Firewall(new Tracker({ checksums: 'verify' }), {
          rulesets: [ruleset],
          host,
          way,
        })
        const record = new Feed(firewall).send(maker.packet(), { seconds: 1_700_000_000 })
        const {
          protocol,
          source,
          destination,
          sourcePort,
          destinationPort,
          ctstate,
          verdict,
          decidedBy,
          reasons,
        } = record
        // Short headers are dropped by the match that meets them first: the question is about whole packets.
        if (decidedBy.kind === 'hotdrop' || reasons.some(({ code }) => /short|header/.test(code))) continue
        if (ctstate === null || (protocol !== 'tcp' && protocol !== 'udp')) continue
        const ends = `src host ${source} and dst host ${destination} and ${protocol} src port ${sourcePort} and ${protocol} dst port ${destinationPort}`
        const question = `in ${device} and out ${out} and ${ends} and ctstate ${ctstate}`
        const answers = ask(text, question, family)
        asked++
        const said = answers.map((answer) => `${answer.certain ? '' : '?'}${answer.verdict}`)
        expect(
          answers.map((answer) => answer.verdict),
          `seed ${seed}: ${question}\n${text}`,
        ).toContain(verdict)
        if (new Set(said).size === 1 && !said[0]!.startsWith('?')) certain++
        shown += answers.filter(({ witness, certain }) => witness !== null && certain).length
        answered += answers.filter((answer) => answer.certain).length
      }
    }
    expect(asked).toBeGreaterThan(3 * SEEDS)
    // These rules leave few packets open, whatever their order is.
    expect(certain / asked).toBeGreaterThan(0.8)
    // Nearly every certain answer has a packet that shows it.
    expect(shown / answered).toBeGreaterThan(0.95)
  },
)
