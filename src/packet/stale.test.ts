import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from './build.ts'
import { fragmentPacket } from './build-fragments.ts'
import { bsdLoopback, ethernet, linuxCooked2, nflog } from './build-link.ts'
import { decodeFrame } from './decode.ts'
import { fragmentDefaults, Reassembler } from './fragments.ts'
import { Packet } from './packet.ts'
import { verifyChecksum } from './verify.ts'

const four = { source: '10.0.0.2', destination: '192.0.2.9' }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }
const ports = { sourcePort: 1, destinationPort: 2 }

const plans: PacketPlan[] = [
  { ...four, tcp: { ...ports, flags: 'SA', sequence: 5, acknowledgment: 6 } },
  { ...four, ipOptions: [1, 1, 1, 1], dontFragment: true, tcp: { ...ports, flags: 'A', options: ['nop'] } },
  { ...four, udp: { ...ports, payload: 'abc' } },
  { ...four, icmp: { type: 8, code: 3, id: 9 } },
  { ...four, moreFragments: true, identification: 4, tcp: { ...ports, flags: 'A' } },
  { ...four, fragmentOffset: 8, protocol: 6, payload: 'abc' },
  { ...four, headerChecksum: 1, udp: ports },
  { ...four, version: 7, udp: ports },
  { ...four, protocol: 50, payload: 'abc' },
  { ...six, tcp: { ...ports, flags: 'R', sequence: 5 } },
  { ...six, icmpv6: { type: 129, id: 9 } },
  { ...six, extensions: [{ fragment: { more: true, identification: 4 } }], tcp: { ...ports, flags: 'A' } },
  { ...six, extensions: [{ fragment: { offset: 8 } }], udp: ports },
  { ...six, protocol: 59 },
]

type Step = (packet: Packet) => void

function framed(frame: Uint8Array, linkType: number, captured: number): Step {
  const view = new DataView(frame.buffer)
  return (packet) => {
    packet.direction = 0
    decodeFrame(packet, view, frame, 0, Math.min(captured, frame.length), frame.length, linkType)
    packet.issueFound = packet.issueExpected = packet.checksumFound = packet.checksumExpected = 0
  }
}

const steps: Step[] = plans.flatMap((plan) => {
  const bytes = buildPacket(plan)
  return [
    framed(ethernet(bytes, { vlans: [3] }), 1, 99),
    framed(ethernet(bytes), 1, 99),
    framed(ethernet(bytes), 1, 30),
    framed(linuxCooked2(bytes, { packetType: 4 }), 276, 99),
    framed(nflog(bytes, { hook: 2, mark: 7, outInterface: 3, prefix: 'p' }), 239, 99),
    framed(bsdLoopback(bytes), 0, 44),
    framed(ethernet(bytes, { etherType: 0x806 }), 1, 99),
    framed(bytes, 999, 99),
  ]
})

/** A datagram put together in the packet leaves behind more than a frame does. */
const reassembled: Step = (packet) => {
  const reassembler = new Reassembler(fragmentDefaults, 1)
  for (const piece of fragmentPacket(
    buildPacket({ ...four, udp: { ...ports, payload: 'abcdefghijk' } }),
    [8],
  )) {
    framed(piece, 101, 99)(packet)
    reassembler.accept(packet, 0)
  }
  verifyChecksum(packet)
}

test('whatever was decoded before, a packet is the same as decoded into a fresh object', () => {
  const before = fc.array(fc.constantFrom(...steps, reassembled), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(before, fc.constantFrom(...steps), (earlier, step) => {
      const packet = new Packet()
      for (const one of earlier) one(packet)
      step(packet)
      const fresh = new Packet()
      step(fresh)
      expect(packet).toEqual(fresh)
    }),
    { numRuns: 1500 },
  )
})
