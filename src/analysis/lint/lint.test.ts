import { expect, test } from 'vitest'
import { wildFiles } from '../../../test/kernel/rules/wild.ts'
import { extensions } from '../../firewall/extensions.ts'
import type { Family } from '../../ruleset/model.ts'
import { parseRuleset } from '../../ruleset/parser.ts'
import { type LintReport, lintRuleset } from './lint.ts'

function lint(text: string, family: Family = 'ipv4'): LintReport {
  return lintRuleset(text, parseRuleset(text, { family, registry: extensions, file: 'rules' }))
}

const told = (text: string) => lint(text).findings.map(({ place, code }) => `${place.line} ${code}`)

/** As their makers write them: kube-proxy, ufw, Docker, firewalld, a hand. */
const named = ['kube-proxy.v4', 'ufw.v4', 'docker.v4', 'firewalld.v4', 'hand-written.v4']

test.each(wildFiles().map((file) => [file.name, file] as const))(
  '%s: whether a rule can match is decided for more than 99 of 100',
  (_, { text, family }) => {
    const { rules, undecided } = lint(text, family)
    expect(rules).toBeGreaterThan(0)
    expect(undecided.length).toBeLessThan(rules / 100)
  },
)

test('the five named rulesets are among those', () => {
  const names = wildFiles().map(({ name }) => name)
  expect(named.filter((name) => !names.includes(name))).toEqual([])
})

test('a shadowed rule: by whom, in which line, and what to do', () => {
  const text = `*filter
:a - [0:0]
-A INPUT -s 0.0.0.0/1 -j DROP
-A INPUT -p udp -j a
-A INPUT -s 128.0.0.0/1 -p tcp -j DROP
-A INPUT -p tcp --dport 22 -j ACCEPT
-A INPUT -s 192.0.2.1 -p udp --dport 53 -j ACCEPT
-A a -p udp -j REJECT
COMMIT
`
  const shadowed = lint(text).findings.filter(({ code }) => code === 'shadowed')
  expect(shadowed).toMatchObject([
    {
      place: { line: 6 },
      chain: 'INPUT',
      number: 4,
      message: 'INPUT 4 never matches: INPUT 1 (line 3) and INPUT 3 (line 5) together take all that it could',
      advice: 'put it in front of INPUT 1 (line 3), or delete it',
    },
    {
      place: { line: 7 },
      message: 'INPUT 5 never matches: INPUT 2 (line 4) by way of a 1 takes all that it could',
    },
  ])
})

test('the order of a script, and IPv6', () => {
  const script =
    '#!/bin/sh\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -I INPUT -p tcp -j DROP\n'
  expect(told(script)).toContain('2 shadowed')
  const text = '*filter\n-A INPUT -s fd00::/8 -j DROP\n-A INPUT -s fd00::1 -j ACCEPT\nCOMMIT\n'
  expect(lint(text, 'ipv6').findings.map(({ code }) => code)).toContain('shadowed')
})

test('what the reader warns of is a finding, with the line as it is meant', () => {
  const text = '*filter\n-A INPUT -p tcp --tcp-flags SYN SYN -j LOG -m limit\nCOMMIT\n'
  expect(lint(text).findings).toMatchObject([
    {
      code: 'narrow-flags',
      severity: 'warning',
      place: { line: 2 },
      lines: ['-A INPUT -p tcp --tcp-flags SYN,RST,ACK,FIN SYN -j LOG -m limit'],
    },
  ])
})

const log = '-A INPUT -i eth0 -j LOG'
const inTable = (...lines: string[]) => ['*filter', ...lines, 'COMMIT', ''].join('\n')

