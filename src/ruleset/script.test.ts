// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what a shell would put in
import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { parseRuleset } from './parser.ts'
import { printRuleset } from './printer.ts'

function run(text: string, variables: Record<string, string> = {}) {
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry, variables })
  const rules = printRuleset(ruleset)
    .split('\n')
    .filter((line) => line.startsWith('-'))
  return { rules, codes: diagnostics.map(({ code, place }) => `${place.line}:${place.column} ${code}`) }
}

test('variables, quoting, continuation and separators: what the shell would run', () => {
  const { rules, codes } = run(
    [
      '#!/bin/sh',
      'IPT="/sbin/iptables -w"; LAN=10.0.0.0/8',
      'export PORT="22"',
      '$IPT -F INPUT && $IPT -P INPUT DROP',
      '$IPT -A INPUT -s $LAN \\',
      '  -p tcp --dport ${PORT} -j LOG --log-prefix "ssh from $LAN: " 2>/dev/null',
      "sudo iptables -A INPUT -p tcp --dport ${OTHER:-80} -m comment --comment 'it costs $5' -j ACCEPT # web",
      'ip6tables -A INPUT -j DROP; echo 1 > /proc/sys/net/ipv4/ip_forward',
    ].join('\n'),
  )
  expect(codes).toEqual(['8:29 not-applied'])
  expect(rules).toEqual([
    '-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j LOG --log-prefix "ssh from 10.0.0.0/8: "',
    '-A INPUT -p tcp -m tcp --dport 80 -m comment --comment "it costs $5" -j ACCEPT',
  ])
})

test('loops are unrolled, one inside the other', () => {
  const { rules, codes } = run(
    'PORTS="22 80"\nfor net in {10.0.0.0/8,192.168.0.0/16}; do\n  for port in $PORTS\n  do iptables -A INPUT -s $net -p tcp --dport $port -j ACCEPT; done\ndone\n',
  )
  expect(codes).toEqual([])
  expect(rules.map((rule) => /-s (\S+) .*dport (\d+)/.exec(rule)!.slice(1).join(' '))).toEqual([
    '10.0.0.0/8 22',
    '10.0.0.0/8 80',
    '192.168.0.0/16 22',
    '192.168.0.0/16 80',
  ])
})

test('a rule is appended only if the check in front of it fails', () => {
  const line = 'iptables -C INPUT -i lo -j ACCEPT || iptables -A INPUT -i lo -j ACCEPT\n'
  expect(run(line + line)).toEqual({ rules: ['-A INPUT -i lo -j ACCEPT'], codes: [] })
})

test('a here-document is what iptables-restore reads, places in it are those of the script', () => {
  const { rules, codes } = run(
    'iptables-restore <<EOF\n*filter\n-A INPUT -j ACCEPT\n-A INPUT -j ACEPT\nCOMMIT\nEOF\niptables -A OUTPUT -j DROP\n',
  )
  expect(rules).toEqual(['-A INPUT -j ACCEPT', '-A INPUT', '-A OUTPUT -j DROP'])
  expect(codes).toEqual(['4:13 unknown-target'])
})

test('what only a running shell knows is refused at its place, and left out', () => {
  expect(
    run('if [ -f /etc/x ]; then\n  iptables -A INPUT -j DROP\nfi\niptables -A INPUT -j ACCEPT\n'),
  ).toEqual({
    rules: ['-A INPUT -j ACCEPT'],
    codes: ['1:1 shell'],
  })
  expect(run('iptables -A INPUT -s $(cat me) -j ACCEPT').codes).toEqual(['1:22 shell', '1:22 bad-value'])
})

test('a here-document by way of cat; a variable in one is refused at its place, unless its end is quoted', () => {
  const script = (end: string, rule: string) =>
    `cat <<${end} | iptables-restore\n*filter\n${rule}\nCOMMIT\nEOF\n`
  expect(run(script('EOF', '-A INPUT -i lo'))).toEqual({ rules: ['-A INPUT -i lo'], codes: [] })
  expect(run(script('EOF', '-A INPUT -i $IF')).codes).toEqual(['3:13 shell'])
  expect(run(script("'EOF'", '-A INPUT -m comment --comment "$5"')).codes).toEqual([])
})

test('a here-document with --noflush: what the tables hold stays, but for the chains that it declares', () => {
  const { rules, codes } = run(
    'iptables -N u\niptables -A INPUT -j u\niptables -A u -j ACCEPT\niptables-restore -n <<EOF\n*filter\n:u - [0:0]\n:w - [0:0]\n-A u -j DROP\n-A INPUT -j w\nCOMMIT\nEOF\n',
  )
  expect(codes).toEqual([])
  expect(rules).toEqual(['-A INPUT -j u', '-A INPUT -j w', '-A u -j DROP'])
})

