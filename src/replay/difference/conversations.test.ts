import { expect, test } from 'vitest'
import { FlowHash } from '../../conntrack/hash.ts'
import { Tuple } from '../../conntrack/tuple.ts'
import { buildPacket } from '../../packet/build.ts'
import { decodeRecord } from '../../packet/decode.ts'
import { LINKTYPE_RAW } from '../../packet/link-type.ts'
import { Packet } from '../../packet/packet.ts'
import { Conversations } from './conversations.ts'

const flowHash = new FlowHash((words) => words.fill(7))

function seen(source: string, sourcePort: number, destination: string, destinationPort: number) {
  const bytes = buildPacket({ source, destination, udp: { sourcePort, destinationPort, payload: 'x' } })
  const packet = new Packet()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const [end, originalLength] = [bytes.length, bytes.length]
  Object.assign(packet.record, { bytes, view, start: 0, end, originalLength, linkType: LINKTYPE_RAW })
  decodeRecord(packet)
  const tuple = new Tuple()
  tuple.usable = tuple.fromPacket(packet)
  tuple.invertible = tuple.usable
  tuple.computeHash(flowHash)
  return { packet, tuple }
}

const asked = seen('198.51.100.7', 40_100, '203.0.113.5', 80)
const inside = seen('198.51.100.7', 40_100, '192.168.1.20', 8080)
const answer = seen('192.168.1.20', 8080, '198.51.100.7', 40_100)

test('behind its second copy, an answer from the inner address belongs to the conversation', () => {
  const conversations = new Conversations(flowHash, () => {}, 8)
  const place = conversations.placeOf(asked.packet, asked.tuple)
  conversations.alias(place, inside.packet, inside.tuple)
  expect(conversations.placeOf(answer.packet, answer.tuple)).toBe(place)
  expect(conversations.count).toBe(1)
  expect([...conversations.places()]).toEqual([place])
})

test('the other addresses are those of the conversation that had them last', () => {
  const conversations = new Conversations(flowHash, () => {}, 8)
  const before = conversations.placeOf(asked.packet, asked.tuple)
  conversations.alias(before, inside.packet, inside.tuple)
  const after = conversations.split(before)
  conversations.alias(after, inside.packet, inside.tuple)
  expect(conversations.placeOf(answer.packet, answer.tuple)).toBe(after)
  expect(conversations.count).toBe(2)
})

test('of a conversation that made room nothing is left: the answer begins one of its own', () => {
  const ended: number[] = []
  const conversations = new Conversations(flowHash, (place) => ended.push(place), 4)
  const place = conversations.placeOf(asked.packet, asked.tuple)
  conversations.alias(place, inside.packet, inside.tuple)
  for (let port = 1; port <= 3; port++) {
    const { packet, tuple } = seen('10.0.0.2', port, '10.0.0.9', 53)
    conversations.placeOf(packet, tuple)
  }
  const own = conversations.placeOf(answer.packet, answer.tuple)
  expect(conversations.view(own)).toMatchObject({ source: '192.168.1.20', destinationPort: 40_100 })
  expect(conversations).toMatchObject({ count: 5, forgotten: 1 })
  expect(ended).toEqual([place])
})

test('an alias that takes the place of its own conversation leads nowhere', () => {
  const conversations = new Conversations(flowHash, () => {}, 1)
  const place = conversations.placeOf(asked.packet, asked.tuple)
  conversations.alias(place, inside.packet, inside.tuple)
  const own = conversations.placeOf(answer.packet, answer.tuple)
  expect(conversations.view(own).source).toBe('192.168.1.20')
})