test.each<[string, string, string[]]>([
  ['none', inTable(log), ['2 log-without-limit']],
  ['in front', inTable('# sallyport: allow log-without-limit', log), []],
  [
    'in front, with other comments between',
    inTable('# sallyport: allow log-without-limit', '# few packets', '', log),
    [],
  ],
  ['several codes', inTable('# sallyport: allow shadowed, log-without-limit', log), ['2 unused-silence']],
  [
    'as the comment of the rule',
    inTable(`${log} -m comment --comment "sallyport: allow log-without-limit"`),
    [],
  ],
  [
    'of the whole file',
    inTable(log, log.replace('eth0', 'eth1'), '# sallyport: allow-all log-without-limit'),
    [],
  ],
  [
    'one line only',
    inTable('# sallyport: allow log-without-limit', log, log.replace('eth0', 'eth1')),
    ['4 log-without-limit'],
  ],
  [
    'in the prefix of a log line it is none',
    inTable(`${log} --log-prefix "sallyport: allow log-without-limit"`),
    ['2 log-without-limit'],
  ],
  [
    'behind the last line',
    `${inTable(log)}# sallyport: allow log-without-limit\n`,
    ['2 log-without-limit', '4 unused-silence'],
  ],
  [
    'a misspelled code',
    inTable('# sallyport: allow log-without-limits', log),
    ['2 unused-silence', '3 log-without-limit'],
  ],
])('silenced: %s', (_, text, expected) => {
  expect(told(text)).toEqual(expected)
})

test('silenced at the end of a line of a script', () => {
  expect(told(`#!/bin/sh\niptables ${log}   # sallyport: allow log-without-limit\n`)).toEqual([])
})

test('what was silenced is counted', () => {
  expect(lint(inTable('# sallyport: allow log-without-limit', log)).silenced).toBe(1)
})

test('rules with mistakes are refused', () => {
  expect(() => lint('*filter\n-A INPUT -j NOWHERE\nCOMMIT\n')).toThrow(TypeError)
})

test.each<[string, string[], string[]]>([
  [
    'REJECT of a reset, of an ICMP error; not of a SYN',
    [
      ':INPUT DROP [0:0]',
      '-A INPUT -p tcp --tcp-flags RST RST -j REJECT --reject-with tcp-reset',
      '-A INPUT -p icmp --icmp-type 3 -j REJECT',
      '-A INPUT -p tcp --syn -j REJECT --reject-with tcp-reset',
    ],
    ['3 reject-cannot-answer', '4 reject-cannot-answer'],
  ],
  ['a limit by the jump that leads to LOG', [':l - [0:0]', '-A INPUT -m limit -j l', '-A l -j LOG'], []],
  [
    'a list of what is refused may have an open policy on purpose: a note',
    [':INPUT ACCEPT [0:0]', '-A INPUT -s 192.0.2.7 -j DROP'],
    ['2 accept-policy'],
  ],
  [
    'SSH at a rate for each sender locks nobody out',
    [
      ':INPUT DROP [0:0]',
      '-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT',
      '-A INPUT -p tcp --dport 22 --syn -m hashlimit --hashlimit-upto 3/min --hashlimit-mode srcip --hashlimit-name s -j ACCEPT',
    ],
    [],
  ],
  [
    'INVALID dropped in front: no stray passes',
    [
      ':INPUT DROP [0:0]',
      '-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT',
      '-A INPUT -m state --state INVALID -j DROP',
      '-A INPUT -p tcp ! --syn -m state --state NEW -j DROP',
      '-A INPUT -p tcp --dport 22 -j ACCEPT',
    ],
    [],
  ],
])('%s', (_, lines, expected) => {
  expect(told(inTable(...lines))).toEqual(expected)
})

test('a helper that a CT rule gives; NAT of what is not tracked', () => {
  const helper = '-A INPUT -m conntrack --ctstate RELATED -m helper --helper ftp -j ACCEPT'
  const raw = '*raw\n-A PREROUTING -p tcp --dport 21 -j CT --helper ftp\nCOMMIT\n'
  expect(told(inTable(helper))).toContain('2 helper-without-ct')
  expect(told(`${raw}${inTable(helper)}`)).not.toContain('5 helper-without-ct')
  const nat = '*nat\n-A PREROUTING -p udp --dport 53 -j REDIRECT\nCOMMIT\n'
  expect(told(`${nat}*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n`)).toContain('2 nat-cannot-act')
  expect(told(`${nat}*raw\n-A PREROUTING -s 10.0.0.0/8 -p udp -j NOTRACK\nCOMMIT\n`)).toEqual([])
})

