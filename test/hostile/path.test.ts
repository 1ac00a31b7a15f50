import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, description, packet, section } from '../../src/capture/fixtures.ts'
import { buildPacket, type ExtensionPlan, type PacketPlan } from '../../src/packet/build.ts'
import { fragmentPiece } from '../../src/packet/build-fragments.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/packet/link-type.ts'
import type { PacketRecord } from '../../src/replay/record.ts'
import { runHostile } from './harness.ts'
import { corpus, inChunks, mutated, Random } from './mutate.ts'
import { anyCapture, anyOptions, framed, linkTypes, pcapOf } from './packets.ts'

const numRuns = 100
const whole = (length: number) => length

test('captures of bent packets: all that must hold does', async () => {
  await fc.assert(
    fc.asyncProperty(anyCapture, anyOptions, async (capture, options) => {
      await runHostile(capture, options)
    }),
    { numRuns },
  )
}, 60_000)

test('the tracker of Linux 2.4, captures of bent packets: all that must hold does', async () => {
  const limit = fc.constantFrom(0, 1, 2, 5, 65_536)
  await fc.assert(
    fc.asyncProperty(anyCapture, anyOptions, limit, async (capture, options, most) => {
      const sysctls = { 'net.ipv4.ip_conntrack_max': most }
      await runHostile(capture, { ...options, linux: '2.4', zone: 0, sysctls })
    }),
    { numRuns },
  )
}, 60_000)

test('random bytes as frames of every link type: each is told of', async () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...linkTypes), frames, async (linkType, list) => {
      const { packets } = await runHostile(pcapOf(linkType, list, whole))
      expect(packets).toBe(list.length)
    }),
    { numRuns },
  )
}, 60_000)

test('capture files with bent bytes, in chunks of any size: all that must hold does', async () => {
  const captures = corpus()
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyOptions, async (seed, options) => {
      const random = new Random(seed)
      await runHostile([{ name: 'bent', chunks: inChunks(mutated(captures, random), random) }], options)
    }),
    { numRuns },
  )
}, 60_000)

const plans: readonly [string, PacketPlan][] = (
  [
    ['10.0.0.1', '192.0.2.9'],
    ['2001:db8::1', '2001:db8::2'],
  ] as const
).flatMap(([source, destination]) => {
  const six = source.includes(':')
  const ends = { source, destination }
  const ports = { sourcePort: 1025, destinationPort: 80 }
  const payload = new Uint8Array(24).fill(0x2e)
  const list: [string, PacketPlan][] = [
    [
      'TCP',
      {
        ...ends,
        tcp: { ...ports, flags: 'S', options: [{ mss: 1460 }, 'sackPermitted', { windowScale: 7 }], payload },
      },
    ],
    ['UDP', { ...ends, udp: { ...ports, payload } }],
    ['UDP-Lite', { ...ends, udplite: { ...ports, payload, pseudoProtocol: 17 } }],
    [
      'SCTP',
      {
        ...ends,
        sctp: { ...ports, chunks: [{ type: 1, body: [0, 0, 0, 1, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1] }] },
      },
    ],
    ['GRE', { ...ends, gre: { payload } }],
    ['PPTP', { ...ends, gre: { version: 1, callId: 7, payload } }],
    ['ESP', { ...ends, protocol: 50, payload }],
    [
      'echo',
      six
        ? { ...ends, icmpv6: { type: 128, id: 1, payload } }
        : { ...ends, icmp: { type: 8, id: 1, payload } },
    ],
    [
      'extensions',
      six
        ? {
            ...ends,
            extensions: [{ hopByHop: [5, 2, 0, 0] }, { destination: payload }],
            udp: { ...ports, payload },
          }
        : { ...ends, ipOptions: [7, 7, 4, 0, 0, 0, 0], udp: { ...ports, payload } },
    ],
  ]
  return list.map(([name, plan]): [string, PacketPlan] => [`${name} over ${six ? 'IPv6' : 'IPv4'}`, plan])
})

/** Records of one packet of which the capture has only so many bytes, for each number of bytes. */
async function cutAtEveryByte(frame: Uint8Array, linkType: number): Promise<PacketRecord[]> {
  const records: PacketRecord[] = []
  for (let captured = frame.length; captured >= 0; captured--) {
    const result = await runHostile(pcapOf(linkType, [frame], () => captured))
    records.push(...result.records)
  }
  return records
}

describe('a snap length that cuts at every byte', () => {
  test.each(plans)('%s: what is missing is unknown, never INVALID', async (_, plan) => {
    const records = await cutAtEveryByte(framed(LINKTYPE_ETHERNET, buildPacket(plan)), LINKTYPE_ETHERNET)
    expect(records[0]).toMatchObject({ ctstate: 'NEW', reasons: [] })
    for (const { ctstate, verdict, reasons } of records) {
      expect([ctstate, verdict]).not.toContain('INVALID')
      expect(verdict).not.toBe('DROP')
      if (ctstate === null) expect(reasons[0]!.code).toMatch(/^(cut-|link-short)/)
    }
  })
})

/** Raw packets at these seconds since 1970, in pcapng with seconds as its unit. */
function atSeconds(seconds: readonly bigint[], plan: (index: number) => PacketPlan): Uint8Array {
  return concat(
    section(true),
    description(true, LINKTYPE_RAW, 0, [9, Uint8Array.of(0)]),
    ...seconds.map((second, index) => packet(true, 0, second, buildPacket(plan(index)))),
  )
}

