/** Hostile packets, frames and captures for fast-check: right ones with something bent, from few flows so that they meet. */
import fc from 'fast-check'
import { concat, description, packet as packetBlock, section } from '../../src/capture/fixtures.ts'
import { pcapHeader, pcapRecord } from '../../src/capture/pcap-writer.ts'
import { buildPacket, type ExtensionPlan, type PacketPlan } from '../../src/packet/build.ts'
import { fragmentPiece } from '../../src/packet/build-fragments.ts'
import { bsdLoopback, ethernet, linuxCooked, linuxCooked2, nflog } from '../../src/packet/build-link.ts'
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NFLOG,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  LINKTYPE_RAW_12,
  LINKTYPE_RAW_14,
} from '../../src/packet/link-type.ts'

export const linkTypes = [
  LINKTYPE_NULL,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW_12,
  LINKTYPE_RAW_14,
  LINKTYPE_RAW,
  LINKTYPE_LOOP,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_NFLOG,
  LINKTYPE_LINUX_SLL2,
  // One that nobody knows.
  147,
] as const

/** Mostly absent, so that most packets have one lie at the most. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 9 })
/** Leaves out what is undefined, as the plans want it. */
const given = <T extends object>(plan: T) =>
  Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const port = fc.constantFrom(20, 21, 69, 80, 1025, 40_000, 0, 65_535)
