import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { correctedLine } from './diagnostic.ts'
import { parseRuleset } from './parser.ts'

function parse(line: string) {
  const text = `iptables -P INPUT ACCEPT\n${line}\n`
  const { diagnostics } = parseRuleset(text, { family: 'ipv4', registry })
  return {
    found: diagnostics.map(({ severity, suggestion }) => `${severity} ${suggestion}`),
    corrected: correctedLine(text, text.indexOf('\n') + 1, diagnostics),
  }
}

test.each([
  ['iptbales -A INPUT -j DROP', 'iptables', 'iptables -A INPUT -j DROP'],
  ['/sbin/iptable -A INPUT -j DROP', 'iptables', '/sbin/iptables -A INPUT -j DROP'],
  ['IPTABLES -A INPUT -j DROP', 'iptables', 'iptables -A INPUT -j DROP'],
  ['sudo ip6table -A INPUT -j DROP', 'ip6tables', 'sudo ip6tables -A INPUT -j DROP'],
  ['iptables_restore < rules', 'iptables-restore', 'iptables-restore < rules'],
  ['ipste create a hash:ip', 'ipset', 'ipset create a hash:ip'],
  ['F=iptbales; $F -L', 'iptables', null],
  [
    'ipv4 filter INPUT 0 -p tcp --dport 22 -j DROP',
    'iptables -A INPUT',
    'iptables -A INPUT -p tcp --dport 22 -j DROP',
  ],
  [
    'firewall-cmd --permanent --direct --add-rule ipv4 nat PREROUTING -5 -p tcp -j RETURN',
    'iptables -t nat -A PREROUTING',
    'iptables -t nat -A PREROUTING -p tcp -j RETURN',
  ],
  ['firewall-cmd --direct --add-chain ipv6 filter mine', 'ip6tables -N mine', 'ip6tables -N mine'],
  ['firewall-cmd --direct --passthrough ipv4 -A INPUT -j DROP', 'iptables', 'iptables -A INPUT -j DROP'],
])('%s: an error, did you mean %s?', (line, suggestion, corrected) => {
  const result = parse(line)
  expect(result).toEqual({ found: [`error ${suggestion}`], corrected })
  if (corrected === null) return
  expect(parse(corrected).found.filter((one) => one.startsWith('error'))).toEqual([])
})

test('what jumps is a rule, whatever the command is called; what is something else is left out', () => {
  expect(parse('ipt -A INPUT -j DROP').found).toEqual(['error null'])
  for (const line of ['ebtables -A INPUT -j DROP', 'ipsec restart', 'foo bar', 'firewall-cmd --reload']) {
    expect(parse(line).found).toEqual(['warning null'])
  }
})
