import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from './build.ts'
import { fragmentPacket, fragmentPiece } from './build-fragments.ts'
import { decoded } from './decoded.ts'
import {
  FRAGMENT_COMPLETED,
  FRAGMENT_DROPPED_BAD_END,
  FRAGMENT_DROPPED_DUPLICATE,
  FRAGMENT_DROPPED_ECN,
  FRAGMENT_DROPPED_EMPTY,
  FRAGMENT_DROPPED_MEMORY,
  FRAGMENT_DROPPED_OVERLAP,
  FRAGMENT_DROPPED_OVERSIZE,
  FRAGMENT_HELD,
  FRAGMENT_REFUSED,
  FRAGMENT_WHOLE,
  type FragmentSettings,
  fragmentDefaults,
  Reassembler,
} from './fragments.ts'
import { DIRECTION_OUTGOING, ISSUE_CHAIN, ISSUE_FRAGMENT_REFUSED, ISSUE_NONE, type Packet } from './packet.ts'
import { verifyChecksum } from './verify.ts'

const four = { source: '10.0.0.2', destination: '192.0.2.9', identification: 7 }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }
const payload = Uint8Array.from({ length: 92 }, (_, i) => i)
const udp = { sourcePort: 53, destinationPort: 9999, payload }
/** 100 bytes of data in either family. */
const whole = { four: buildPacket({ ...four, udp }), six: buildPacket({ ...six, udp }) }
type Family = keyof typeof whole
const families: Family[] = ['four', 'six']

const names = new Map([
  [FRAGMENT_WHOLE, 'whole'],
  [FRAGMENT_HELD, 'held'],
  [FRAGMENT_COMPLETED, 'completed'],
  [FRAGMENT_REFUSED, 'refused'],
  [FRAGMENT_DROPPED_DUPLICATE, 'duplicate'],
  [FRAGMENT_DROPPED_OVERLAP, 'overlap'],
  [FRAGMENT_DROPPED_BAD_END, 'bad end'],
  [FRAGMENT_DROPPED_EMPTY, 'empty'],
  [FRAGMENT_DROPPED_OVERSIZE, 'oversize'],
  [FRAGMENT_DROPPED_ECN, 'ecn'],
  [FRAGMENT_DROPPED_MEMORY, 'memory'],
])

class Bench {
  readonly reassembler: Reassembler
  packet: Packet = decoded(whole.four)
  /** Ticks of a millisecond. */
  now = 1_700_000_000_000

  constructor(settings: Partial<FragmentSettings> = {}) {
    this.reassembler = new Reassembler({ ...fragmentDefaults, ...settings }, 1000)
  }

  accept(bytes: Uint8Array, captured?: number, direction = 0): string {
    this.packet = decoded(bytes, captured)
    this.packet.direction = direction
    return names.get(this.reassembler.accept(this.packet, this.now))!
  }

  /** Pieces of the family's datagram: offset, length, and + where more follow. */
  pieces(family: Family, ...texts: string[]): string[] {
    return texts.map((text) => {
      const [offset, length] = text.split(/[ +]/).map(Number)
      return this.accept(fragmentPiece(whole[family], offset!, length!, text.endsWith('+')))
    })
  }

  whole(): Uint8Array {
    const { bytes, networkOffset, capturedEnd } = this.packet
    return bytes.slice(networkOffset, capturedEnd)
  }
}

test('what is no fragment passes at once', () => {
  expect(new Bench().accept(whole.four)).toBe('whole')
})

