import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from './build.ts'
import { fragmentPacket } from './build-fragments.ts'
import { decoded } from './decoded.ts'
import {
  CHECKSUM_ABSENT,
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNKNOWN,
  type Packet,
} from './packet.ts'
import { verifyChecksum } from './verify.ts'

const four = { source: '10.0.0.2', destination: '192.0.2.9' }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }
const ports = { sourcePort: 1, destinationPort: 2, payload: 'hello' }

function verified(bytes: Uint8Array, captured?: number): Packet {
  const packet = decoded(bytes, captured)
  verifyChecksum(packet)
  return packet
}

const chunks = [{ type: 0, body: 'data' }]
const plans: [string, PacketPlan, PacketPlan][] = [
  [
    'TCP',
    { ...four, tcp: { ...ports, flags: 'A' } },
    { ...four, tcp: { ...ports, flags: 'A', checksum: 'bad' } },
  ],
  [
    'TCP over IPv6',
    { ...six, tcp: { ...ports, flags: 'A' } },
    { ...six, tcp: { ...ports, flags: 'A', checksum: 'bad' } },
  ],
  ['UDP', { ...four, udp: ports }, { ...four, udp: { ...ports, checksum: 'bad' } }],
  ['UDP over IPv6', { ...six, udp: ports }, { ...six, udp: { ...ports, checksum: 'bad' } }],
  [
    'ICMP',
    { ...four, icmp: { type: 8, payload: 'x' } },
    { ...four, icmp: { type: 8, payload: 'x', checksum: 'bad' } },
  ],
  ['ICMPv6', { ...six, icmpv6: { type: 128 } }, { ...six, icmpv6: { type: 128, checksum: 'bad' } }],
  ['SCTP', { ...four, sctp: { ...ports, chunks } }, { ...four, sctp: { ...ports, chunks, checksum: 'bad' } }],
  [
    'SCTP over IPv6',
    { ...six, sctp: { ...ports, chunks } },
    { ...six, sctp: { ...ports, chunks, checksum: 'bad' } },
  ],
]

test.each(plans)(
  '%s: right is good, wrong is bad with both values, cut is unknown',
  (_name, right, wrong) => {
    const bytes = buildPacket(right)
    expect(verified(bytes).checksum).toBe(CHECKSUM_GOOD)
    expect(verified(bytes, bytes.length - 1).checksum).toBe(CHECKSUM_UNKNOWN)
    const bad = buildPacket(wrong)
    const packet = verified(bad)
    expect(packet.checksum).toBe(CHECKSUM_BAD)
    const differing = [...bytes.keys()].filter((i) => bytes[i] !== bad[i])
    const field = (from: Uint8Array, size: number) => Number(`0x${Buffer.from(from).toString('hex', size)}`)
    const at = packet.protocol === 132 ? packet.transportOffset + 8 : differing[0]!
    const size = packet.protocol === 132 ? 4 : 2
    expect(packet.checksumFound).toBe(field(bad.subarray(at, at + size), 0))
    expect(packet.checksumExpected).toBe(field(bytes.subarray(at, at + size), 0))
  },
)

test('UDP with checksum 0 has none, even where its payload was not captured', () => {
  for (const addresses of [four, six]) {
    const bytes = buildPacket({ ...addresses, udp: { ...ports, checksum: 0 } })
    expect(verified(bytes).checksum).toBe(CHECKSUM_ABSENT)
    expect(verified(bytes, bytes.length - 2).checksum).toBe(CHECKSUM_ABSENT)
  }
})

test('UDP shorter than its IP packet is summed to the end of the packet, as the kernel does', () => {
  const bytes = buildPacket({ ...four, udp: { ...ports, length: 10 } })
  expect(verified(bytes).checksum).toBe(CHECKSUM_BAD)
})

test('UDP-Lite is good when summed with the protocol number of UDP, and bad when right by RFC 3828', () => {
  for (const addresses of [four, six]) {
    for (const coverage of [0, 8, 10, 13]) {
      const plan = { ...ports, coverage }
      expect(verified(buildPacket({ ...addresses, udplite: { ...plan, pseudoProtocol: 17 } })).checksum).toBe(
        CHECKSUM_GOOD,
      )
      expect(verified(buildPacket({ ...addresses, udplite: plan })).checksum).toBe(CHECKSUM_BAD)
    }
  }
})

test('UDP-Lite whose covered bytes were captured is judged, though the rest is cut', () => {
  const bytes = buildPacket({ ...four, udplite: { ...ports, coverage: 10, pseudoProtocol: 17 } })
  expect(verified(bytes, 30).checksum).toBe(CHECKSUM_GOOD)
  expect(verified(bytes, 29).checksum).toBe(CHECKSUM_UNKNOWN)
  expect(verified(buildPacket({ ...four, udplite: { ...ports, checksum: 0 } })).checksum).toBe(
    CHECKSUM_ABSENT,
  )
})

test('what offload leaves behind is partial', () => {
  // Pseudo header: 10.0.0.2, 192.0.2.9, protocol 6, length 25.
  const sum = 0x0a00 + 0x0002 + 0xc000 + 0x0209 + 6 + 25
  const partial = buildPacket({ ...four, tcp: { ...ports, flags: 'A', checksum: sum } })
  expect(verified(partial)).toMatchObject({ checksum: CHECKSUM_PARTIAL, checksumFound: sum })
  expect(verified(buildPacket({ ...four, tcp: { ...ports, flags: 'A', checksum: 0 } })).checksum).toBe(
    CHECKSUM_PARTIAL,
  )
  expect(verified(buildPacket({ ...four, sctp: { ...ports, chunks, checksum: 0 } })).checksum).toBe(
    CHECKSUM_PARTIAL,
  )
})

test('fragments and other protocols are not judged', () => {
  expect(verified(fragmentPacket(buildPacket({ ...four, udp: ports }), [8])[0]!).checksum).toBe(
    CHECKSUM_UNKNOWN,
  )
  expect(verified(buildPacket({ ...four, protocol: 50, payload: 'abc' })).checksum).toBe(CHECKSUM_UNKNOWN)
})

test('ICMP of zeros is bad', () => {
  expect(verified(buildPacket({ ...four, protocol: 1, payload: new Uint8Array(8) }))).toMatchObject({
    ...{ checksum: CHECKSUM_BAD, checksumFound: 0, checksumExpected: 0xffff },
  })
})

test('whatever is built is good, whatever the payload', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), fc.constantFrom(four, six), (payload, addresses) => {
      const udp = { ...ports, payload }
      const tcp = { ...udp, flags: 'A' }
      expect(verified(buildPacket({ ...addresses, udp })).checksum).toBe(CHECKSUM_GOOD)
      expect(verified(buildPacket({ ...addresses, tcp })).checksum).toBe(CHECKSUM_GOOD)
    }),
  )
})
