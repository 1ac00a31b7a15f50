/** The matches on extension headers of IPv6: ah, frag, hbh, dst, rt, mh, ipv6header, eui64. */
import { describe, expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'

type Extensions = NonNullable<PacketPlan['extensions']>
const net = { source: 'fd00::2', destination: 'fd00::1' }
const udp = { sourcePort: 1, destinationPort: 2 }
const bench = (rule: string) => new MatchBench(rule, { family: 'ipv6' })
const ask = (rule: string, extensions: Extensions, captured?: number) =>
  bench(rule).ask({ ...net, udp, extensions }, captured)
const bare = (protocol: number, ...payload: number[]) => ({
  ...net,
  protocol,
  payload: Uint8Array.from(payload),
})

// What Linux answered to the same packets.

test('no such header: no match, inverted or not', () => {
  for (const rule of ['ah ! --ahspi 5', 'frag ! --fragid 5', 'hbh ! --hbh-len 8', 'dst', 'rt ! --rt-type 0'])
    expect(ask(`-m ${rule}`, [{ hopByHop: [] }].slice(rule.startsWith('hbh') ? 1 : 0)), rule).toBe('no')
})

describe('the walk to a header', () => {
  const chain: Extensions = [{ hopByHop: [] }, { routing: [0, 0, 0, 0] }, { destination: [5, 2, 0, 0] }]

  test('goes over those in front of it', () => {
    expect(ask('-m dst --dst-opts 5:2', chain)).toBe('yes')
    expect(ask('-m rt', chain)).toBe('yes')
  })

  test('ends at a later piece', () => {
    const later: Extensions = [{ fragment: { offset: 8, more: true } }, { destination: [] }]
    expect(ask('-m dst', later)).toBe('no')
    expect(ask('-m frag', later)).toBe('yes')
  })

  test('drops what the packet cuts short, and does not know what the capture does', () => {
    expect(bench('-m dst').ask(bare(60))).toBe('hotdrop')
    expect(bench('-m dst').ask(bare(43, 60, 0, 0))).toBe('hotdrop')
    expect(bench('-m dst').ask(bare(60, 17, 1, 0, 0, 0, 0, 0, 0)), 'shorter than it says').toBe('hotdrop')
    expect(ask('-m dst --dst-opts 5', chain, 40 + 16)).toBe('unknown')
    expect(ask('-m dst --dst-opts 5', chain, 40 + 20)).toBe('yes')
  })
})

test('ah: index, length, reserved field', () => {
  const ah = (length: number, ...body: number[]): Extensions => [
    { authentication: Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 1, ...body), length },
  ]
  expect(ask('-m ah', ah(1))).toBe('yes')
  expect(ask('-m ah --ahspi 4:6 --ahlen 12 --ahres', ah(1))).toBe('yes')
  expect(ask('-m ah ! --ahspi 4:6', ah(1))).toBe('no')
  expect(ask('-m ah --ahlen 16', ah(1, 0, 0, 0, 0))).toBe('no')
  expect(ask('-m ah ! --ahlen 0', ah(1)), 'a length of 0 is any').toBe('yes')
  expect(bench('-m ah').ask(bare(51, 17, 1, 0, 0, 0, 0, 0, 5, 0, 0, 0))).toBe('hotdrop')
  expect(bench('-m ah').ask(bare(51, 17, 2, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0))).toBe('hotdrop')
  expect(bench('-m ah --ahres').ask(bare(51, 17, 1, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0))).toBe('no')
})

test('frag: identification, place, reserved bits; the length is not looked at', () => {
  const first: Extensions = [{ fragment: { more: true, identification: 5 } }]
  const last: Extensions = [{ fragment: { offset: 8, identification: 0xffffffff } }]
  expect(ask('-m frag --fragid 5 --fragfirst --fragmore --fragres', first)).toBe('yes')
  expect(ask('-m frag --fraglen 99', first)).toBe('yes')
  expect(ask('-m frag --fraglast', first)).toBe('no')
  expect(ask('-m frag --fraglast --fragid 6:', last)).toBe('yes')
  expect(ask('-m frag --fragfirst', last)).toBe('no')
  expect(ask('-m frag ! --fragid 6:', last)).toBe('no')
  expect(bench('-m frag').ask(bare(44, 17, 0, 0, 0, 0, 0, 0))).toBe('hotdrop')
})