test.each(families)('IPv%s: pieces in any order become the datagram, with its checksum right', (family) => {
  const bench = new Bench()
  expect(bench.pieces(family, '64 36', '0 24+', '24 40+')).toEqual(['held', 'held', 'completed'])
  expect([...bench.reassembler.values]).toEqual([3, whole[family].length])
  expect(bench.whole()).toEqual(whole[family])
  verifyChecksum(bench.packet)
  expect(bench.packet).toMatchObject({
    ...{ issue: ISSUE_NONE, checksum: 1, sourcePort: 53, length: whole[family].length, moreFragments: false },
    ...{ largestFragment: family === 'four' ? 60 : 88, transportLength: 100, fragmentOffset: 0 },
  })
  expect(bench.reassembler).toMatchObject({ pending: 0, charged: 0, expired: 0 })
})

// Each row is a train of pieces of one id, and what becomes of each under IPv4 and IPv6.
test.each([
  ['the end comes below what is there', ['48 24+', '8 32'], ['held', 'bad end'], ['held', 'bad end']],
  [
    '... and kills the queue over IPv4 only',
    ['48 24+', '8 32', '0 48+', '72 28'],
    ['held', 'bad end', 'held', 'held'],
    ['held', 'bad end', 'held', 'completed'],
  ],
  [
    'a second end differs',
    ['64 36', '64 32', '0 64+'],
    ['held', 'bad end', 'held'],
    ['held', 'bad end', 'completed'],
  ],
  [
    'more fragments beyond the end',
    ['64 36', '104 8+', '0 64+'],
    ['held', 'bad end', 'held'],
    ['held', 'bad end', 'completed'],
  ],
  ['no data', ['0 0+'], ['empty'], ['refused']],
  [
    'no data in a later piece',
    ['0 64+', '64 0+', '64 36'],
    ['held', 'empty', 'held'],
    ['held', 'empty', 'completed'],
  ],
  [
    'a length of no multiple of 8 is trimmed over IPv4, refused over IPv6',
    ['0 67+', '64 36'],
    ['held', 'completed'],
    ['refused', 'held'],
  ],
  [
    'a refused piece takes the queue along',
    ['64 36', '8 9+', '0 64+'],
    ['held', 'held', 'overlap'],
    ['held', 'refused', 'held'],
  ],
  [
    'the same piece again',
    ['0 64+', '0 64+', '64 36'],
    ['held', 'duplicate', 'completed'],
    ['held', 'duplicate', 'completed'],
  ],
  [
    'a part of a piece again',
    ['0 64+', '16 24+', '64 36'],
    ['held', 'duplicate', 'completed'],
    ['held', 'duplicate', 'completed'],
  ],
  [
    'two adjoining pieces in one',
    ['0 24+', '24 40+', '8 48+', '64 36'],
    ['held', 'held', 'duplicate', 'completed'],
    ['held', 'held', 'duplicate', 'completed'],
  ],
  [
    'two touching pieces that came backwards, in one',
    ['24 40+', '8 16+', '8 56+'],
    ['held', 'held', 'overlap'],
    ['held', 'held', 'overlap'],
  ],
  ['an overlap of eight bytes', ['0 64+', '56 44'], ['held', 'overlap'], ['held', 'overlap']],
  [
    '... kills all pieces',
    ['0 64+', '56 44', '64 36'],
    ['held', 'overlap', 'held'],
    ['held', 'overlap', 'held'],
  ],
  ['a piece around another', ['16 24+', '0 64+'], ['held', 'overlap'], ['held', 'overlap']],
  ['a piece that overlaps at its end', ['24 40+', '0 32+'], ['held', 'overlap'], ['held', 'overlap']],
  [
    'a new train of the same id after completion',
    ['0 64+', '64 36', '64 36'],
    ['held', 'completed', 'held'],
    ['held', 'completed', 'held'],
  ],
  ['a first piece without its UDP header', ['0 0+'], ['empty'], ['refused']],
])('%s', (_name, train, expected4, expected6) => {
  expect(new Bench().pieces('four', ...train)).toEqual(expected4)
  expect(new Bench().pieces('six', ...train)).toEqual(expected6)
})

