import { expect, test } from 'vitest'
import { TargetBench, type TargetBenchOptions } from '../../test/support/target-bench.ts'
import { HOOK_INPUT, HOOK_OUTPUT, VERDICT_REJECT } from '../hook/hook.ts'
import { Host } from '../host/host.ts'
import { parseAddress } from '../packet/address.ts'
import type { PacketPlan } from '../packet/build.ts'

/** A router with two arms, as in the namespace where Linux was asked. */
function router(): Host {
  const host = new Host()
  for (const [name, addresses] of [
    ['in0', ['10.0.1.1', 'fd00:1::1']],
    ['out0', ['10.0.2.1', 'fd00:2::1']],
  ] as const) {
    const number = host.interfaces.numberOf(name)
    for (const text of addresses) {
      const { words } = parseAddress(text)!
      host.addAddress({
        interface: number,
        words: Int32Array.from(text.includes(':') ? words : [words[0]!]),
        length: text.includes(':') ? 64 : 24,
      })
    }
  }
  return host
}

interface Where extends TargetBenchOptions {
  readonly hook?: number
}

/** The answer in hexadecimal, words apart; null when nothing is sent. */
function answer(
  rule: string,
  plan: PacketPlan | Uint8Array,
  where: Where = {},
  captured?: number,
): string | null {
  const bench = new TargetBench(rule, { table: 'filter', host: router(), ...where })
  const { interfaces } = bench.host
  bench.passage.hook = where.hook ?? bench.passage.hook
  bench.passage.inInterface = interfaces.numberOf('in0')
  expect(bench.act(plan, captured)).toBe(VERDICT_REJECT)
  const bytes = bench.answers[0]
  if (bytes === undefined) return null
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/.{8}(?=.)/g, '$& ')
}

const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S', sequence: 100 }
const syn = { source: '10.0.1.2', destination: '10.0.2.2', tcp } as const
const udp = { sourcePort: 5, destinationPort: 6 }
const datagram = { source: '10.0.1.2', destination: '10.0.2.2', udp } as const
const RESET = '-p tcp -j REJECT --reject-with tcp-reset'

test('a reset acknowledges what a segment without ACK takes up', () => {
  expect(answer(RESET, syn)).toBe(
    '45000028 00004000 400623cd 0a000202 0a000102 005003e8 00000000 00000065 50140000 94300000',
  )
})

test('a reset of a segment with ACK has its number, and no ACK', () => {
  const data = { ...tcp, flags: 'PA', sequence: 101, acknowledgment: 501, payload: new Uint8Array(10) }
  expect(answer(RESET, { ...syn, tcp: data })).toBe(
    '45000028 00004000 400623cd 0a000202 0a000102 005003e8 000001f5 00000000 50040000 92b00000',
  )
})

test('SYN, FIN and payload count', () => {
  const plan = { ...syn, tcp: { ...tcp, flags: 'SF', payload: [1, 2, 3] } }
  expect(answer(RESET, plan)?.slice(54, 71)).toBe('00000000 00000069')
})

test('no reset for a reset, a bad checksum, half a header, a group', () => {
  expect(answer(RESET, { ...syn, tcp: { ...tcp, flags: 'R' } })).toBeNull()
  expect(answer(RESET, { ...syn, tcp: { ...tcp, checksum: 'bad' } })).toBeNull()
  expect(
    answer(RESET, { source: '10.0.1.2', destination: '10.0.2.2', protocol: 6, payload: new Uint8Array(12) }),
  ).toBeNull()
  expect(answer(RESET, { ...syn, destination: '224.0.0.9' })).toBeNull()
  expect(answer(RESET, { ...syn, destination: '10.0.1.255' }, { hook: HOOK_INPUT })).toBeNull()
})

test('a checksum that nobody looks at, or that the network card completes, is good', () => {
  const bad = { ...syn, tcp: { ...tcp, checksum: 'bad' } } as const
  const partial = { ...syn, tcp: { ...tcp, checksum: 0 } } as const
  expect(answer(RESET, bad, { checksums: 'ignore' })).not.toBeNull()
  expect(answer(RESET, partial)).toBeNull()
  expect(answer(RESET, partial, { checksums: 'auto' })).not.toBeNull()
  expect(answer(RESET, partial, { hook: HOOK_OUTPUT })).not.toBeNull()
})