const sequence = fc.oneof(
  fc.constantFrom(0, 1, 1000, 1001, 5000, 5001, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.nat({ max: 0xffff_ffff }),
)
const text = (...lines: string[]) => fc.constantFrom(...lines).map((line) => new TextEncoder().encode(line))
const payload = fc.oneof(
  { arbitrary: bytes(40), weight: 4 },
  {
    arbitrary: text(
      'PORT 10,0,0,1,4,1\r\n',
      'PORT 256,0,0,1,4,99999\r\n',
      'EPRT |2|2001:db8::1|1025|\r\n',
      `EPRT |1|10.0.0.1|${'9'.repeat(80)}|\r\n`,
      '227 Entering Passive Mode (10,0,0,2,4,1)\r\n',
      '229 Entering Extended Passive Mode (|||1025|)\r\n',
      '229 (',
      'USER a\r\nPORT 10,',
      '\u0000\u0001name\u0000octet\u0000',
    ),
    weight: 2,
  },
)

const tcpFlags = fc.oneof(
  { arbitrary: fc.constantFrom('S', 'SA', 'A', 'PA', 'FA', 'RA', 'R'), weight: 4 },
  { arbitrary: fc.nat({ max: 255 }), weight: 1 },
)
const tcpOptions = fc.oneof(
  { arbitrary: fc.constant(new Uint8Array(0)), weight: 3 },
  { arbitrary: fc.uint8Array({ maxLength: 40 }), weight: 1 },
  {
    // Kinds that are read, with lengths that lie.
    arbitrary: fc
      .array(
        fc.tuple(fc.constantFrom(0, 1, 2, 3, 4, 5, 8), fc.constantFrom(0, 1, 2, 3, 4, 10, 18, 34, 255)),
        {
          maxLength: 10,
        },
      )
      .map((list) => Uint8Array.from(list.flat())),
    weight: 1,
  },
)

const tcp = fc
  .record({
    sourcePort: port,
    destinationPort: port,
    flags: tcpFlags,
    sequence,
    acknowledgment: sequence,
    window: fc.constantFrom(0, 1, 1000, 65_535),
    options: tcpOptions,
    payload,
    dataOffset: seldom(fc.nat({ max: 15 })),
    checksum: seldom(fc.oneof(fc.constant('bad' as const), fc.nat({ max: 65_535 }))),
  })
  .map((plan) => ({ tcp: given(plan) }))
const udp = fc
  .record({
    sourcePort: port,
    destinationPort: port,
    payload,
    length: seldom(fc.nat({ max: 65_535 })),
    checksum: seldom(fc.oneof(fc.constant('bad' as const), fc.nat({ max: 65_535 }))),
  })
  .map((plan) => ({ udp: given(plan) }))
const udplite = fc
  .record({ sourcePort: port, destinationPort: port, payload, coverage: seldom(fc.nat({ max: 65_535 })) })
  .map((plan) => ({ udplite: given(plan) }))
const sctp = fc
  .record({
    sourcePort: port,
    destinationPort: port,
    vtag: fc.constantFrom(0, 1, 2),
    chunks: fc.array(
      fc
        .record({
          type: fc.oneof(fc.nat({ max: 14 }), fc.nat({ max: 255 })),
          flags: fc.nat({ max: 3 }),
          body: bytes(24),
          length: seldom(fc.nat({ max: 65_535 })),
        })
        .map(given),
      { maxLength: 5 },
    ),
  })
  .map((plan) => ({ sctp: plan }))
const gre = fc
  .record({
    version: fc.nat({ max: 7 }),
    callId: fc.nat({ max: 2 }),
    protocol: seldom(fc.nat({ max: 65_535 })),
  })
  .map((plan) => ({ gre: given(plan) }))
const other = fc.record({
  protocol: fc.oneof(
    fc.nat({ max: 255 }),
    fc.constantFrom(0, 1, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 136),
  ),
  payload: bytes(40),
})
const echo = fc.record({
  type: fc.oneof(fc.constantFrom(0, 8, 13, 14, 128, 129, 133, 136, 137), fc.nat({ max: 255 })),
  code: fc.nat({ max: 2 }),
  id: fc.nat({ max: 2 }),
  payload: bytes(20),
})

const extension: fc.Arbitrary<ExtensionPlan> = fc.oneof(
  fc.record({ hopByHop: bytes(20), length: seldom(fc.nat({ max: 255 })) }).map(given),
  fc.record({ destination: bytes(20), length: seldom(fc.nat({ max: 255 })) }).map(given),
  fc
    .record({ routing: bytes(20), segmentsLeft: fc.nat({ max: 3 }), length: seldom(fc.nat({ max: 255 })) })
    .map(given),
  fc.record({
    fragment: fc.record({
      offset: fc.constantFrom(0, 8, 16, 65_528),
      more: fc.boolean(),
      identification: fc.nat({ max: 3 }),
    }),
  }),
  fc.record({ authentication: bytes(16), length: seldom(fc.nat({ max: 255 })) }).map(given),
  fc.record({ protocol: fc.constantFrom(0, 43, 44, 51, 59, 60, 135, 139), raw: bytes(16) }),
)
/** Up to a chain that goes on and on. */
const extensions = fc.oneof(
  { arbitrary: fc.constant<ExtensionPlan[]>([]), weight: 6 },
  { arbitrary: fc.array(extension, { maxLength: 4 }), weight: 3 },
  {
    arbitrary: fc
      .tuple(extension, fc.constantFrom(10, 100, 1000))
      .map(([one, times]) => Array<ExtensionPlan>(times).fill(one)),
    weight: 1,
  },
)

const addresses = {
  4: ['10.0.0.1', '10.0.0.2', '192.0.2.9', '0.0.0.0', '255.255.255.255'],
  6: ['2001:db8::1', '2001:db8::2', 'fe80::1', 'ff02::1', '::'],
} as const

function plans(version: 4 | 6, depth: number): fc.Arbitrary<Uint8Array> {
  const address = fc.constantFrom(...addresses[version])
  const error = (inner: fc.Arbitrary<Uint8Array>) =>
    fc.record({
      type: fc.constantFrom(3, 4, 5, 11, 12, 1, 2, 137),
      code: fc.nat({ max: 5 }),
      payload: fc.tuple(inner, fc.nat({ max: 120 })).map(([whole, cut]) => whole.subarray(0, cut)),
    })
  const icmpPlan =
    depth > 0 ? fc.oneof(echo, error(fc.oneof(plans(4, depth - 1), plans(6, depth - 1)))) : echo
  const transport: fc.Arbitrary<Partial<PacketPlan>> = fc.oneof(
    { arbitrary: tcp, weight: 6 },
    { arbitrary: udp, weight: 3 },
    { arbitrary: icmpPlan.map((plan) => (version === 4 ? { icmp: plan } : { icmpv6: plan })), weight: 3 },
    { arbitrary: fc.oneof(udplite, sctp, gre, other), weight: 3 },
  )
  const common = { source: address, destination: address, ttl: seldom(fc.nat({ max: 255 })) }
  const network: fc.Arbitrary<object> =
    version === 4
      ? fc
          .record({
            ...common,
            version: seldom(fc.nat({ max: 15 })),
            identification: fc.nat({ max: 3 }),
            moreFragments: seldom(fc.boolean()),
            fragmentOffset: seldom(fc.constantFrom(8, 16, 24, 65_528)),
            ipOptions: seldom(bytes(40)),
            headerLength: seldom(fc.constantFrom(0, 4, 16, 24, 60)),
            totalLength: seldom(fc.nat({ max: 65_535 })),
            headerChecksum: seldom(fc.nat({ max: 65_535 })),
          })
          .map(given)
      : fc
          .record({
            ...common,
            version: seldom(fc.nat({ max: 15 })),
            extensions,
            payloadLength: seldom(fc.nat({ max: 65_535 })),
          })
          .map(given)
  return fc.tuple(network, transport).map(([first, last]) => buildPacket({ ...first, ...last } as PacketPlan))
}

/** A raw IP packet of either version with a lie in it here and there. */
export const anyPacket: fc.Arbitrary<Uint8Array> = fc.oneof(plans(4, 2), plans(6, 2))

/** A piece of a packet, wherever it may lie. */
const anyPiece = fc
  .tuple(anyPacket, fc.nat({ max: 12 }), fc.nat({ max: 80 }), fc.boolean(), fc.nat({ max: 2 }))
  .filter(([whole]) => whole.length >= 40 && (whole[0]! >> 4 === 6 || (whole[0]! & 15) >= 5))
  .map(([whole, offset, length, more, identification]) => {
    try {
      return fragmentPiece(whole, offset * 8, length, more, { identification })
    } catch {
      // The packet's own headers lie too much to be cut.
      return whole
    }
  })

export interface Bent {
  readonly edits: readonly (readonly [position: number, value: number])[]
  /** Bytes that are kept, of 1,000. */
  readonly kept: number
}
const bent: fc.Arbitrary<Bent> = fc.record({
  edits: fc.array(
    fc.tuple(fc.nat({ max: 0xffff }), fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 255, 128))),
    {
      maxLength: 4,
    },
  ),
  kept: fc.oneof(
    { arbitrary: fc.constant(1000), weight: 4 },
    { arbitrary: fc.nat({ max: 1000 }), weight: 1 },
  ),
})
function bend(whole: Uint8Array, { edits, kept }: Bent): Uint8Array {
  const copy = whole.slice(0, Math.ceil((whole.length * kept) / 1000))
  // Headers are where it hurts: most edits go to the first bytes.
  for (const [position, value] of edits)
    if (copy.length > 0) copy[position % Math.min(copy.length, 120)] = value
  return copy
}