test('pieces of different ids, hosts, protocols and places do not meet', () => {
  const bench = new Bench()
  const [first, last] = [fragmentPiece(whole.four, 0, 64, true), fragmentPiece(whole.four, 64, 36, false)]
  expect(bench.accept(first)).toBe('held')
  expect(bench.accept(last, undefined, DIRECTION_OUTGOING)).toBe('held')
  expect(bench.accept(fragmentPiece(whole.four, 64, 36, false, { identification: 8 }))).toBe('held')
  const others: PacketPlan[] = [
    { ...four, protocol: 99 },
    { ...four, source: '10.0.0.3' },
    { ...four, destination: '1.1.1.1' },
  ]
  for (const plan of others) {
    const bytes = buildPacket({ ...plan, protocol: plan.protocol ?? 17, payload: new Uint8Array(100) })
    expect(bench.accept(fragmentPiece(bytes, 64, 36, false))).toBe('held')
  }
  expect(bench.reassembler.pending).toBe(6)
  expect(bench.accept(last)).toBe('completed')
})

test('IPv6: the next header of a later piece does not matter, the first one counts', () => {
  const bench = new Bench()
  const last = fragmentPiece(whole.six, 64, 36, false)
  last[40] = 200
  expect([bench.accept(last), ...bench.pieces('six', '0 64+')]).toEqual(['held', 'completed'])
  expect(bench.whole()).toEqual(whole.six)
})

test('the clock starts with the first piece, and later ones do not restart it', () => {
  for (const [family, seconds] of [
    ['four', 30],
    ['six', 60],
  ] as const) {
    const inTime = new Bench()
    inTime.pieces(family, '0 24+')
    inTime.now += seconds * 1000 - 1
    expect(inTime.pieces(family, '24 40+', '64 36')).toEqual(['held', 'completed'])
    const late = new Bench()
    late.pieces(family, '0 24+')
    late.now += seconds * 900
    late.pieces(family, '24 40+')
    late.now += seconds * 100
    expect(late.pieces(family, '64 36')).toEqual(['held'])
    expect(late.reassembler).toMatchObject({ expired: 1, pending: 1 })
    late.reassembler.expire(late.now + seconds * 1000)
    expect(late.reassembler).toMatchObject({ expired: 2, pending: 0, charged: 0 })
  }
})

test('memory above the threshold, even the completing piece is dropped, until time frees it', () => {
  const bench = new Bench({ ipfragHighThresh: 2000 })
  bench.pieces('four', '0 24+')
  for (let id = 100; bench.reassembler.charged <= 2000; id++) {
    expect(bench.accept(fragmentPiece(whole.four, 0, 24, true, { identification: id }))).toBe('held')
  }
  expect(bench.pieces('four', '24 76')).toEqual(['memory'])
  expect([...bench.reassembler.values]).toEqual([bench.reassembler.charged, 2000])
  expect(bench.pieces('six', '0 64+', '64 36')).toEqual(['held', 'completed'])
  bench.now += 30_000
  expect(bench.pieces('four', '24 76')).toEqual(['held'])
  expect(new Bench({ frag6HighThresh: 0 }).pieces('six', '0 64+')).toEqual(['memory'])
})

test.each([
  [63, 'completed'],
  [64, 'held'],
])('%i foreign pieces of the same source between two, the second is %s', (foreign, expected) => {
  const bench = new Bench()
  bench.pieces('four', '0 64+')
  for (let i = 0; i < foreign; i++) {
    expect(bench.accept(fragmentPiece(whole.four, 0, 24, true, { identification: 100 + i }))).toBe('held')
  }
  expect(bench.pieces('four', '64 36')).toEqual([expected])
})

