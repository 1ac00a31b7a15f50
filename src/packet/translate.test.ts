import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { buildPacket, type PacketPlan } from './build.ts'
import { decoded } from './decoded.ts'
import { CHECKSUM_BAD, type Packet } from './packet.ts'
import { END_DESTINATION, END_SOURCE, translateEnd, translateError } from './translate.ts'
import { verifyChecksum } from './verify.ts'

const four = { source: '10.0.1.2', destination: '10.0.2.2' }
const six = { source: 'fd00:1::2', destination: 'fd00:2::2' }
const newFour = '192.0.2.77'
const newSix = '2001:db8:aaaa:1:2:3:4:77'

/** Translates what is built from `plan`, cut to `captured` bytes. */
function translated(
  bytes: Uint8Array,
  end: number,
  address: string,
  part: number,
  captured?: number,
): { packet: Packet; done: boolean } {
  const packet = decoded(bytes.slice(), captured)
  return { packet, done: translateEnd(packet, end, Int32Array.from(parseAddress(address)!.words), 0, part) }
}

const transports = {
  tcp: (sourcePort: number, destinationPort: number, payload: Uint8Array) => ({
    tcp: { sourcePort, destinationPort, flags: 'SA', sequence: 7, payload },
  }),
  udp: (sourcePort: number, destinationPort: number, payload: Uint8Array) => ({
    udp: { sourcePort, destinationPort, payload },
  }),
  udplite: (sourcePort: number, destinationPort: number, payload: Uint8Array) => ({
    udplite: { sourcePort, destinationPort, payload },
  }),
  sctp: (sourcePort: number, destinationPort: number, payload: Uint8Array) => ({
    sctp: { sourcePort, destinationPort, chunks: [{ type: 0, body: payload }] },
  }),
} as const

const port = fc.nat(65535)
const address4 = fc.ipV4()
const address6 = fc.ipV6()
const body = fc.uint8Array({ maxLength: 40 })

describe.each(Object.keys(transports) as (keyof typeof transports)[])('%s', (name) => {
  const plan = transports[name]

  test('is as if it had been built with the new end', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.tuple(address4, address4, address4), fc.tuple(address6, address6, address6)),
        port,
        port,
        port,
        body,
        fc.boolean(),
        ([source, destination, other], from, to, part, payload, isSource) => {
          const before = buildPacket({ source, destination, ...plan(from, to, payload) })
          const after = isSource
            ? buildPacket({ source: other, destination, ...plan(part, to, payload) })
            : buildPacket({ source, destination: other, ...plan(from, part, payload) })
          const { packet, done } = translated(before, isSource ? END_SOURCE : END_DESTINATION, other, part)
          expect(done).toBe(true)
          expect(packet.bytes).toEqual(after)
          expect(packet).toEqual(decoded(after))
        },
      ),
    )
  })

  test('cut by the snap length, what is there is as it would be', () => {
    const payload = new Uint8Array(30).fill(9)
    const before = buildPacket({ ...four, ...plan(1000, 80, payload) })
    const after = buildPacket({ ...four, source: newFour, ...plan(2000, 80, payload) })
    for (let captured = 24; captured < before.length; captured++) {
      const { packet, done } = translated(before, END_SOURCE, newFour, 2000, captured)
      expect(done).toBe(true)
      // A checksum of which only one byte is there stays as it is; so does one that lies behind the end.
      const field = { tcp: 36, udp: 26, udplite: 26, sctp: 28 }[name]
      const whole = captured >= field + 2 && (name !== 'sctp' || captured >= field + 4)
      const known = whole ? captured : Math.min(captured, field)
      expect(packet.bytes.subarray(0, known)).toEqual(after.subarray(0, known))
      expect(packet.bytes.subarray(known)).toEqual(before.subarray(known))
    }
  })
})

test('a wrong checksum stays wrong, but that of SCTP is computed anew', () => {
  const tcp = { sourcePort: 1, destinationPort: 2, flags: 'A', checksum: 'bad' } as const
  const { packet } = translated(buildPacket({ ...four, tcp }), END_SOURCE, newFour, 3)
  verifyChecksum(packet)
  expect(packet.checksum).toBe(CHECKSUM_BAD)
  const sctp = { sourcePort: 1, destinationPort: 2, chunks: [{ type: 1, body: new Uint8Array(16) }] }
  expect(
    translated(buildPacket({ ...four, sctp: { ...sctp, checksum: 7 } }), END_SOURCE, newFour, 3).packet.bytes,
  ).toEqual(buildPacket({ ...four, source: newFour, sctp: { ...sctp, sourcePort: 3 } }))
})