test.each([
  ['[ "$MODE" = strict ]', true],
  ['[ "$MODE" != strict ]', false],
  ['[[ $MODE == strict ]]', true],
  ['[ -n "$MODE" ] && [ -z "$EMPTY" ]', true],
  ['[ -n "$EMPTY" ] || test 3 -gt 10', false],
  ['[ ! -z "$EMPTY" ]', false],
  ['! [ "$EMPTY" ]', true],
  ['iptables -C INPUT -i lo -j ACCEPT 2>/dev/null', false],
  ['! iptables -nL nobody', true],
])('if %s: %s', (condition, holds) => {
  const script = `MODE=strict; EMPTY=\nif ${condition}; then iptables -A INPUT -j DROP\nelse\n  iptables -A INPUT -j ACCEPT\nfi\n`
  expect(run(script).rules).toEqual([`-A INPUT -j ${holds ? 'DROP' : 'ACCEPT'}`])
})

test('elif, and blocks in blocks', () => {
  const { rules, codes } = run(
    'N=2\nif [ $N -eq 1 ]; then iptables -A INPUT -j DROP; elif [ $N -eq 2 ]\nthen\n  for p in 1 2; do if [ $p = 2 ]; then iptables -A INPUT -p $p; fi; done\nfi\n',
  )
  expect(codes).toEqual([])
  expect(rules).toEqual(['-A INPUT -p igmp'])
})

test('functions, with and without words behind their names', () => {
  const { rules, codes } = run(
    [
      'open() {',
      '  [ "$2" = udp ] && iptables -A INPUT -p udp --dport "$1" -j ACCEPT && return',
      '  iptables -A INPUT -p tcp --dport $1 -m comment --comment "${3:-no name}" -j ACCEPT',
      '}',
      'function close { iptables -P INPUT DROP; }',
      'close; open 22; open 53 udp',
      'open 80 tcp "a web"',
    ].join('\n'),
  )
  expect(codes).toEqual([])
  expect(rules).toEqual([
    '-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "no name" -j ACCEPT',
    '-A INPUT -p udp -m udp --dport 53 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 80 -m comment --comment "a web" -j ACCEPT',
  ])
})

test('a function that calls itself without end is told', () => {
  expect(run('f() { f; }\nf\n').codes).toEqual(['1:7 shell'])
})

test.each([
  [
    'loops in loops, with nothing in them',
    `${'for a in 1 2 3 4 5 6 7 8 9; do '.repeat(19)}${'done; '.repeat(19)}`,
  ],
  [
    'functions that call two',
    `${Array.from({ length: 39 }, (_, i) => `f${i}() { f${i + 1}; f${i + 1}; }\n`).join('')}f0\n`,
  ],
  ['words of one value many times', `A=${'x'.repeat(60_000)}\niptables -N ${'$A'.repeat(300_000)}\n:\n`],
  ['a word behind a name, doubled', `f() { f "${'$1'.repeat(100)}"; }\nf ${'x'.repeat(60_000)}\n`],
])('too much work is given up: %s', (_, script) => {
  expect(run(`#!/bin/sh\n${script}`).codes.join()).toMatch(/too-many|shell/)
})

test('what decides over a command is unknown: told where it may be a rule, not where it only gives up', () => {
  expect(
    run('[ -x /sbin/iptables ] || exit 0\n[ $(id -u) -ne 0 ] && { echo root only; exit 1; }\n').codes,
  ).toEqual([])
  expect(run('if [ $(id -u) -ne 0 ]; then\n  echo root only\n  exit 1\nfi\n').codes).toEqual([])
  expect(run('[ -f /etc/x ] && iptables -A INPUT -j DROP\n')).toEqual({ rules: [], codes: ['1:18 shell'] })
  expect(run('if iptables -L | grep -q x; then iptables -A INPUT -j DROP; fi\n').codes).toEqual(['1:1 shell'])
  expect(run('if [ "$UNSET" = yes ]; then iptables -A INPUT -j DROP; fi\n').codes).toEqual(['1:1 shell'])
})

test('a variable without a value is told where a rule uses it, also by way of another', () => {
  expect(run('PATH=/sbin:$PATH\necho $HOME\n').codes).toEqual([])
  expect(run('DEV=$LAN.7\niptables -A INPUT -i eth0\niptables -A INPUT -i "$DEV"\n').codes).toEqual([
    '1:1 unset-variable',
  ])
})