test('a reset of IPv6, extension headers or not', () => {
  const six = { source: 'fd00:1::2', destination: 'fd00:2::2', tos: 0x55, flowLabel: 0x12345, tcp } as const
  const reset =
    '60000000 00140640 fd000002 00000000 00000000 00000002 fd000001 00000000 00000000 00000002 005003e8 00000000 00000065 50140000 b12b0000'
  expect(answer(RESET, six, { family: 'ipv6' })).toBe(reset)
  const extensions = [{ hopByHop: [] }, { destination: [] }]
  expect(answer(RESET, { ...six, extensions }, { family: 'ipv6' })).toBe(reset)
  expect(answer(RESET, { ...six, source: '::' }, { family: 'ipv6' })).toBeNull()
  expect(answer(RESET, { ...six, destination: 'ff02::1' }, { family: 'ipv6' })).toBeNull()
})

test('an error quotes the packet, with the bits of TOS and the precedence of control', () => {
  const text = answer('-j REJECT', { ...syn, tos: 0x55, ttl: 63 })
  expect(text?.slice(0, 8)).toBe('45d40044')
  expect(text?.slice(13, 22)).toBe('0000 4001')
  expect(text?.slice(27)).toBe(
    '0a000101 0a000102 0303141b 00000000 45550028 00000000 3f066478 0a000102 0a000202 03e80050 00000064 00000000 5002ffff 94430000',
  )
})

test('codes of the errors', () => {
  const code = (type: string, family: 'ipv4' | 'ipv6' = 'ipv4') => {
    const plan = family === 'ipv4' ? datagram : { ...datagram, source: 'fd00:1::2', destination: 'fd00:2::2' }
    const text = answer(`-j REJECT --reject-with ${type}`, plan, { family })!.replaceAll(' ', '')
    return Number.parseInt(text.slice(family === 'ipv4' ? 42 : 82, family === 'ipv4' ? 44 : 84), 16)
  }
  const four = [
    'net-unreach',
    'host-unreach',
    'proto-unreach',
    'port-unreach',
    'net-prohib',
    'host-prohib',
    'admin-prohib',
  ]
  expect(four.map((type) => code(type))).toEqual([0, 1, 2, 3, 9, 10, 13])
  const six = ['no-route', 'adm-prohibited', 'addr-unreach', 'port-unreach', 'policy-fail', 'reject-route']
  expect(six.map((type) => code(type, 'ipv6'))).toEqual([0, 1, 3, 4, 5, 6])
})

test('the error comes from the address that was meant, if it is one of ours', () => {
  const source = (plan: PacketPlan, where: Where = {}) => answer('-j REJECT', plan, where)?.slice(27, 35)
  expect(source({ ...datagram, destination: '10.0.2.1' }, { hook: HOOK_INPUT })).toBe('0a000201')
  expect(source(datagram)).toBe('0a000101')
  expect(source({ ...datagram, source: '10.0.2.77' })).toBe('0a000201')
  // The stack's own: to itself, by lo.
  expect(source({ ...datagram, source: '10.0.2.1' }, { hook: HOOK_OUTPUT })).toBe('0a000201')
  expect(source(datagram, { host: new Host() })).toBe('c0000008')
})

test('an error of IPv6', () => {
  const six = {
    source: 'fd00:1::2',
    destination: 'fd00:2::2',
    tos: 0x55,
    flowLabel: 0x12345,
    ttl: 63,
    tcp,
  } as const
  expect(answer('-j REJECT --reject-with no-route', six, { family: 'ipv6' })).toBe(
    '60000000 00443a40 fd000001 00000000 00000000 00000001 fd000001 00000000 00000000 00000002 010075ab 00000000 65512345 0014063f fd000001 00000000 00000000 00000002 fd000002 00000000 00000000 00000002 03e80050 00000064 00000000 5002ffff b13e0000',
  )
})

test('of a large packet 576 bytes are sent back, 1280 in IPv6', () => {
  const large = { ...datagram, udp: { ...udp, payload: new Uint8Array(1400) } }
  expect(answer('-j REJECT', large)!.replaceAll(' ', '').length / 2).toBe(576)
  const six = { ...large, source: 'fd00:1::2', destination: 'fd00:2::2' }
  expect(answer('-j REJECT', six, { family: 'ipv6' })!.replaceAll(' ', '').length / 2).toBe(1280)
  const host = router()
  host.setDevice(host.interfaces.numberOf('in0'), { mtu: 300 })
  expect(answer('-j REJECT', large, { host })!.replaceAll(' ', '').length / 2).toBe(300)
})

