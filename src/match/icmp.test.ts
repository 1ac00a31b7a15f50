import { describe, expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const families = {
  icmp: {
    family: 'ipv4',
    rule: '-p icmp -m icmp',
    option: '--icmp-type',
    plan: { source: '10.0.0.2', destination: '10.0.0.1', protocol: 1 },
  },
  icmp6: {
    family: 'ipv6',
    rule: '-p ipv6-icmp -m icmp6',
    option: '--icmpv6-type',
    plan: { source: 'fd00::2', destination: 'fd00::1', protocol: 58 },
  },
} as const

describe.each(['icmp', 'icmp6'] as const)('%s', (name) => {
  const { family, rule, option, plan } = families[name]
  const bench = (type: string, not = '') => new MatchBench(`${rule} ${not} ${option} ${type}`, { family })
  const message = (type: number, code: number, length = 8) => {
    const payload = new Uint8Array(length)
    payload.set([type, code].slice(0, length))
    return { ...plan, payload }
  }

  test('type, and code', () => {
    expect(bench('3').ask(message(3, 7))).toBe('yes')
    expect(bench('3/1').ask(message(3, 1))).toBe('yes')
    expect(bench('3/1').ask(message(3, 2))).toBe('no')
    expect(bench('3/1', '!').ask(message(3, 2))).toBe('yes')
    expect(bench('3', '!').ask(message(3, 2))).toBe('no')
    expect(bench('254/255').ask(message(254, 255))).toBe('yes')
  })

  test('less than 8 bytes drop the packet', () => {
    for (const length of [0, 2, 4, 7]) {
      expect(bench('3').ask(message(3, 1, length)), String(length)).toBe('hotdrop')
      expect(bench('4', '!').ask(message(3, 1, length))).toBe('hotdrop')
    }
  })

  test('a type that the capture lacks', () => {
    const start = family === 'ipv4' ? 20 : 40
    expect(bench('3').ask(message(3, 1), start + 3)).toBe('unknown')
    expect(bench('3').ask(message(3, 1), start + 4)).toBe('yes')
  })
})

test('type 255 is every type in IPv4, and one of them in IPv6', () => {
  const four = { ...families.icmp.plan, payload: new Uint8Array(8) }
  const six = { ...families.icmp6.plan, payload: new Uint8Array(8) }
  expect(new MatchBench('-p icmp -m icmp --icmp-type any').ask(four)).toBe('yes')
  expect(new MatchBench('-p icmp -m icmp ! --icmp-type 255').ask(four)).toBe('no')
  const bench = new MatchBench('-p ipv6-icmp -m icmp6 --icmpv6-type 255', { family: 'ipv6' })
  expect(bench.ask(six)).toBe('no')
})

test('later pieces never match', () => {
  const piece = { ...families.icmp.plan, payload: new Uint8Array(8), fragmentOffset: 8 }
  expect(new MatchBench('-p icmp -m icmp --icmp-type any').ask(piece)).toBe('no')
  expect(new MatchBench('-p icmp -m icmp ! --icmp-type 8').ask(piece)).toBe('no')
})
