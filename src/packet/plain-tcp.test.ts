import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket } from './build.ts'
import { OffloadedHeaders } from './header-check.ts'
import { decodeAnyIPv4 } from './ipv4.ts'
import { Packet } from './packet.ts'
import { decodePlainTcp } from './plain-tcp.ts'

const plan = { source: '10.0.0.2', destination: '192.0.2.9' }
const tcp = { sourcePort: 1, destinationPort: 2, flags: 'SA', sequence: -7, acknowledgment: 9, window: 3 }

test('a plain TCP packet is decoded here, one with options, of another protocol or cut is not', () => {
  const isPlain = (bytes: Uint8Array, captured = bytes.length) =>
    decodePlainTcp(new Packet(), new DataView(bytes.buffer), bytes, 0, captured, bytes.length, true)
  const bytes = buildPacket({ ...plan, tcp })
  expect(isPlain(bytes)).toBe(true)
  expect(isPlain(bytes, 39)).toBe(false)
  expect(isPlain(buildPacket({ ...plan, ipOptions: [1], tcp }))).toBe(false)
  expect(isPlain(buildPacket({ ...plan, headerChecksum: 1, tcp }))).toBe(false)
  expect(isPlain(buildPacket({ ...plan, protocol: 17, payload: new Uint8Array(20) }))).toBe(false)
})

test('what is decoded here comes out as by the general way, what is not leaves the packet alone', () => {
  const edit = fc.tuple(fc.nat(50), fc.nat(255))
  const edits = fc.oneof(fc.array(edit, { maxLength: 3 }), fc.constant([]))
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 20 }),
      edits,
      fc.nat(9),
      fc.constantFrom(true, false, new OffloadedHeaders()),
      (payload, changes, cut, verify) => {
        const bytes = buildPacket({ ...plan, tcp: { ...tcp, payload } })
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        const view = new DataView(bytes.buffer)
        const end = bytes.length - Math.min(cut, payload.length)
        for (const wireEnd of [bytes.length, bytes.length + 9, -1]) {
          const plain = new Packet()
          const done = decodePlainTcp(plain, view, bytes, 0, end, wireEnd, verify)
          const general = new Packet()
          if (done) decodeAnyIPv4(general, view, bytes, 0, end, wireEnd, verify)
          expect(plain).toEqual(general)
        }
      },
    ),
    { numRuns: 2000 },
  )
})