test('hbh and dst: the length, and the first options', () => {
  const dst = (...options: number[]): Extensions => [{ destination: options }]
  expect(ask('-m hbh --hbh-len 8 --hbh-opts 1', [{ hopByHop: [] }])).toBe('yes')
  expect(ask('-m dst ! --dst-len 8', dst(5, 2, 0, 0))).toBe('no')
  expect(ask('-m dst --dst-opts 5:2,1', dst(5, 2, 0, 0))).toBe('yes')
  expect(ask('-m dst --dst-opts 5:3', dst(5, 2, 0, 0))).toBe('no')
  expect(ask('-m dst --dst-opts 1', dst(5, 2, 0, 0))).toBe('no')
  expect(ask('-m dst --dst-opts 5,1,1', dst(5, 2, 0, 0)), 'no third one').toBe('no')
  expect(ask('-m dst --dst-opts 0,0,5:0', dst(0, 0, 5, 0, 0, 0))).toBe('yes')
  expect(ask('-m dst --dst-opts 5', dst(5, 6, 5, 9, 5, 6)), 'it overruns the header').toBe('yes')
  expect(ask('-m dst --dst-opts 5,5', dst(5, 6, 5, 9, 5, 6))).toBe('no')
})

test('rt: type, segments, length, reserved field, addresses', () => {
  const hop = (last: number) => [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
  const rt = (...hops: number[]): Extensions => [
    { routing: Uint8Array.of(0, 0, 0, 0, ...hops.flatMap(hop)), segmentsLeft: 1 },
  ]
  expect(ask('-m rt --rt-type 0 --rt-segsleft 1:2 --rt-len 24', rt(1))).toBe('yes')
  expect(ask('-m rt ! --rt-segsleft 1', rt(1))).toBe('no')
  expect(ask('-m rt ! --rt-len 24', rt(1, 2))).toBe('yes')
  expect(ask('-m rt --rt-type 2', rt(1))).toBe('no')
  expect(ask('-m rt --rt-type 0 --rt-0-res', rt(1))).toBe('yes')
  expect(ask('-m rt --rt-type 0 --rt-0-res', [{ routing: [0, 0, 0, 1] }])).toBe('no')
  expect(ask('-m rt --rt-type 0 --rt-0-addrs fd00::1,fd00::2', rt(1, 2))).toBe('yes')
  expect(ask('-m rt --rt-type 0 --rt-0-addrs fd00::1', rt(1, 2))).toBe('no')
  expect(ask('-m rt --rt-type 0 --rt-0-addrs fd00::1,fd00::3 --rt-0-not-strict', rt(1, 2, 3))).toBe('yes')
  expect(ask('-m rt --rt-type 0 --rt-0-addrs fd00::3,fd00::1 --rt-0-not-strict', rt(1, 2, 3))).toBe('no')
  expect(ask('-m rt --rt-type 0 --rt-0-addrs fd00::1', rt(1), 40 + 20)).toBe('unknown')
})

test('mh: the type; anything behind it drops the packet', () => {
  const rule = (options: string) => bench(`-p mh -m mh ${options}`)
  const update = bare(135, 59, 0, 5, 0, 0, 0)
  expect(rule('--mh-type bu').ask(update)).toBe('yes')
  expect(rule('! --mh-type 5:7').ask(update)).toBe('no')
  expect(rule('').ask(bare(135, 6, 0, 5, 0, 0, 0))).toBe('hotdrop')
  expect(rule('').ask(bare(135, 59, 0, 5, 0, 0))).toBe('hotdrop')
  expect(rule('--mh-type bu').ask(update, 42)).toBe('unknown')
})

test('ipv6header: just these, or these among others; softly inverted none of them', () => {
  const chain: Extensions = [{ hopByHop: [] }, { destination: [] }]
  expect(ask('-m ipv6header --header hop,dst,prot', chain)).toBe('yes')
  expect(ask('-m ipv6header --header hop,dst', chain)).toBe('no')
  expect(ask('-m ipv6header ! --header hop,dst', chain)).toBe('yes')
  expect(ask('-m ipv6header --header hop --soft', chain)).toBe('yes')
  expect(ask('-m ipv6header --header hop,frag --soft', chain)).toBe('no')
  expect(ask('-m ipv6header ! --header hop,frag --soft', chain)).toBe('no')
  expect(ask('-m ipv6header ! --header route,frag --soft', chain)).toBe('yes')
  expect(bench('-m ipv6header --header none').ask(bare(59))).toBe('yes')
  expect(bench('-m ipv6header --header esp').ask(bare(50, 0, 0))).toBe('yes')
  expect(bench('-m ipv6header ! --header esp').ask(bare(50, 0)), 'no room for it').toBe('no')
  expect(ask('-m ipv6header --header hop,dst,prot', chain, 48)).toBe('unknown')
})

test('eui64: the source made from the Ethernet address', () => {
  const frame = (source: string) =>
    Uint8Array.of(
      ...[2, 0, 0, 0, 0, 1, 0x02, 0xaa, 0xff, 0x80, 0, 0xfe, 0x86, 0xdd],
      ...buildPacket({ ...net, source, udp }),
    )
  expect(bench('-m eui64').askFrame(frame('fe80::aa:ffff:fe80:fe'), 1)).toBe('yes')
  expect(bench('-m eui64').askFrame(frame('fe80::2aa:ffff:fe80:fe'), 1)).toBe('no')
  expect(bench('-m eui64').ask({ ...net, udp })).toBe('no')
})
