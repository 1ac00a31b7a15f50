/** The matches that compare one field: iprange, length, ttl, hl, tos, dscp, ecn. */
import { describe, expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import type { PacketPlan } from '../packet/build.ts'
import type { Family } from '../ruleset/model.ts'

const nets = {
  ipv4: { source: '10.0.0.2', destination: '10.0.0.1' },
  ipv6: { source: 'fd00::2', destination: 'fd00::1' },
} as const
const tcp = { sourcePort: 80, destinationPort: 443, flags: 'SE' }

/** A segment, unless the plan has another protocol. */
function ask(rule: string, plan: Partial<PacketPlan>, family: Family = 'ipv4', captured?: number): string {
  const whole = { ...nets[family], ...(plan.protocol === undefined ? { tcp } : {}), ...plan }
  return new MatchBench(rule, { family }).ask(whole, captured)
}

test('iprange compares without sign; a reversed range holds nothing', () => {
  const from = (source: string) => ({ source })
  expect(ask('-m iprange --src-range 128.0.0.0-255.255.255.255', from('223.1.1.1'))).toBe('yes')
  expect(ask('-m iprange --src-range 128.0.0.0-255.255.255.255', from('127.255.255.255'))).toBe('no')
  expect(ask('-m iprange ! --src-range 10.0.0.2', from('10.0.0.2'))).toBe('no')
  expect(ask('-m iprange --src-range 10.0.0.3-10.0.0.1', from('10.0.0.2'))).toBe('no')
  expect(ask('-m iprange ! --src-range 10.0.0.3-10.0.0.1', from('10.0.0.2'))).toBe('yes')
  expect(ask('-m iprange --src-range 9.0.0.0-11.0.0.0 ! --dst-range 10.0.0.1', {})).toBe('no')
  expect(ask('-m iprange --src-range fd00::2-fd00::3', {}, 'ipv6')).toBe('yes')
  expect(ask('-m iprange --src-range fd00::-fd00::1:0:0:0', from('fd00:0:0:1::'), 'ipv6')).toBe('no')
  expect(ask('-m iprange --src-range 7fff::-8000::', from('8000::'), 'ipv6')).toBe('yes')
  expect(ask('-m iprange --src-range fd00::3-ffff::', {}, 'ipv6')).toBe('no')
})

test('length counts the IP header, captured or not', () => {
  expect(ask('-m length --length 40', {})).toBe('yes')
  expect(ask('-m length --length 40', {}, 'ipv4', 20)).toBe('yes')
  expect(ask('-m length --length 60', {}, 'ipv6')).toBe('yes')
  expect(ask('-m length --length 41:100', {})).toBe('no')
  expect(ask('-m length ! --length 41:100', {})).toBe('yes')
  expect(ask('-m length --length 100:30', {})).toBe('no')
})

test.each([
  ['ttl', 'ipv4'],
  ['hl', 'ipv6'],
] as const)('%s', (name, family) => {
  const hops = (condition: string, ttl: number) => ask(`-m ${name} ${condition}`, { ttl }, family)
  expect(hops(`--${name}-eq 64`, 64)).toBe('yes')
  expect(hops(`! --${name}-eq 64`, 64)).toBe('no')
  expect(hops(`--${name}-lt 64`, 63)).toBe('yes')
  expect(hops(`--${name}-lt 64`, 64)).toBe('no')
  expect(hops(`--${name}-gt 254`, 255)).toBe('yes')
  expect(hops(`--${name}-gt 255`, 255)).toBe('no')
})

describe.each(['ipv4', 'ipv6'] as const)('%s', (family) => {
  test('tos and dscp', () => {
    expect(ask('-m tos --tos 0x10', { tos: 0x10 }, family)).toBe('yes')
    expect(ask('-m tos --tos 0x10', { tos: 0x11 }, family)).toBe('no')
    expect(ask('-m tos --tos Minimize-Delay', { tos: 0xd0 }, family)).toBe('yes')
    expect(ask('-m tos ! --tos 7/0', { tos: 7 }, family), 'bits that the mask has not').toBe('yes')
    expect(ask('-m dscp --dscp-class EF', { tos: 0xbb }, family)).toBe('yes')
    expect(ask('-m dscp ! --dscp 0x3f', { tos: 0xfc }, family)).toBe('no')
  })

  test('ecn: a TCP header that is not whole is no match, and no reason to drop', () => {
    expect(ask('-m ecn --ecn-ip-ect 2', { tos: 0xfe }, family)).toBe('yes')
    expect(ask('-m ecn ! --ecn-ip-ect 0', { tos: 4 }, family)).toBe('no')
    expect(ask('-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr', {}, family)).toBe('yes')
    expect(ask('-p tcp -m ecn --ecn-tcp-cwr', {}, family)).toBe('no')
    expect(ask('-p tcp -m ecn ! --ecn-tcp-ece', {}, family)).toBe('no')
    const short = { protocol: 6, payload: new Uint8Array(19) }
    expect(ask('-p tcp -m ecn ! --ecn-tcp-ece', short, family)).toBe('no')
    const start = family === 'ipv4' ? 20 : 40
    expect(ask('-p tcp -m ecn --ecn-tcp-ece', {}, family, start + 13)).toBe('unknown')
    expect(ask('-p tcp -m ecn --ecn-tcp-ece', {}, family, start + 14)).toBe('yes')
  })
})

test('what matches of TCP read in later pieces', () => {
  // IPv4: their data as if it were a header. IPv6: the IPv6 header itself.
  const data = new Uint8Array(24)
  data.set([0x60, 0x40], 12)
  data.set([2, 4, 5, 6], 20)
  const four = { protocol: 6, payload: data, fragmentOffset: 16 }
  expect(ask('-p tcp -m ecn --ecn-tcp-ece', four)).toBe('yes')
  expect(ask('-p tcp -m tcpmss --mss 1286', four)).toBe('yes')
  const six = { ...four, fragmentOffset: 0, extensions: [{ fragment: { offset: 16 } }] }
  expect(ask('-p tcp -m ecn ! --ecn-tcp-ece', six, 'ipv6')).toBe('yes')
  expect(ask('-p tcp -m tcpmss --mss 1286', six, 'ipv6')).toBe('hotdrop')
})
