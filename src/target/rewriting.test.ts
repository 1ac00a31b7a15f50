/** What Linux made of these packets, byte by byte, where it is odd; 24,000 made at random agreed. */
import { expect, test } from 'vitest'
import { TargetBench } from '../../test/support/target-bench.ts'
import { VERDICT_CONTINUE, VERDICT_DROP } from '../hook/hook.ts'
import { Host } from '../host/host.ts'
import { parseAddress } from '../packet/address.ts'
import type { PacketPlan } from '../packet/build.ts'

const four = { source: '10.0.1.2', destination: '10.0.2.2' } as const
const six = { source: 'fd00:1::2', destination: 'fd00:2::2' } as const
const tcp = { sourcePort: 1, destinationPort: 2, flags: 'S' } as const
const syn = '-p tcp --syn -j'

function rewrite(rule: string, plan: PacketPlan, host = new Host()): TargetBench {
  const bench = new TargetBench(rule, { family: plan.source.includes(':') ? 'ipv6' : 'ipv4', host })
  expect(bench.act(plan)).toBe(VERDICT_CONTINUE)
  if (bench.passage.rewritten) expect(bench.isWhole()).toBe(true)
  return bench
}

const verdict = (rule: string, plan: PacketPlan, captured?: number) =>
  new TargetBench(rule).act(plan, captured)

test('DSCP keeps the bits of ECN', () => {
  for (const family of [four, six]) {
    expect(rewrite('-j DSCP --set-dscp 46', { ...family, tos: 0x03, tcp }).passage.packet.tos).toBe(0xbb)
  }
  expect(rewrite('-j DSCP --set-dscp 46', { ...four, tos: 0xb9, tcp }).rewritten).toBeNull()
})

test('TOS clears the mask and turns the value over', () => {
  const tos = (rule: string, from: number) =>
    rewrite(`-j TOS ${rule}`, { ...four, tos: from, tcp }).passage.packet.tos
  expect(tos('--set-tos 0x10/0x3f', 0xff)).toBe(0xd0)
  expect(tos('--set-tos 0x1c', 0xff)).toBe(0x1c)
  expect(tos('--and-tos 0x0f', 0xff)).toBe(0x0f)
  expect(tos('--or-tos 0x81', 0x01)).toBe(0x81)
  expect(tos('--xor-tos 0x81', 0x01)).toBe(0x80)
})

test('TTL and HL stop at 0 and 255', () => {
  const ttl = (rule: string, from: number) =>
    rewrite(`-j TTL ${rule}`, { ...four, ttl: from, tcp }).passage.packet.ttl
  expect([
    ttl('--ttl-set 0', 9),
    ttl('--ttl-inc 200', 100),
    ttl('--ttl-dec 40', 30),
    ttl('--ttl-dec 1', 2),
  ]).toEqual([0, 255, 0, 1])
  const hl = (rule: string, from: number) =>
    rewrite(`-j HL ${rule}`, { ...six, ttl: from, tcp }).passage.packet.ttl
  expect([hl('--hl-set 7', 9), hl('--hl-inc 200', 100), hl('--hl-dec 40', 30)]).toEqual([7, 255, 0])
})

test('ECN clears ECE and CWR, and drops half a header', () => {
  const rule = '-p tcp -j ECN --ecn-tcp-remove'
  expect(rewrite(rule, { ...four, tcp: { ...tcp, flags: 'SECP' } }).passage.packet.tcpFlags).toBe(0x0a)
  expect(rewrite(rule, { ...four, tcp }).rewritten).toBeNull()
  expect(verdict(rule, { ...four, protocol: 6, payload: new Uint8Array(19) })).toBe(VERDICT_DROP)
})

const mssOf = (bench: TargetBench): number | null => {
  const { view, transportOffset, tcpHeaderLength } = bench.passage.packet
  return tcpHeaderLength > 20 ? view.getUint16(transportOffset + 22) : null
}

