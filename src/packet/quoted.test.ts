import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from './build.ts'
import { decoded } from './decoded.ts'
import { Packet } from './packet.ts'
import { decodeQuoted, QUOTED_BAD, QUOTED_CUT, QUOTED_OK } from './quoted.ts'

const four = { source: '10.0.0.2', destination: '192.0.2.9' }
const back4 = { source: '192.0.2.9', destination: '10.0.0.2' }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }
const back6 = { source: '2001:db8::9', destination: '2001:db8::1' }
const udp = { sourcePort: 53, destinationPort: 9999, payload: 'hello' }

/** Quotes the first `length` bytes of a packet in an error of the same family. */
function quote(plan: PacketPlan, length?: number, captured?: number): { result: number; quoted: Packet } {
  const payload = buildPacket(plan).subarray(0, length)
  const error = plan.source.includes(':')
    ? buildPacket({ ...back6, icmpv6: { type: 1, payload } })
    : buildPacket({ ...back4, icmp: { type: 3, payload } })
  const quoted = new Packet()
  return { result: decodeQuoted(decoded(error, captured), 8, quoted), quoted }
}

test('four transport bytes suffice for ports, three do not', () => {
  for (const [plan, header] of [
    [{ ...four, udp }, 20],
    [{ ...six, udp }, 40],
  ] as const) {
    expect(quote(plan, header + 4)).toMatchObject({
      result: QUOTED_OK,
      quoted: { sourcePort: 53, destinationPort: 9999 },
    })
    expect(quote(plan, header + 3).result).toBe(QUOTED_BAD)
  }
})

test('quoted ICMP needs eight bytes, other protocols none', () => {
  expect(quote({ ...four, icmp: { type: 8, id: 3 } }, 28)).toMatchObject({
    result: QUOTED_OK,
    quoted: { icmpType: 8, icmpId: 3 },
  })
  expect(quote({ ...four, icmp: { type: 8 } }, 27).result).toBe(QUOTED_BAD)
  expect(quote({ ...four, protocol: 50 }, 20).result).toBe(QUOTED_OK)
})

test('the same shortage is cut where the capture is at fault', () => {
  const error = 28
  expect(quote({ ...four, udp }, 33, error + 23).result).toBe(QUOTED_CUT)
  expect(quote({ ...four, udp }, 33, error + 24).result).toBe(QUOTED_OK)
  expect(quote({ ...four, udp }, 33, error + 19).result).toBe(QUOTED_CUT)
  expect(quote({ ...four, udp }, 19, error + 10).result).toBe(QUOTED_BAD)
  expect(quote({ ...six, extensions: [{ destination: [] }], udp }, undefined, 48 + 41).result).toBe(
    QUOTED_CUT,
  )
})

test('version, total length and header checksum of the quoted packet do not matter', () => {
  const plan = { ...four, udp, version: 9, totalLength: 9999, headerChecksum: 1 }
  expect(quote(plan)).toMatchObject({
    result: QUOTED_OK,
    quoted: { sourcePort: 53, source0: 0x0a000002, family: 2 },
  })
})

test('a first fragment can be quoted, a later one not', () => {
  expect(quote({ ...four, udp, moreFragments: true }).result).toBe(QUOTED_OK)
  expect(quote({ ...four, udp, fragmentOffset: 8 }).result).toBe(QUOTED_BAD)
  expect(quote({ ...six, udp, extensions: [{ fragment: { more: true } }] })).toMatchObject({
    ...{ result: QUOTED_OK, quoted: { sourcePort: 53, protocol: 17 } },
  })
  expect(quote({ ...six, udp, extensions: [{ fragment: { offset: 8 } }] }).result).toBe(QUOTED_BAD)
})

test('a header that runs beyond the message is bad, options within it are skipped', () => {
  expect(quote({ ...four, udp, headerLength: 40 }).result).toBe(QUOTED_BAD)
  expect(quote({ ...four, udp, ipOptions: [1, 1, 1, 1] })).toMatchObject({
    result: QUOTED_OK,
    quoted: { sourcePort: 53 },
  })
  expect(quote({ ...six, protocol: 59 }).result).toBe(QUOTED_BAD)
})

test('any quoted bytes, decoding stays inside the captured ones and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(130), fc.boolean(), (payload, captured, isFour) => {
      const error = isFour
        ? buildPacket({ ...four, icmp: { type: 3, payload } })
        : buildPacket({ ...six, icmpv6: { type: 1, payload } })
      const most = Math.min(captured, error.length)
      // The view ends where the capture does, so that reading on would throw.
      const packet = decoded(error, most)
      packet.view = new DataView(error.buffer, 0, most)
      const quoted = new Packet()
      const result = decodeQuoted(packet, 8, quoted)
      expect([QUOTED_OK, QUOTED_BAD, QUOTED_CUT]).toContain(result)
      expect(quoted.transportCaptured).toBeLessThanOrEqual(quoted.transportLength)
    }),
    { numRuns: 1000 },
  )
})
