import { expect, test } from 'vitest'
import { Passage } from '../hook/passage.ts'
import { FieldSample } from './field-sample.ts'
import { FIELD_DESTINATION_PORT, FIELD_SOURCE } from './rule-key.ts'

/** A passage of a packet from these words to a port. */
function passageOf(source: readonly number[], port: number): Passage {
  const passage = new Passage()
  const { packet } = passage
  packet.source0 = source[0]!
  packet.source1 = source[1] ?? 0
  packet.source2 = source[2] ?? 0
  packet.source3 = source[3] ?? 0
  packet.destinationPort = port
  return passage
}

test('the share of packets with a value between two, words as unsigned numbers', () => {
  const sample = new FieldSample()
  for (const source of [0x7fffffff, 0x80000000 | 0, -1, 1]) sample.add(passageOf([source], 80))
  const shareOf = sample.shares()
  const key = (from: number, to: number) => ({ field: FIELD_SOURCE, from: [from], to: [to], share: 0 })
  expect(shareOf(key(0x7fffffff, 0x80000000 | 0))).toBeCloseTo(2 / 5)
  expect(shareOf(key(0x80000000 | 0, -1))).toBeCloseTo(2 / 5)
  expect(shareOf(key(2, 3))).toBe(0)
  const ports = { field: FIELD_DESTINATION_PORT, from: [80 << 16], to: [(80 << 16) | 0xffff], share: 0.5 }
  expect(shareOf(ports)).toBeCloseTo(4.5 / 5)
})

test('addresses of four words', () => {
  const sample = new FieldSample()
  for (const last of [1, 2, -1]) sample.add(passageOf([0xfd000000 | 0, 0, 0, last], 80))
  const from = [0xfd000000 | 0, 0, 0, 2]
  const to = [0xfd000000 | 0, 0, 0, -1]
  expect(sample.shares()({ field: FIELD_SOURCE, from, to, share: 0 })).toBeCloseTo(2 / 4)
})
