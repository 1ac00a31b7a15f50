import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from './build.ts'
import { decodeNetwork } from './decode.ts'
import { CHECKSUM_BAD, CHECKSUM_GOOD, ISSUE_NONE, Packet } from './packet.ts'
import { addMss, findMss, setMss, setTcpFlags, setTos, setTtl, stripOptions } from './rewrite.ts'
import { verifyChecksum } from './verify.ts'

const four = { source: '10.0.1.2', destination: '10.0.2.2' } as const
const six = { source: 'fd00:1::2', destination: 'fd00:2::2' } as const
const tcp = {
  sourcePort: 1,
  destinationPort: 2,
  flags: 'SEC',
  options: [{ mss: 1460 }, { windowScale: 7 }],
} as const

function decode(bytes: Uint8Array, end = bytes.length): Packet {
  const packet = new Packet()
  decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, end, end)
  verifyChecksum(packet)
  return packet
}

/** A packet with room behind it. */
function made(plan: PacketPlan): Packet {
  const bytes = buildPacket(plan)
  const roomy = new Uint8Array(bytes.length + 4)
  roomy.set(bytes)
  return decode(roomy, bytes.length)
}

/** Fields and bytes say the same, and the checksums are right. */
function expectWhole(packet: Packet): void {
  const again = decode(packet.bytes.slice(), packet.capturedEnd)
  expect(again.issue).toBe(ISSUE_NONE)
  expect(again.checksum).toBe(CHECKSUM_GOOD)
  for (const key of [
    'tos',
    'ttl',
    'length',
    'transportLength',
    'tcpHeaderLength',
    'tcpFlags',
    'capturedEnd',
  ] as const)
    expect(again[key], key).toBe(packet[key])
}

const byte = fc.nat(255)
const anyPlan: fc.Arbitrary<PacketPlan> = fc
  .record({
    family: fc.constantFrom(four, six),
    tos: byte,
    ttl: byte,
    port: fc.nat(65535),
    options: fc.subarray([
      { mss: 1460 },
      { windowScale: 7 },
      'sackPermitted',
      { timestamps: [1, 2] },
    ] as const),
  })
  .map(({ family, port, options, ...rest }) => ({
    ...family,
    ...rest,
    tcp: { sourcePort: port, destinationPort: 80, flags: 'S', options },
  }))

test('whatever the packet, TOS, TTL and flags change with their checksums', () => {
  fc.assert(
    fc.property(anyPlan, byte, byte, byte, (plan, tos, ttl, flags) => {
      const packet = made(plan)
      setTos(packet, tos)
      setTtl(packet, ttl)
      setTcpFlags(packet, flags)
      expect([packet.tos, packet.ttl, packet.tcpFlags]).toEqual([tos, ttl, flags])
      expectWhole(packet)
    }),
  )
})

test('a bad checksum stays bad', () => {
  const packet = made({ ...four, tcp: { ...tcp, checksum: 'bad' } })
  setTcpFlags(packet, 2)
  setMss(packet, findMss(packet), 1000)
  const again = decode(packet.bytes.slice(), packet.capturedEnd)
  expect(again.checksum).toBe(CHECKSUM_BAD)
})

test('MSS is found and set', () => {
  for (const family of [four, six]) {
    const packet = made({ ...family, tcp })
    const at = findMss(packet)
    setMss(packet, at, 1200)
    expect(packet.view.getUint32(at)).toBe(0x020404b0)
    expectWhole(packet)
  }
})

test('MSS behind the end of the list is found, one of a wrong length is not', () => {
  const at = (options: number[]) =>
    findMss(made({ ...four, tcp: { ...tcp, options: Uint8Array.from(options) } }))
  expect(at([0, 0, 0, 0, 2, 4, 5, 180])).toBe(44)
  expect(at([2, 3, 5, 2, 4, 5, 180, 0])).toBe(43)
  expect(at([2, 0, 2, 4, 5, 180, 0, 0])).toBe(42)
  expect(at([3, 3, 7, 1])).toBe(-1)
  expect(at([])).toBe(-1)
})

test('MSS is added in front of the other options', () => {
  for (const family of [four, six]) {
    for (const options of [[], [{ windowScale: 7 }, 'nop'] as const]) {
      const packet = made({ ...family, tcp: { ...tcp, options } })
      const { length } = packet
      addMss(packet, 536)
      expect(packet.length).toBe(length + 4)
      expect(findMss(packet)).toBe(packet.transportOffset + 20)
      expectWhole(packet)
    }
  }
})

test('options become padding where they stand, at odd places too', () => {
  const options = Uint8Array.from([1, 2, 4, 5, 180, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 3, 3, 7, 0, 0])
  const packet = made({ ...four, tcp: { ...tcp, options } })
  const kinds = new Uint8Array(256)
  kinds[2] = 1
  kinds[8] = 1
  stripOptions(packet, kinds)
  const left = [...packet.bytes.subarray(packet.transportOffset + 20, packet.capturedEnd)]
  expect(left).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7, 0, 0])
  expectWhole(packet)
})

test('an option that runs over the header stays, and ends the walk', () => {
  const options = Uint8Array.from([8, 10, 1, 2, 3, 3, 7, 0])
  const packet = made({ ...four, tcp: { ...tcp, options } })
  stripOptions(packet, new Uint8Array(256).fill(1))
  expect([...packet.bytes.subarray(40, 48)]).toEqual([...options])
})