export function framed(linkType: number, packet: Uint8Array, variant = 0): Uint8Array {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return ethernet(packet, {
        vlans: variant % 4 === 3 ? Array<number>(variant).fill(7) : [],
        minimum: variant % 2 === 0 ? 60 : 0,
      })
    case LINKTYPE_LINUX_SLL:
      return linuxCooked(packet, { packetType: variant % 5 })
    case LINKTYPE_LINUX_SLL2:
      return linuxCooked2(packet, { packetType: variant % 5, interfaceIndex: variant })
    case LINKTYPE_NULL:
      return bsdLoopback(packet, { littleEndian: variant % 2 === 0 })
    case LINKTYPE_LOOP:
      return bsdLoopback(packet)
    case LINKTYPE_NFLOG:
      return nflog(packet, {
        prefix: 'p'.repeat(variant),
        hook: variant % 7,
        littleEndian: variant % 2 === 0,
      })
    default:
      return packet
  }
}

export interface HostileFrame {
  readonly link: number
  readonly bytes: Uint8Array
  /** Of the original length, beyond the bytes. */
  readonly cut: number
  /** Seconds since the frame before, in millionths. */
  readonly wait: number
  readonly direction: number
}

/** Mostly small steps; also back in time, past timeouts, and beyond what 32 bits of seconds hold. */
const wait = fc.oneof(
  { arbitrary: fc.nat({ max: 2_000_000 }), weight: 6 },
  { arbitrary: fc.constantFrom(-1, -1_000_000, -3_600_000_000), weight: 1 },
  { arbitrary: fc.constantFrom(31e6, 121e6, 3_600e6, 432_001e6, 31_622_400e6), weight: 1 },
  { arbitrary: fc.constantFrom(2 ** 31 * 1e6, 2 ** 32 * 1e6), weight: 1 },
)