test('after a restart for distance the old pieces are gone and the timer begins anew', () => {
  const bench = new Bench()
  bench.pieces('four', '0 64+')
  bench.now += 20_000
  for (let i = 0; i < 64; i++)
    bench.accept(fragmentPiece(whole.four, 0, 24, true, { identification: 100 + i }))
  bench.pieces('four', '64 36')
  bench.now += 20_000
  expect(bench.pieces('four', '0 64+')).toEqual(['completed'])
  const off = new Bench({ ipfragMaxDist: 0 })
  off.pieces('four', '0 64+')
  for (let i = 0; i < 99; i++) off.accept(fragmentPiece(whole.four, 0, 24, true, { identification: 100 + i }))
  expect(off.pieces('four', '64 36')).toEqual(['completed'])
})

/** ECN values of the first and of the second piece, and what the datagram has then. */
test.each([
  [0, 0, 'completed', 0],
  [0, 1, 'ecn', -1],
  [3, 0, 'ecn', -1],
  [2, 3, 'completed', 3],
  [3, 1, 'completed', 3],
  [1, 2, 'completed', 1],
  [2, 1, 'completed', 2],
  [3, 3, 'completed', 3],
])('ECN %i and %i is %s', (first, second, expected, ecn) => {
  for (const addresses of [four, six]) {
    const bench = new Bench()
    const piece = (tos: number, offset: number) => {
      const bytes = buildPacket({ ...addresses, tos: 0xb8 | tos, udp })
      return fragmentPiece(bytes, offset, offset === 0 ? 64 : 36, offset === 0)
    }
    bench.accept(piece(second, 64))
    expect(bench.accept(piece(first, 0))).toBe(expected)
    if (ecn >= 0) expect(bench.packet.tos).toBe(0xb8 | ecn)
    else expect(bench.reassembler.values[0]).toBe((1 << first) | (1 << second))
    expect(bench.reassembler.pending).toBe(0)
  }
})

test('sizes: 65,535 passes, one byte more does not', () => {
  const big = (addresses: typeof four | typeof six, size: number) =>
    fragmentPacket(
      buildPacket({
        ...addresses,
        protocol: 99,
        payload: new Uint8Array(size),
        totalLength: 0,
        payloadLength: 0,
      }),
      [32_768, 32_000],
    )
  for (const [addresses, most] of [
    [four, 65_515],
    [six, 65_535],
  ] as const) {
    const fits = new Bench()
    expect(big(addresses, most).map((piece) => fits.accept(piece))).toEqual(['held', 'held', 'completed'])
    expect(fits.packet.length).toBe(addresses === four ? 65_535 : 65_575)
    expect(
      big(addresses, most + 1)
        .map((piece) => new Bench().accept(piece))
        .slice(0, 2),
    ).toEqual(['held', 'held'])
    const over = new Bench()
    expect(big(addresses, most + 1).map((piece) => over.accept(piece))).toEqual(['held', 'held', 'oversize'])
    expect(over.reassembler.pending).toBe(addresses === four ? 0 : 1)
  }
})

test('IPv6 extension headers in front count into the size', () => {
  const bytes = buildPacket({
    ...six,
    extensions: [{ hopByHop: [] }],
    protocol: 99,
    payload: new Uint8Array(65_528),
    payloadLength: 9,
  })
  const bench = new Bench()
  expect(fragmentPacket(bytes, [32_768]).map((piece) => bench.accept(piece))).toEqual(['held', 'oversize'])
})

test('the headers are those of the first piece, whenever it came', () => {
  const bench = new Bench()
  const first = fragmentPiece(
    buildPacket({ ...four, ttl: 9, tos: 4, ipOptions: [1, 1, 1, 1], udp }),
    0,
    64,
    true,
  )
  expect([...bench.pieces('four', '64 36'), bench.accept(first)]).toEqual(['held', 'completed'])
  expect(bench.packet).toMatchObject({
    ttl: 9,
    tos: 4,
    transportOffset: 24,
    length: 124,
    largestFragment: 88,
  })
  const again = decoded(bench.packet.bytes)
  expect(again).toMatchObject({ issue: ISSUE_NONE, length: 124 })
})