const flow = (index: number): PacketPlan => ({
  source: '10.0.0.1',
  destination: '10.0.0.2',
  udp: { sourcePort: 1000 + (index % 50_000), destinationPort: 53 },
})

test.each([24, 250, 1200])(
  'time up to the end of the calendar at %i ticks a second: entries come and go',
  async (hz) => {
    const last = 8_640_000_000_000n
    const seconds = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 33n, 2n ** 42n]
    for (let back = 400n; back >= 0n; back -= 7n) seconds.push(last - back)
    seconds.push(last + 1n, 2n ** 63n, 2n ** 64n - 1n)
    for (const events of [true, false]) {
      const { packets, tracker } = await runHostile(atSeconds(seconds, flow), { hz, events })
      expect(packets).toBe(seconds.length)
      expect(tracker.clock.seconds).toBeGreaterThanOrEqual(Number(last))
    }
  },
)

test('time that runs backwards: counted, and the clock stands', async () => {
  const seconds = Array.from({ length: 100 }, (_, index) => BigInt(2_000_000_000 - index * 1000))
  const { tracker } = await runHostile(atSeconds(seconds, flow))
  expect(tracker.clock.backwards).toBe(99)
})

test('the longest timeouts, many entries due at once, and no listener: nothing goes round for ever', async () => {
  const sysctls = { nf_conntrack_udp_timeout: 8_589_934, nf_conntrack_generic_timeout: 1 }
  const seconds: bigint[] = []
  const plan = (index: number): PacketPlan =>
    index < 1000
      ? { source: '10.0.0.1', destination: `10.1.${index >> 8}.${index & 255}`, protocol: 50, payload: [] }
      : flow(index)
  for (let index = 0; index < 1000; index++) seconds.push(1_700_000_000n)
  for (let index = 0; index < 10; index++) seconds.push(1_700_100_000n + BigInt(index))
  for (const hz of [250, 1200]) {
    const { peak } = await runHostile(atSeconds(seconds, plan), { hz, sysctls, events: false })
    expect(peak).toBeGreaterThanOrEqual(1000)
  }
})

test.each([0, 1, 24, 28, 1000, 1_000_000])(
  '%i zeros as a capture: one problem, no packet',
  async (length) => {
    const { packets, problems } = await runHostile(new Uint8Array(length))
    expect(packets).toBe(0)
    expect(problems).toHaveLength(1)
  },
)

test('a capture whose records are all zeros: each frame is told of, or the file ends with a problem', async () => {
  for (const linkType of linkTypes) {
    const frames = Array.from({ length: 10 }, () => new Uint8Array(64))
    const { packets, records } = await runHostile(pcapOf(linkType, frames, whole))
    expect(packets).toBe(10)
    for (const { ctstate } of records) expect(ctstate).toBeNull()
  }
  const { problems } = await runHostile(concat(section(true), description(true, 1), new Uint8Array(4096)))
  expect(problems).toEqual(['bad-block'])
})

const chains: readonly [string, ExtensionPlan, number][] = [
  ['hop-by-hop', { hopByHop: [] }, 8000],
  ['destination options', { destination: [] }, 8000],
  ['routing', { routing: [] }, 8000],
  ['authentication', { authentication: new Uint8Array(8) }, 5000],
  ['fragment', { fragment: { identification: 1 } }, 8000],
]
test.each(chains)(
  'an IPv6 packet of nothing but %s headers: told of in no time',
  async (_, extension, times) => {
    const packetBytes = buildPacket({
      source: '2001:db8::1',
      destination: '2001:db8::2',
      extensions: Array<ExtensionPlan>(times).fill(extension),
      udp: { sourcePort: 1, destinationPort: 2 },
    })
    const start = performance.now()
    const { packets } = await runHostile(pcapOf(LINKTYPE_RAW, Array<Uint8Array>(20).fill(packetBytes), whole))
    expect(packets).toBe(20)
    expect(performance.now() - start).toBeLessThan(2000)
  },
)

test('a thousand VLAN tags within each other, and a stack of quoted errors: told of', async () => {
  let quoted = buildPacket(flow(0))
  for (let depth = 0; depth < 200; depth++)
    quoted = buildPacket({ source: '10.0.0.2', destination: '10.0.0.1', icmp: { type: 3, payload: quoted } })
  const frames = [framed(LINKTYPE_ETHERNET, quoted, 999), framed(LINKTYPE_ETHERNET, quoted, 0)]
  const { records } = await runHostile(pcapOf(LINKTYPE_ETHERNET, frames, whole))
  expect(records.map(({ ctstate }) => ctstate)).toEqual(['INVALID', 'INVALID'])
})

test('fragments that overlap in every way: the datagram is given up or put together, nothing is left', async () => {
  const datagram = (six: boolean) =>
    buildPacket({
      ...(six
        ? { source: '2001:db8::1', destination: '2001:db8::2' }
        : { source: '10.0.0.1', destination: '10.0.0.2' }),
      udp: { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(56) },
    })
  const pieces = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 70 }), fc.boolean()), {
    minLength: 2,
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(fc.boolean(), pieces, async (six, list) => {
      const packetBytes = datagram(six)
      const frames = list.map(([offset, length, more]) =>
        fragmentPiece(packetBytes, offset * 8, length, more, { identification: 5 }),
      )
      const { records } = await runHostile(pcapOf(LINKTYPE_RAW, frames, whole))
      for (const { verdict, reasons } of records)
        if (verdict === null) expect(reasons[0]!.code).toBe('fragment-held')
    }),
    { numRuns },
  )
}, 60_000)
