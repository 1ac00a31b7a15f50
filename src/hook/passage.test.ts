import { describe, expect, test } from 'vitest'
import { Outcome } from '../conntrack/outcome.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { ISSUE_NONE, Packet } from '../packet/packet.ts'
import { Passage } from './passage.ts'

function decoded(bytes: Uint8Array, at = 0): Packet {
  const packet = new Packet()
  decodeNetwork(packet, new DataView(bytes.buffer), bytes, at, bytes.length, bytes.length)
  return packet
}

/** A packet in the middle of a chunk. */
function passageOf(plan: PacketPlan): { passage: Passage; bytes: Uint8Array } {
  const packet = buildPacket(plan)
  const bytes = new Uint8Array(packet.length + 7)
  bytes.set(packet, 7)
  const passage = new Passage()
  passage.begin(decoded(bytes, 7), new Tuple(), new Outcome())
  return { passage, bytes }
}

const plan4 = { source: '10.0.0.2', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } }
const plan6 = { source: 'fd00::2', destination: 'fd00::9', udp: { sourcePort: 1, destinationPort: 2 } }

describe('a passage', () => {
  test('whoever writes leaves the packet as received alone, fields and bytes', () => {
    const { passage, bytes } = passageOf(plan4)
    const before = bytes.slice()
    const { received } = passage
    const own = passage.writable()
    own.view.setUint8(own.transportOffset, 0xff)
    own.sourcePort = 0xff01
    expect(passage.packet).toBe(own)
    expect(passage.rewritten).toBe(true)
    expect(bytes).toEqual(before)
    expect(received.sourcePort).toBe(1)
    expect(own.destinationPort).toBe(2)
    expect(passage.writable(5000).sourcePort).toBe(0xff01)
  })

  test.each([plan4, plan6])('a hop shows at once, and in the bytes when they are written', (plan) => {
    const { passage } = passageOf(plan)
    const { ttl } = passage
    passage.hop()
    expect(passage.ttl).toBe(ttl - 1)
    const own = passage.writable()
    expect(passage.ttl).toBe(ttl - 1)
    // Decoding verifies the header's checksum.
    const again = decoded(own.bytes.slice(0, own.capturedEnd))
    expect(again).toMatchObject({ ttl: ttl - 1, issue: ISSUE_NONE })
    passage.writable()
    expect(passage.ttl).toBe(ttl - 1)
  })
})