test("don't fragment stays only if a piece of the largest size carried it", () => {
  const train = (...flags: boolean[]) => {
    const bench = new Bench()
    flags.forEach((dontFragment, i) => {
      const bytes = buildPacket({ ...four, dontFragment, udp })
      bench.accept(fragmentPiece(bytes, i * 40, i === 2 ? 20 : 40, i !== 2))
    })
    return bench.packet.dontFragment
  }
  expect(train(false, true, false)).toBe(true)
  expect(train(false, false, true)).toBe(false)
})

test('IPv6: the Fragment header goes, hop-by-hop in front of it and options behind it stay', () => {
  const bytes = buildPacket({
    ...six,
    extensions: [{ hopByHop: [] }, { routing: [] }, { destination: [] }],
    udp,
  })
  const bench = new Bench()
  const results = fragmentPacket(bytes, [32, 40])
    .reverse()
    .map((piece) => bench.accept(piece))
  expect(results).toEqual(['held', 'held', 'completed'])
  expect(bench.whole()).toEqual(bytes)
  expect(bench.packet).toMatchObject({
    issue: ISSUE_NONE,
    protocol: 17,
    sourcePort: 53,
    largestFragment: 40 + 16 + 8 + 40,
  })
})

test('an atomic IPv6 fragment completes at once and loses its header', () => {
  const bench = new Bench()
  expect(bench.accept(fragmentPiece(whole.six, 0, 100, false))).toBe('completed')
  expect(bench.whole()).toEqual(whole.six)
})

test.each([
  ['TCP of 16 bytes', { protocol: 6, payload: new Uint8Array(40) }, 16, 'refused'],
  ['TCP of 24 bytes', { protocol: 6, payload: new Uint8Array(40) }, 24, 'held'],
  ['UDP of 8 bytes', { udp }, 8, 'held'],
  ['UDP behind options that fill the piece', { extensions: [{ destination: [] }], udp }, 8, 'refused'],
  [
    'UDP behind options that overrun the piece',
    { extensions: [{ destination: new Uint8Array(22) }], udp },
    16,
    'refused',
  ],
  [
    'anything of one byte',
    { extensions: [{ destination: [] }], protocol: 99, payload: new Uint8Array(40) },
    16,
    'held',
  ],
  ['no next header', { protocol: 59, payload: new Uint8Array(40) }, 8, 'held'],
] as [string, Partial<PacketPlan>, number, string][])(
  'IPv6: a first piece with %s',
  (_name, plan, length, expected) => {
    const bench = new Bench()
    expect(bench.accept(fragmentPiece(buildPacket({ ...six, ...plan }), 0, length, true))).toBe(expected)
    // What is refused is tracked by what it holds.
    if (expected === 'refused')
      expect(bench.packet).toMatchObject({ issue: ISSUE_NONE, moreFragments: false })
  },
)

test('IPv6: a refused first piece is decoded as it is, a refused later piece cannot be', () => {
  const first = new Bench()
  expect(first.pieces('six', '0 13+')).toEqual(['refused'])
  expect(first.packet).toMatchObject({
    issue: ISSUE_NONE,
    sourcePort: 53,
    udpLength: 100,
    transportLength: 13,
  })
  const later = new Bench()
  expect(later.pieces('six', '8 13+')).toEqual(['refused'])
  expect(later.packet.issue).toBe(ISSUE_FRAGMENT_REFUSED)
})

test('a Fragment header inside a reassembled datagram is not collected again', () => {
  const inner = buildPacket({ ...six, extensions: [{ fragment: { offset: 8, identification: 3 } }], udp })
  const bench = new Bench()
  // The cut is between the IPv6 header and the inner Fragment header.
  expect(fragmentPacket(inner, [56]).map((piece) => bench.accept(piece))).toEqual(['held', 'completed'])
  expect(bench.packet.issue).toBe(ISSUE_CHAIN)
})