test('a packet cut by the snap length is answered at its full length', () => {
  const data = { ...datagram, udp: { ...udp, payload: new Uint8Array(100).fill(1) } }
  expect(answer('-j REJECT', data, {}, 40)!.replaceAll(' ', '').length / 2).toBe(20 + 8 + 128)
})

test('of ICMP only what is known to be no error is answered', () => {
  const answered = (family: 'ipv4' | 'ipv6', types: readonly number[]) =>
    types.filter((type) => {
      const plan =
        family === 'ipv4'
          ? { source: '10.0.1.2', destination: '10.0.2.2', icmp: { type } }
          : { source: 'fd00:1::2', destination: 'fd00:2::2', icmpv6: { type } }
      return answer('-j REJECT', plan, { family }) !== null
    })
  expect(answered('ipv4', [0, 3, 4, 5, 8, 11, 12, 13, 17, 18, 19, 40])).toEqual([0, 8, 13, 17, 18])
  expect(answered('ipv6', [1, 2, 3, 4, 100, 127, 128, 129, 133, 136, 200])).toEqual([128, 129, 133, 136, 200])
})

test('of other protocols, those are answered that have no checksum over all, or that add up to nothing', () => {
  const answered = (protocols: readonly number[], payload: Uint8Array, family: 'ipv4' | 'ipv6' = 'ipv4') =>
    protocols.filter((protocol) => {
      const ends = family === 'ipv4' ? ['10.0.1.2', '10.0.2.2'] : ['fd00:1::2', 'fd00:2::2']
      const plan = { source: ends[0]!, destination: ends[1]!, protocol, payload }
      return answer('-j REJECT', plan, { family }) !== null
    })
  const protocols = [253, 2, 50, 51, 47, 132, 136, 33, 4]
  expect(answered(protocols, new Uint8Array(20).fill(3))).toEqual([50, 51, 47, 132, 136])
  expect(answered([253], new Uint8Array(20))).toEqual([253])
  expect(answered([253], Uint8Array.of(255, 255, 0, 0))).toEqual([253])
  expect(answered([253], new Uint8Array(0))).toEqual([253])
  expect(answered([253, 2, 50, 47, 132, 136, 33, 4], new Uint8Array(20).fill(3), 'ipv6')).toEqual([
    50, 47, 132, 136,
  ])
  expect(answered([253, 59], new Uint8Array(0), 'ipv6')).toEqual([])
})

test('UDP without a checksum is answered, with a bad one not', () => {
  expect(answer('-j REJECT', { ...datagram, udp: { ...udp, checksum: 0 } })).not.toBeNull()
  expect(answer('-j REJECT', { ...datagram, udp: { ...udp, checksum: 'bad' } })).toBeNull()
})

test('no error to nobody, to many, or to where no route leads', () => {
  expect(answer('-j REJECT', { ...datagram, source: '0.0.0.0' })).toBeNull()
  expect(answer('-j REJECT', { ...datagram, destination: '224.0.0.1' }, { hook: HOOK_INPUT })).toBeNull()
  expect(
    answer('-j REJECT', { ...datagram, destination: '255.255.255.255' }, { hook: HOOK_INPUT }),
  ).toBeNull()
  const host = router()
  host.addRoute({
    ipv6: false,
    type: 'unicast',
    words: Int32Array.of(0x0a000200),
    length: 24,
    interface: host.interfaces.numberOf('out0'),
  })
  expect(answer('-j REJECT', { ...datagram, source: '99.0.0.1' }, { host })).toBeNull()
  expect(answer('-j REJECT', { ...datagram, source: '99.0.0.1' })).not.toBeNull()
})

test('a later piece of a datagram is not answered', () => {
  const piece = {
    source: '10.0.1.2',
    destination: '10.0.2.2',
    protocol: 17,
    fragmentOffset: 8,
    payload: [1, 2],
  }
  expect(answer('-j REJECT', piece)).toBeNull()
})