export const anyFrame: fc.Arbitrary<HostileFrame> = fc
  .record({
    link: fc.nat({ max: linkTypes.length - 1 }),
    packet: fc.oneof(
      { arbitrary: anyPacket, weight: 6 },
      { arbitrary: anyPiece, weight: 2 },
      { arbitrary: bytes(200), weight: 1 },
      { arbitrary: fc.nat({ max: 100 }).map((length) => new Uint8Array(length)), weight: 1 },
    ),
    variant: fc.nat({ max: 20 }),
    bent: fc.oneof(
      { arbitrary: fc.constant<Bent>({ edits: [], kept: 1000 }), weight: 1 },
      { arbitrary: bent, weight: 1 },
    ),
    cut: fc.oneof(
      { arbitrary: fc.constant(0), weight: 4 },
      { arbitrary: fc.nat({ max: 70_000 }), weight: 1 },
    ),
    wait,
    direction: fc.nat({ max: 2 }),
  })
  .map(({ link, packet, variant, bent: how, ...rest }) => ({
    link,
    bytes: bend(framed(linkTypes[link]!, packet, variant), how),
    ...rest,
  }))

/** A pcapng capture with an interface for each link type, some of them with clocks of their own kind. */
export function capturesOf(frames: fc.Arbitrary<HostileFrame[]>): fc.Arbitrary<Uint8Array> {
  const resolution = fc.constantFrom(6, 9, 0, 3, 15, 19, 0x80 | 10, 0x80 | 33, 0x80 | 63, 127)
  const offset = fc.constantFrom(0n, 0n, 1n << 31n, -(1n << 32n), 1n << 40n, -(1n << 62n), (1n << 63n) - 1n)
  return fc
    .tuple(frames, fc.boolean(), fc.array(resolution, { minLength: 3, maxLength: 3 }), offset)
    .map(([list, little, resolutions, timeOffset]) => {
      const blocks = [section(little)]
      linkTypes.forEach((linkType, index) => {
        const own = index % 4 === 3
        const eight = new DataView(new ArrayBuffer(8))
        eight.setBigInt64(0, timeOffset, little)
        blocks.push(
          description(
            little,
            linkType,
            0,
            [9, Uint8Array.of(own ? resolutions[(index >> 2) % 3]! : 6)],
            ...(own ? [[14, new Uint8Array(eight.buffer)] as [number, Uint8Array]] : []),
          ),
        )
      })
      let stamp = 1_700_000_000_000_000n
      for (const { link, bytes: data, cut, wait: step, direction } of list) {
        stamp += BigInt(step)
        const flags = new Uint8Array(little ? [direction, 0, 0, 0] : [0, 0, 0, direction])
        const head = new DataView(new ArrayBuffer(4))
        head.setUint16(0, 2, little)
        head.setUint16(2, 4, little)
        const option = concat(new Uint8Array(head.buffer), flags)
        blocks.push(
          packetBlock(little, link, stamp, data, data.length + cut, ...(direction > 0 ? [option] : [])),
        )
      }
      return concat(...blocks)
    })
}

export const anyCapture = capturesOf(fc.array(anyFrame, { minLength: 1, maxLength: 40 }))

/** A classic pcap file of frames of one link type, one second apart. */
export function pcapOf(
  linkType: number,
  frames: readonly Uint8Array[],
  cut: (length: number) => number,
): Uint8Array {
  const format = { precision: 'micro', byteOrder: 'little' } as const
  return concat(
    pcapHeader(format, linkType),
    ...frames.map((frame, index) =>
      pcapRecord(format, {
        seconds: 1_700_000_000 + index,
        nanoseconds: 0,
        bytes: frame,
        start: 0,
        end: Math.min(frame.length, cut(frame.length)),
        originalLength: frame.length,
      }),
    ),
  )
}

/** How a tracker may be set up. */
export const anyOptions = fc.record({
  hz: fc.constantFrom(24, 100, 250, 1000, 1200),
  checksums: fc.constantFrom('verify' as const, 'auto' as const, 'ignore' as const),
  zone: fc.constantFrom(0, 1, 65_535),
  helpers: fc.boolean(),
  events: fc.boolean(),
  sysctls: fc.oneof(
    fc.constant({}),
    fc
      .record({
        max: fc.constantFrom(0, 1, 2, 5, 262_144),
        acct: fc.nat({ max: 1 }),
        timestamp: fc.nat({ max: 1 }),
        tcp_loose: fc.nat({ max: 1 }),
        tcp_be_liberal: fc.nat({ max: 1 }),
        expect_max: fc.constantFrom(1, 4096),
        tcp_timeout_established: fc.constantFrom(0, 1, 432_000, 8_589_934),
        udp_timeout: fc.constantFrom(0, 1, 30, 8_589_934),
        generic_timeout: fc.constantFrom(0, 600, 8_589_934),
      })
      .map((values) =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [`nf_conntrack_${name}`, value])),
      ),
  ),
})