// Each as Linux 6.18 does it.
test('half a Fragment header is dropped, but that of a first piece is walked past', () => {
  const bench = new Bench()
  const accept = (...bytes: number[]) => bench.accept(buildPacket({ ...six, protocol: 44, payload: bytes }))
  expect(accept(17, 0, 0)).toBe('empty')
  expect(accept(17, 0, 0, 8, 0)).toBe('empty')
  expect(accept(60, 0, 0, 0, 0)).toBe('empty')
  expect(accept(17, 0, 0, 0)).toBe('whole')
  expect(bench.packet).toMatchObject({ issue: ISSUE_NONE, protocol: 17, transportLength: 0 })
})

test('a Fragment header that would begin behind the packet is not looked for', () => {
  const bench = new Bench()
  const options = { destination: [1, 4, 0, 0, 0, 0], length: 200 }
  expect(bench.accept(buildPacket({ ...six, extensions: [options], protocol: 44, payload: [] }))).toBe(
    'whole',
  )
  expect(bench.packet.issue).toBe(ISSUE_CHAIN)
})

test.each(families)('IPv%s: pieces cut by the capture are put together by their lengths', (family) => {
  const bench = new Bench()
  const [first, second, third] = [
    fragmentPiece(whole[family], 0, 24, true),
    fragmentPiece(whole[family], 24, 40, true),
    fragmentPiece(whole[family], 64, 36, false),
  ]
  bench.accept(first!)
  bench.accept(second!, second!.length - 30)
  expect(bench.accept(third!)).toBe('completed')
  verifyChecksum(bench.packet)
  expect(bench.packet).toMatchObject({
    transportLength: 100,
    transportCaptured: 34,
    sourcePort: 53,
    checksum: 0,
  })
})

test('any train of pieces, memory is given back, and what completes is made of the pieces', () => {
  const piece = fc.record({
    offset: fc.nat(12).map((n) => n * 8),
    length: fc.oneof(
      fc.nat(5).map((n) => n * 8),
      fc.nat(40),
    ),
    more: fc.boolean(),
    id: fc.integer({ min: 1, max: 2 }),
    wait: fc.constantFrom(0, 0, 0, 5000),
  })
  fc.assert(
    fc.property(fc.constantFrom(...families), fc.array(piece, { maxLength: 30 }), (family, train) => {
      const bench = new Bench({ ipfragHighThresh: 20_000, frag6HighThresh: 20_000 })
      for (const { offset, length, more, id, wait } of train) {
        bench.now += wait
        const result = bench.accept(
          fragmentPiece(whole[family], offset, length, more, { identification: id }),
        )
        expect(bench.reassembler.charged).toBeLessThanOrEqual(22_000)
        if (result === 'completed') {
          const data = bench.packet.bytes.subarray(bench.packet.transportOffset, bench.packet.capturedEnd)
          const source = whole[family].subarray(whole[family].length - 100)
          const shared = Math.min(data.length, 100)
          expect(data.subarray(0, shared)).toEqual(source.subarray(0, shared))
        }
      }
      bench.reassembler.expire(bench.now + 60_000)
      expect(bench.reassembler).toMatchObject({ pending: 0, charged: 0 })
    }),
    { numRuns: 500 },
  )
})

test('IPv6 first pieces behind long chains of headers: the headers are charged as what they are', () => {
  const bench = new Bench()
  let kept = 0
  for (let identification = 0; identification < 200; identification++) {
    const piece = buildPacket({
      ...six,
      extensions: [
        ...Array.from({ length: 30 }, () => ({ destination: new Uint8Array(2046) })),
        { fragment: { more: true, identification } },
      ],
      udp: { ...udp, payload: new Uint8Array(88) },
    })
    if (bench.accept(piece) === 'held') kept += piece.length
  }
  expect(kept).toBeGreaterThan(1_000_000)
  expect(kept).toBeLessThan(2 * fragmentDefaults.frag6HighThresh)
})