test('TCPMSS lowers, never raises, and adds what is missing', () => {
  const mss = (
    rule: string,
    from: number | null,
    family: typeof four | typeof six = four,
    payload: number[] = [],
  ) => {
    const options = from === null ? [] : [{ mss: from }]
    return mssOf(rewrite(`${syn} TCPMSS ${rule}`, { ...family, tcp: { ...tcp, options, payload } }))
  }
  expect(mss('--set-mss 1000', 1460)).toBe(1000)
  expect(mss('--set-mss 1000', 900)).toBe(900)
  expect(mss('--set-mss 1000', null)).toBe(536)
  expect(mss('--set-mss 1000', null, six)).toBe(1000)
  expect(mss('--set-mss 1400', null, six)).toBe(1220)
  expect(mss('--set-mss 100', null)).toBe(100)
  expect(mss('--set-mss 100', null, four, [1])).toBeNull()
})

test('TCPMSS, by the smaller MTU of both ways', () => {
  const host = new Host()
  for (const [name, text, mtu] of [
    ['in0', '10.0.1.1', 1400],
    ['out0', '10.0.2.1', 0],
  ] as const) {
    const number = host.interfaces.numberOf(name)
    host.addAddress({ interface: number, words: Int32Array.of(parseAddress(text)!.words[0]!), length: 24 })
    if (mtu > 0) host.setDevice(number, { mtu })
  }
  const clamp = (source: string) =>
    mssOf(
      rewrite(
        `${syn} TCPMSS --clamp-mss-to-pmtu`,
        { ...four, source, tcp: { ...tcp, options: [{ mss: 9000 }] } },
        host,
      ),
    )
  expect(clamp('10.0.1.2')).toBe(1360)
  // Without a way back that of the way on counts, and it is Ethernet's where nobody told one.
  expect(clamp('99.0.0.1')).toBe(1460)
})

test('TCPMSS, an option at an odd place, leaves a wrong checksum as Linux does', () => {
  const options = Uint8Array.from([1, 2, 4, 0xff, 0xff, 0, 0, 0])
  const bench = new TargetBench(`${syn} TCPMSS --set-mss 1000`)
  bench.act({ ...four, tcp: { ...tcp, options } })
  expect([...bench.rewritten!.subarray(40, 46)]).toEqual([1, 2, 4, 3, 0xe8, 0])
  expect(bench.isWhole()).toBe(false)
})

test('TCPMSS and TCPOPTSTRIP drop headers that make no sense', () => {
  for (const rule of [`${syn} TCPMSS --set-mss 1000`, '-p tcp -j TCPOPTSTRIP --strip-options mss']) {
    expect(verdict(rule, { ...four, tcp: { ...tcp, dataOffset: 4 } })).toBe(VERDICT_DROP)
    expect(verdict(rule, { ...four, tcp: { ...tcp, dataOffset: 6 } })).toBe(VERDICT_DROP)
    expect(verdict(rule, { ...four, protocol: 6, payload: new Uint8Array(19) })).toBe(VERDICT_DROP)
    expect(verdict(rule, { ...four, tcp: { ...tcp, options: [{ mss: 1460 }] } }, 42)).toBe(VERDICT_CONTINUE)
  }
})

test('TCPOPTSTRIP pads', () => {
  const options = [{ mss: 1460 }, 'sackPermitted', { timestamps: [1, 2] as const }] as const
  const rule = '-p tcp -j TCPOPTSTRIP --strip-options timestamp,mss'
  const bytes = rewrite(rule, { ...six, tcp: { ...tcp, options } }).rewritten!
  expect([...bytes.subarray(60)]).toEqual([1, 1, 1, 1, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
})

test('what the network card is left with, and what is told to the audit log, changes nothing', () => {
  for (const rule of ['-j CHECKSUM --checksum-fill', '-j AUDIT --type drop']) {
    expect(rewrite(rule, { ...four, tcp }).rewritten).toBeNull()
  }
})