const natRule = (condition: string) => `*nat\n-A PREROUTING ${condition} -j REDIRECT\nCOMMIT\n`

test.each<[string, string]>([
  ['-p tcp --dport 80 -m string --string CONNECT --algo bm', '1 comes too late for TCP'],
  ['-m string --hex-string "|474554|" --algo bm', '1 comes too late for TCP'],
  ['-m connbytes --connbytes 2: --connbytes-mode packets --connbytes-dir original', 'counts 1 packet then'],
  ['-m connbytes --connbytes 2: --connbytes-mode packets --connbytes-dir both', 'counts 1 packet then'],
  ['-m connbytes ! --connbytes 0:1 --connbytes-mode packets --connbytes-dir both', 'counts 1 packet then'],
  ['-m connbytes --connbytes 1: --connbytes-mode bytes --connbytes-dir reply', 'nothing of the answers'],
  ['-m connbytes --connbytes 1000000: --connbytes-mode bytes --connbytes-dir both', 'the bytes of 1 packet'],
])('table nat sees first packets only: %s', (condition, said) => {
  const found = lint(natRule(condition)).findings
  expect(found.map(({ code }) => code)).toEqual(['nat-too-late'])
  expect(found[0]!.message).toContain(said)
})

test.each([
  '-p udp --dport 53 -m string --string CONNECT --algo bm',
  '-p tcp --dport 80 -m string ! --string CONNECT --algo bm',
  // It looks at headers alone.
  '-p tcp --dport 80 -m string --hex-string "|0204|" --algo bm --to 60',
  '-m connbytes --connbytes 1 --connbytes-mode packets --connbytes-dir both',
  '-m connbytes ! --connbytes 2: --connbytes-mode packets --connbytes-dir both',
  '-m connbytes --connbytes 0:9 --connbytes-mode bytes --connbytes-dir reply',
  '-m connbytes --connbytes 1000: --connbytes-mode bytes --connbytes-dir original',
])('a first packet may have it: %s', (condition) => {
  expect(told(natRule(condition))).toEqual([])
})

test('ten thousand chains, each leading to the next, and a text without rules', () => {
  const chains = Array.from({ length: 10_000 }, (_, i) => i)
  const text = inTable(
    ...chains.map((i) => `:c${i} - [0:0]`),
    '-A INPUT -j c0',
    ...chains.slice(1).map((i) => `-A c${i - 1} -p tcp --dport ${i} -j c${i}`),
  )
  expect(lint(text).findings.length).toBeGreaterThan(0)
  expect(lint('').findings).toEqual([])
})

test('what is too much to be told is counted', () => {
  const rule = '-A INPUT -p tcp --dport 22 -j DROP\n'
  const text = `*filter\n:INPUT ACCEPT [0:0]\n${rule.repeat(260)}COMMIT\n`
  const { findings, untold } = lintRuleset(text, parseRuleset(text, { family: 'ipv4', registry: extensions }))
  const [kind] = untold
  expect(untold).toHaveLength(1)
  expect(findings.filter(({ code }) => code === kind!.code)).toHaveLength(200)
  expect(kind!.findings).toBe(59)
})

test('an unknown code of a silencing comment: the nearest one is named; one rule is told as one', () => {
  const text =
    '*filter\n# sallyport: allow shadow\n-A INPUT -j DROP\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n'
  const { findings } = lintRuleset(text, parseRuleset(text, { family: 'ipv4', registry: extensions }))
  const of = (code: string) => findings.find((finding) => finding.code === code)
  expect(of('unused-silence')?.advice).toBe('did you mean shadowed?')
  expect(of('after-verdict')?.message).toContain('never matches, nor does the rule behind it: ')
})