test('a value from outside wins over the one that the script sets', () => {
  expect(run('IF=eth0\niptables -A INPUT -i $IF\n', { IF: 'eth9' }).rules).toEqual(['-A INPUT -i eth9'])
})

test('a prompt in front of the command is no part of it', () => {
  const { rules, codes } = run('$ iptables -A INPUT -j DROP\nroot@host:~# iptables -A OUTPUT -j DROP\n')
  expect(rules).toEqual(['-A INPUT -j DROP', '-A OUTPUT -j DROP'])
  expect(codes).toEqual(['1:1 prompt', '2:1 prompt'])
})

test.each([
  [
    'sysctl -w net.netfilter.nf_conntrack_tcp_loose=0',
    'net.netfilter.nf_conntrack_tcp_loose=0 is a setting and is not applied; --sysctl net.netfilter.nf_conntrack_tcp_loose=0 gives it',
  ],
  [
    'sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.eth0/7.rp_filter=2',
    'net.ipv4.ip_forward=1, net.ipv4.conf.eth0/7.rp_filter=2 are settings and are not applied; --sysctl net.ipv4.conf.eth0/7.rp_filter=2 gives it',
  ],
  ['sysctl -p', 'the settings of that file are not applied; --sysctl-file gives them'],
  ['sysctl -p /etc/s.conf', 'the settings of "/etc/s.conf" are not applied; --sysctl-file gives them'],
  [
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'net.ipv4.ip_forward=1 is a setting and is not applied; no part of a replay asks for it',
  ],
  [
    'V=9; echo $V | sudo tee /proc/sys/net/netfilter/nf_conntrack_max',
    'net.netfilter.nf_conntrack_max is a setting and is not applied; --sysctl net.netfilter.nf_conntrack_max=VALUE gives it',
  ],
  [
    'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $f; done',
    'net.ipv4.conf.*.rp_filter=1 is a setting and is not applied; --sysctl net.ipv4.conf.all.rp_filter=1 gives it',
  ],
  [
    '[ -f /proc/sys/net/ipv4/x ] && echo 0 >/proc/sys/net/ipv4/x',
    'net.ipv4.x=0 is a setting and is not applied; no part of a replay asks for it',
  ],
  [
    'if [ -e /x ]; then for d in 1; do sysctl kernel.a=1; done; fi',
    'kernel.a=1 is a setting and is not applied; no part of a replay asks for it',
  ],
  [
    'ipset -exist create a hash:ip',
    'this ipset command is not applied; --ipset FILE gives the sets, as ipset save prints them',
  ],
  [
    'ipset -N a iphash; for i in 1 2 3; do ipset add a 10.0.0.$i; done',
    'the 4 ipset commands from here on are not applied; --ipset FILE gives the sets, as ipset save prints them',
  ],
  ['ip -4 route add default via 10.0.0.1', 'this route is not applied; --route or --host gives it'],
  ['ip rule add fwmark 1 table 5', 'policy routing is not applied: routes are chosen by destination only'],
  ['ip addr add 10.0.0.1/24 dev eth0', 'this address is not applied; --local or --host gives it'],
])('what is no rule, but changes what rules meet, is told once and not done: %s', (line, message) => {
  const { diagnostics } = parseRuleset(`#!/bin/sh\n${line}\n`, { family: 'ipv4', registry })
  expect(diagnostics.map((one) => `${one.severity} ${one.code} ${one.message}`)).toEqual([
    `warning not-applied ${message}`,
  ])
})

test.each([
  'sysctl -n net.ipv4.ip_forward',
  'ipset list a',
  'ipset -L; ipset save > /etc/sets',
  'ip addr show',
  'ip -j route',
  'echo done > /var/log/x 2>&1',
])('what changes nothing is passed over: %s', (line) => {
  expect(run(`#!/bin/sh\n${line}\n`).codes).toEqual([])
})

test.each([
  [
    'while read a; do iptables -A INPUT -s $a; done < list',
    'how often this loop runs is known only to a running shell: all up to its done is left out',
  ],
  [
    'case $1 in start) iptables -F;; esac',
    'which branch of this case runs is not worked out here: all up to its esac is left out',
  ],
  ['( iptables -F )', '( is not understood here: commands of a subshell stand between { and ; }'],
  ['iptables -A INPUT -i $(ip route | head -1)', '"$(ip route | head -1)" is known only to a running shell'],
])('more shell than is understood is refused, with what would do instead: %s', (line, message) => {
  const { diagnostics } = parseRuleset(`#!/bin/sh\n${line}\n`, { family: 'ipv4', registry })
  expect(diagnostics[0]).toMatchObject({
    severity: 'error',
    code: 'shell',
    message,
    expected: 'what iptables-save prints once the script has run',
  })
})