describe('UDP', () => {
  test('without a checksum stays without', () => {
    const udp = { sourcePort: 1000, destinationPort: 53, payload: 'x', checksum: 0 }
    expect(translated(buildPacket({ ...four, udp }), END_SOURCE, newFour, 9).packet.bytes).toEqual(
      buildPacket({ ...four, source: newFour, udp: { ...udp, sourcePort: 9 } }),
    )
  })

  test('never gets a checksum that says there is none', () => {
    for (let sourcePort = 0, zeros = 0; zeros === 0; sourcePort++) {
      const udp = { sourcePort, destinationPort: 53 }
      const { packet } = translated(
        buildPacket({ ...four, udp: { ...udp, sourcePort: 1 } }),
        END_SOURCE,
        newFour,
        sourcePort,
      )
      const checksum = packet.view.getUint16(26)
      expect(checksum).not.toBe(0)
      if (checksum === 0xffff) zeros++
    }
  })
})

describe('ICMP', () => {
  test.each([
    ['icmp', 8],
    ['icmp', 0],
    ['icmp', 13],
    ['icmpv6', 128],
    ['icmpv6', 129],
  ] as const)('%s %i: the identifier belongs to both ends', (name, type) => {
    const ends = name === 'icmp' ? four : six
    const other = name === 'icmp' ? newFour : newSix
    const plan = (id: number) => ({ [name]: { type, id, sequence: 3, payload: 'ping' } })
    const bytes = buildPacket({ ...ends, ...plan(7) })
    expect(translated(bytes, END_SOURCE, other, 900).packet.bytes).toEqual(
      buildPacket({ ...ends, source: other, ...plan(900) }),
    )
    expect(translated(bytes, END_DESTINATION, other, 900).packet).toEqual(
      decoded(buildPacket({ ...ends, destination: other, ...plan(900) })),
    )
  })

  test('other messages have none', () => {
    const icmp = { type: 12, code: 0, rest: 0x07000000, payload: 'x' }
    expect(translated(buildPacket({ ...four, icmp }), END_SOURCE, newFour, 900).packet.bytes).toEqual(
      buildPacket({ ...four, source: newFour, icmp }),
    )
  })
})

describe('GRE', () => {
  test('of version 1 has a key, which names the destination', () => {
    const gre = { version: 1, callId: 5, payload: 'ppp' }
    expect(translated(buildPacket({ ...four, gre }), END_DESTINATION, newFour, 6).packet.bytes).toEqual(
      buildPacket({ ...four, destination: newFour, gre: { ...gre, callId: 6 } }),
    )
    expect(translated(buildPacket({ ...four, gre }), END_SOURCE, newFour, 6).packet.bytes).toEqual(
      buildPacket({ ...four, source: newFour, gre }),
    )
  })

  test('of version 2 cannot be translated, nor what is shorter than a PPTP header', () => {
    const two = buildPacket({ ...four, protocol: 47, payload: Uint8Array.of(0, 2, 8, 0, 0, 0, 0, 0) })
    expect(translated(two, END_DESTINATION, newFour, 0).done).toBe(false)
    expect(translated(two, END_SOURCE, newFour, 0).done).toBe(true)
    const short = buildPacket({ ...four, protocol: 47, payload: Uint8Array.of(0, 0, 8, 0, 0, 0, 0) })
    expect(translated(short, END_SOURCE, newFour, 0).done).toBe(false)
  })
})

test('a protocol without ports has its address changed only', () => {
  const plan = { protocol: 50, payload: 'secret' }
  expect(translated(buildPacket({ ...four, ...plan }), END_DESTINATION, newFour, 9).packet.bytes).toEqual(
    buildPacket({ ...four, destination: newFour, ...plan }),
  )
})

test('ports behind IPv6 extension headers are found', () => {
  const extensions = [{ hopByHop: [1, 4, 0, 0, 0, 0] }, { destination: [1, 4, 0, 0, 0, 0] }]
  const udp = { sourcePort: 1000, destinationPort: 53, payload: 'x' }
  expect(translated(buildPacket({ ...six, extensions, udp }), END_SOURCE, newSix, 9).packet.bytes).toEqual(
    buildPacket({ ...six, source: newSix, extensions, udp: { ...udp, sourcePort: 9 } }),
  )
})

describe('errors', () => {
  const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S', payload: 'abc' } as const
  const udp = { sourcePort: 1000, destinationPort: 80, payload: 'abcd' }
  const echo = { type: 8, id: 1000, payload: 'abcd' }

  /** An error about what 10.0.1.2 sent to 10.0.2.2, addressed to `to`; `length` bytes are quoted. */
  function error(plan: Partial<PacketPlan>, from: string, to: string, length?: number): Uint8Array {
    const inner = buildPacket({ source: to, destination: from, ...plan } as PacketPlan).subarray(0, length)
    return to.includes(':')
      ? buildPacket({ source: 'fd00:9::1', destination: to, icmpv6: { type: 1, payload: inner } })
      : buildPacket({ source: '10.9.9.9', destination: to, icmp: { type: 3, payload: inner } })
  }

  test.each([
    ['tcp', { tcp }, { tcp: { ...tcp, sourcePort: 2000 } }],
    ['udp', { udp }, { udp: { ...udp, sourcePort: 2000 } }],
    [
      'sctp',
      { sctp: { sourcePort: 1000, destinationPort: 80 } },
      { sctp: { sourcePort: 2000, destinationPort: 80 } },
    ],
    ['icmp', { icmp: echo }, { icmp: { ...echo, id: 2000 } }],
    ['esp', { protocol: 50, payload: 'abcd' }, { protocol: 50, payload: 'abcd' }],
  ])('%s: the quoted source follows the outer destination', (_, before, after) => {
    for (const [from, to, other] of [
      [four.destination, four.source, newFour],
      [six.destination, six.source, newSix],
    ] as const) {
      if ('icmp' in before && to.includes(':')) continue
      const packet = decoded(error(before, from, to).slice())
      const words = Int32Array.from(parseAddress(other)!.words)
      expect(translateError(packet, END_DESTINATION, words, 0, 2000)).toBe(true)
      expect(packet.bytes).toEqual(error(after, from, other))
    }
  })

  test('the other way round, the quoted destination follows the outer source', () => {
    const quoted = (destination: string, destinationPort: number) =>
      buildPacket({ source: '10.0.1.2', destination, udp: { ...udp, destinationPort } })
    const plan = { source: '10.0.2.2', destination: '10.0.1.2' }
    const packet = decoded(
      buildPacket({ ...plan, icmp: { type: 3, code: 3, payload: quoted('10.0.2.2', 8080) } }),
    )
    expect(translateError(packet, END_SOURCE, Int32Array.from(parseAddress(newFour)!.words), 0, 80)).toBe(
      true,
    )
    expect(packet.bytes).toEqual(
      buildPacket({ ...plan, source: newFour, icmp: { type: 3, code: 3, payload: quoted(newFour, 80) } }),
    )
  })

  test('eight quoted bytes of TCP have no checksum to change', () => {
    const packet = decoded(error({ tcp }, four.destination, four.source, 28))
    expect(
      translateError(packet, END_DESTINATION, Int32Array.from(parseAddress(newFour)!.words), 0, 2000),
    ).toBe(true)
    // The sequence number of the quotation is 0 in both.
    expect(packet.bytes).toEqual(error({ tcp: { ...tcp, sourcePort: 2000 } }, four.destination, newFour, 28))
  })

  test('fewer than eight quoted bytes cannot be translated', () => {
    const packet = decoded(error({ tcp }, four.destination, four.source, 27))
    expect(translateError(packet, END_DESTINATION, new Int32Array(1), 0, 2000)).toBe(false)
  })

  test('cut by the snap length, the checksum follows what is there', () => {
    const before = error({ tcp }, four.destination, four.source)
    const after = error({ tcp: { ...tcp, sourcePort: 2000 } }, four.destination, newFour)
    const packet = decoded(before, 20 + 8 + 20 + 18)
    translateError(packet, END_DESTINATION, Int32Array.from(parseAddress(newFour)!.words), 0, 2000)
    expect(packet.bytes.subarray(0, 66)).toEqual(after.subarray(0, 66))
  })
})
