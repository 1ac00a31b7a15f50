import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { buildPacket, type ExtensionPlan, type PacketPlan } from './build.ts'
import { fragmentPacket } from './build-fragments.ts'
import { bsdLoopback, ethernet, linuxCooked, linuxCooked2, nflog } from './build-link.ts'
import { decodeFrame, decodeNetwork, WIRE_END_UNKNOWN } from './decode.ts'
import { type HeaderCheck, OffloadedHeaders } from './header-check.ts'
import {
  BAD_HEADER_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_HOP_BY_HOP,
  BAD_TOTAL_LENGTH,
  BAD_VERSION,
  DIRECTION_INCOMING,
  DIRECTION_OUTGOING,
  ISSUE_CHAIN,
  ISSUE_FRAGMENT,
  ISSUE_LINK_SHORT,
  ISSUE_LINK_TYPE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  ISSUE_NOT_IP,
  Packet,
} from './packet.ts'

const four = { source: '10.0.0.2', destination: '192.0.2.9' }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }
const udp = { sourcePort: 53, destinationPort: 9999, payload: 'hello' }
const tcp = {
  sourcePort: 40000,
  destinationPort: 80,
  flags: 'SA',
  sequence: 0xfffffff0,
  acknowledgment: 7,
  window: 512,
  options: [{ mss: 1460 }],
  payload: 'hi',
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A packet that still holds an ICMPv6 fragment from an NFLOG capture, so that a field the decoder forgets shows. */
function used(): Packet {
  const packet = new Packet()
  const extensions: ExtensionPlan[] = [{ fragment: { more: true, identification: 99 } }]
  const bytes = buildPacket({ ...six, ttl: 9, tos: 9, extensions, icmpv6: { type: 99, code: 99, id: 99 } })
  const frame = nflog(bytes, { hook: 3, mark: 9, inInterface: 9, outInterface: 9, prefix: 'x' })
  decodeFrame(packet, viewOf(frame), frame, 0, frame.length, frame.length, 239)
  packet.largestFragment = 99
  packet.checksum = 1
  return packet
}

function decode(frame: Uint8Array, linkType: number, captured = frame.length, wire = frame.length): Packet {
  const packet = used()
  decodeFrame(packet, viewOf(frame), frame, 0, captured, wire, linkType)
  return packet
}

const raw = (plan: PacketPlan) => decode(buildPacket(plan), 101)
const ends = (packet: Packet) => [packet.sourcePort, packet.destinationPort]

test('TCP over Ethernet and IPv4 fills every field', () => {
  const bytes = buildPacket({ ...four, ttl: 63, tos: 0x12, identification: 77, dontFragment: true, tcp })
  const packet = decode(ethernet(bytes, { minimum: 80 }), 1)
  const { bytes: _bytes, view: _view, ...fields } = packet
  expect(fields).toMatchObject({
    ...{
      issue: ISSUE_NONE,
      linkType: 1,
      etherType: 0x800,
      hook: -1,
      mark: 0,
      inInterface: 0,
      nflogPrefix: '',
    },
    ...{ networkOffset: 14, transportOffset: 34, capturedEnd: 14 + bytes.length, family: 2 },
    ...{ source0: 0x0a000002, source1: 0, source2: 0, source3: 0 },
    ...{ destination0: 0xc0000209 | 0, destination1: 0, destination2: 0, destination3: 0 },
    ...{ protocol: 6, length: bytes.length, ttl: 63, tos: 0x12, identification: 77, fragmentOffset: 0 },
    ...{
      moreFragments: false,
      dontFragment: true,
      largestFragment: 0,
      transportLength: 26,
      transportCaptured: 26,
    },
    ...{ sourcePort: 40000, destinationPort: 80, icmpType: 0, icmpCode: 0, icmpId: 0, tcpFlags: 0x12 },
    ...{ sequence: -16, acknowledgment: 7, window: 512, tcpHeaderLength: 24, udpLength: 0, checksum: 0 },
  })
})

test('UDP over IPv6 fills every field', () => {
  const packet = raw({ ...six, ttl: 5, tos: 0xab, udp })
  expect(packet).toMatchObject({
    ...{
      issue: ISSUE_NONE,
      family: 10,
      source0: 0x20010db8,
      source1: 0,
      source2: 0,
      source3: 1,
      destination3: 9,
    },
    ...{
      protocol: 17,
      length: 53,
      ttl: 5,
      tos: 0xab,
      identification: 0,
      transportLength: 13,
      transportOffset: 40,
    },
    ...{ sourcePort: 53, destinationPort: 9999, udpLength: 13, tcpFlags: 0, sequence: 0, tcpHeaderLength: 0 },
    ...{ hook: -1, mark: 0, dontFragment: false, moreFragments: false, icmpType: 0 },
  })
})

test('ICMP and ICMPv6 fill type, code and id', () => {
  expect(raw({ ...four, icmp: { type: 8, code: 1, id: 0xbeef } })).toMatchObject({
    ...{ icmpType: 8, icmpCode: 1, icmpId: 0xbeef, sourcePort: 0, destinationPort: 0 },
  })
  expect(raw({ ...six, icmpv6: { type: 129, id: 5 } })).toMatchObject({
    protocol: 58,
    icmpType: 129,
    icmpId: 5,
  })
})

test.each([
  ['Ethernet', 1, (packet: Uint8Array) => ethernet(packet)],
  ['802.1Q', 1, (packet: Uint8Array) => ethernet(packet, { vlans: [7] })],
  [
    'QinQ',
    1,
    (packet: Uint8Array) =>
      ethernet(packet, { vlans: [{ type: 0x88a8, id: 1 }, { type: 0x9100, id: 2 }, 3] }),
  ],
  ['raw', 101, (packet: Uint8Array) => packet],
  ['raw 12', 12, (packet: Uint8Array) => packet],
  ['raw 14', 14, (packet: Uint8Array) => packet],
  ['cooked', 113, (packet: Uint8Array) => linuxCooked(packet)],
  ['cooked v2', 276, (packet: Uint8Array) => linuxCooked2(packet)],
  ['null, big-endian', 0, (packet: Uint8Array) => bsdLoopback(packet)],
  ['null, little-endian', 0, (packet: Uint8Array) => bsdLoopback(packet, { littleEndian: true })],
  ['loop', 108, (packet: Uint8Array) => bsdLoopback(packet)],
  ['NFLOG, little-endian', 239, (packet: Uint8Array) => nflog(packet)],
  ['NFLOG, big-endian', 239, (packet: Uint8Array) => nflog(packet, { littleEndian: false, prefix: 'a' })],
])('%s carries both families, and ends nowhere it should not', (_name, linkType, frame) => {
  for (const plan of [four, six]) {
    const bytes = frame(buildPacket({ ...plan, udp }))
    const packet = decode(bytes, linkType)
    expect(packet.issue).toBe(ISSUE_NONE)
    expect(packet.udpLength).toBe(13)
    for (let cut = 0; cut < bytes.length; cut++) {
      const { issue, transportCaptured } = decode(bytes, linkType, cut, bytes.length)
      const known = cut < packet.networkOffset ? ISSUE_LINK_SHORT : ISSUE_NETWORK_CUT
      if (cut < packet.transportOffset) expect([known, ISSUE_NETWORK_CUT, ISSUE_LINK_SHORT]).toContain(issue)
      else expect(transportCaptured).toBe(Math.min(cut - packet.transportOffset, 13))
    }
  }
})

test('IPv4 and IPv6 link types refuse the other family', () => {
  expect(decode(buildPacket({ ...four, udp }), 228).issue).toBe(ISSUE_NONE)
  expect(decode(buildPacket({ ...six, udp }), 229).issue).toBe(ISSUE_NONE)
  expect(decode(buildPacket({ ...six, udp }), 228)).toMatchObject({
    issue: ISSUE_NETWORK_BAD,
    issueDetail: BAD_VERSION,
  })
  expect(decode(buildPacket({ ...four, udp }), 229)).toMatchObject({ issue: ISSUE_NETWORK_BAD, family: 10 })
})

test('cooked captures tell the direction, Ethernet keeps what the caller knew', () => {
  const bytes = buildPacket({ ...four, udp })
  expect(decode(linuxCooked(bytes, { packetType: 4 }), 113).direction).toBe(DIRECTION_OUTGOING)
  expect(decode(linuxCooked(bytes, { packetType: 3 }), 113).direction).toBe(DIRECTION_INCOMING)
  const out = decode(linuxCooked2(bytes, { packetType: 4, interfaceIndex: 8 }), 276)
  expect(out).toMatchObject({ direction: DIRECTION_OUTGOING, inInterface: 0, outInterface: 8 })
  const frame = ethernet(bytes)
  decodeFrame(out, viewOf(frame), frame, 0, frame.length, frame.length, 1)
  expect(out).toMatchObject({ direction: DIRECTION_OUTGOING, inInterface: 0, outInterface: 0 })
})

test('NFLOG names hook, mark, interfaces and prefix', () => {
  const bytes = buildPacket({ ...four, udp })
  for (const littleEndian of [true, false]) {
    const options = {
      hook: 2,
      mark: 0x12345678,
      inInterface: 3,
      outInterface: 4,
      prefix: 'drop: ',
      littleEndian,
    }
    expect(decode(nflog(bytes, options), 239)).toMatchObject({
      ...{ hook: 2, mark: 0x12345678, inInterface: 3, outInterface: 4, nflogPrefix: 'drop: ', udpLength: 13 },
    })
  }
  expect(decode(nflog(bytes), 239)).toMatchObject({ hook: 0, mark: 0, inInterface: 0, nflogPrefix: '' })
})

test('NFLOG that copied only a part of the packet is cut, not malformed', () => {
  const bytes = buildPacket({ ...four, tcp })
  const packet = decode(nflog(bytes.subarray(0, 42)), 239)
  expect(packet).toMatchObject({ issue: ISSUE_NONE, length: 46, transportLength: 26, transportCaptured: 22 })
})

test('what is not IP says what it is', () => {
  const arp = new Uint8Array(28)
  expect(decode(ethernet(arp, { etherType: 0x806 }), 1)).toMatchObject({
    issue: ISSUE_NOT_IP,
    etherType: 0x806,
    family: 0,
  })
  expect(decode(ethernet(arp, { etherType: 38 }), 1)).toMatchObject({ issue: ISSUE_NOT_IP, etherType: 0 })
  expect(decode(bsdLoopback(arp, { family: 7 }), 0)).toMatchObject({ issue: ISSUE_NOT_IP, etherType: 0 })
  expect(decode(arp, 105)).toMatchObject({ issue: ISSUE_LINK_TYPE, linkType: 105, sourcePort: 0 })
})

test.each([
  ['version 5', { version: 5 }, BAD_VERSION, 5, 4],
  ['header length 16', { headerLength: 16 }, BAD_HEADER_LENGTH, 16, 33],
  ['header length beyond the packet', { headerLength: 60 }, BAD_HEADER_LENGTH, 60, 33],
  ['total length beyond the wire', { totalLength: 34 }, BAD_TOTAL_LENGTH, 34, 33],
  ['total length below the header', { totalLength: 19 }, BAD_TOTAL_LENGTH, 19, 20],
  ['wrong header checksum', { headerChecksum: 0 }, BAD_HEADER_CHECKSUM, 0, 0xaec1],
])('IPv4 with %s is bad', (_name, override, detail, found, expected) => {
  const packet = decode(buildPacket({ ...four, udp, ...override }), 228)
  expect(packet).toMatchObject({ issue: ISSUE_NETWORK_BAD, issueDetail: detail, issueFound: found })
  expect(packet.issueExpected).toBe(expected)
  expect(packet).toMatchObject({
    family: 2,
    transportLength: 0,
    transportCaptured: 0,
    sourcePort: 0,
    tcpFlags: 0,
  })
})

test('a header checksum is left alone on request, options and all', () => {
  for (const ipOptions of [[], [1, 1, 1, 1]]) {
    const bytes = buildPacket({ ...four, ipOptions, headerChecksum: 0x1111, udp })
    const packet = used()
    decodeNetwork(packet, viewOf(bytes), bytes, 0, bytes.length, bytes.length)
    expect(packet.issueDetail).toBe(BAD_HEADER_CHECKSUM)
    decodeNetwork(packet, viewOf(bytes), bytes, 0, bytes.length, bytes.length, false)
    expect(packet).toMatchObject({ issue: ISSUE_NONE, udpLength: 13, transportOffset: 20 + ipOptions.length })
  }
})

test('a header checksum of 0 is taken for one that the network card fills in, and counted; another wrong one is not', () => {
  for (const transport of [{ udp }, { tcp: { sourcePort: 1, destinationPort: 2, flags: 'S' } }]) {
    for (const ipOptions of [[], [1, 1, 1, 1]]) {
      const decoded = (headerChecksum: number | undefined, check: HeaderCheck) => {
        const made = headerChecksum === undefined ? {} : { headerChecksum }
        const bytes = buildPacket({ ...four, ipOptions, ...made, ...transport })
        const packet = used()
        decodeNetwork(packet, viewOf(bytes), bytes, 0, bytes.length, bytes.length, check)
        return packet.issue
      }
      const offloaded = new OffloadedHeaders()
      expect(decoded(undefined, offloaded)).toBe(ISSUE_NONE)
      expect(decoded(0x1111, offloaded)).toBe(ISSUE_NETWORK_BAD)
      expect(offloaded.packets).toBe(0)
      expect(decoded(0, offloaded)).toBe(ISSUE_NONE)
      expect(offloaded.packets).toBe(1)
      expect([decoded(0, true), decoded(0, false)]).toEqual([ISSUE_NETWORK_BAD, ISSUE_NONE])
    }
  }
})

test('IPv6 payload length 0 without a jumbo option: the length of a frame too long for the field, else nothing behind the header', () => {
  const decoded = (payload: number, captured = 40 + 20 + payload) => {
    const bytes = buildPacket({ ...six, tcp: { ...tcp, options: [], payload: new Uint8Array(payload) } })
    bytes.fill(0, 4, 6)
    const packet = used()
    decodeNetwork(packet, viewOf(bytes), bytes, 0, captured, bytes.length)
    return packet
  }
  const long = { issue: ISSUE_NONE, length: 65_576, transportLength: 65_536, destinationPort: 80 }
  expect(decoded(65_516)).toMatchObject({ ...long, transportCaptured: 65_536 })
  expect(decoded(65_516, 96)).toMatchObject({ ...long, transportCaptured: 56 })
  expect(decoded(65_515)).toMatchObject({ length: 40, transportLength: 0 })
  expect(decoded(6)).toMatchObject({ length: 40, transportLength: 0 })
})

test('IPv4 total length 0 is taken from the frame', () => {
  const bytes = buildPacket({ ...four, totalLength: 0, udp })
  expect(decode(bytes, 101)).toMatchObject({ issue: ISSUE_NONE, length: 33, transportLength: 13 })
  expect(decode(bytes, 101, 33, 9000)).toMatchObject({
    issue: ISSUE_NONE,
    length: 9000,
    transportCaptured: 13,
  })
  expect(decode(bytes, 101, 24, 33)).toMatchObject({ length: 33, transportLength: 13, transportCaptured: 4 })
})

test('a runt on the wire is bad, the same bytes of a longer frame are cut', () => {
  const bytes = buildPacket({ ...four, udp })
  expect(decode(bytes.subarray(0, 12), 228)).toMatchObject({
    issue: ISSUE_NETWORK_BAD,
    issueDetail: BAD_HEADER_LENGTH,
  })
  expect(decode(bytes.subarray(0, 12), 228, 12, 33)).toMatchObject({
    issue: ISSUE_NETWORK_CUT,
    issueFound: 12,
  })
  expect(decode(bytes.subarray(0, 0), 101)).toMatchObject({ issue: ISSUE_NETWORK_BAD })
  expect(decode(bytes.subarray(0, 0), 101, 0, 5)).toMatchObject({ issue: ISSUE_NETWORK_CUT })
})

test('a capture cut inside IPv4 options keeps the addresses', () => {
  const bytes = buildPacket({ ...four, ipOptions: [1, 1, 1, 1], udp })
  const packet = decode(bytes, 101, 22, bytes.length)
  expect(packet).toMatchObject({ issue: ISSUE_NETWORK_CUT, source0: 0x0a000002, protocol: 17, sourcePort: 0 })
})

test('a short TCP header gives what there is of it', () => {
  const bytes = buildPacket({ ...four, tcp })
  expect(decode(bytes, 101, 34, bytes.length)).toMatchObject({
    ...{
      sourcePort: 40000,
      sequence: -16,
      acknowledgment: 7,
      tcpHeaderLength: 24,
      tcpFlags: 0x12,
      window: 0,
    },
    ...{ transportCaptured: 14, transportLength: 26 },
  })
  expect(raw({ ...four, protocol: 6, payload: [1, 2, 3] })).toMatchObject({
    issue: ISSUE_NONE,
    sourcePort: 0,
  })
})

test('pieces of a datagram are fragments with their place, the first with its ports', () => {
  const pieces = fragmentPacket(buildPacket({ ...four, identification: 5, udp }), [8])
  expect(decode(pieces[0]!, 101)).toMatchObject({
    ...{ issue: ISSUE_FRAGMENT, fragmentOffset: 0, moreFragments: true, identification: 5, sourcePort: 53 },
  })
  expect(decode(pieces[1]!, 101)).toMatchObject({
    ...{ issue: ISSUE_FRAGMENT, fragmentOffset: 8, moreFragments: false, sourcePort: 0, transportLength: 5 },
  })
  const pieces6 = fragmentPacket(buildPacket({ ...six, extensions: [{ hopByHop: [] }], udp }), [8], {
    identification: -2,
  })
  expect(decode(pieces6[0]!, 101)).toMatchObject({
    ...{
      issue: ISSUE_FRAGMENT,
      fragmentOffset: 0,
      moreFragments: true,
      identification: -2,
      sourcePort: 53,
      protocol: 17,
    },
  })
  expect(decode(pieces6[1]!, 101)).toMatchObject({
    ...{ issue: ISSUE_FRAGMENT, fragmentOffset: 8, moreFragments: false, sourcePort: 0, transportOffset: 56 },
  })
})

test('IPv6 extension headers are walked to the transport header', () => {
  const extensions: ExtensionPlan[] = [
    { hopByHop: [5, 2, 0, 0] },
    { routing: new Uint8Array(20) },
    { destination: [] },
    { authentication: new Uint8Array(20) },
    { destination: new Uint8Array(30).fill(1) },
  ]
  expect(ends(raw({ ...six, extensions, udp }))).toEqual([53, 9999])
})

test.each([
  ['no next header', { ...six, protocol: 59 }],
  ['no next header behind options', { ...six, protocol: 59, extensions: [{ destination: [] }] }],
  ['a destination header of one byte', { ...six, protocol: 60, payload: [6] }],
  [
    'a header that overruns into another',
    { ...six, protocol: 60, extensions: [{ destination: [], length: 9 }] },
  ],
])('IPv6 chain with %s leads nowhere', (_name, plan) => {
  expect(raw(plan).issue).toBe(ISSUE_CHAIN)
})

test('a header that overruns the packet in front of UDP leaves no transport bytes', () => {
  const packet = raw({ ...six, extensions: [{ destination: [], length: 9 }], udp })
  expect(packet).toMatchObject({
    issue: ISSUE_NONE,
    protocol: 17,
    transportLength: 0,
    transportCaptured: 0,
    sourcePort: 0,
  })
})

test('a cut IPv6 chain is cut, not malformed', () => {
  const bytes = buildPacket({ ...six, extensions: [{ destination: [] }, { routing: [] }], udp })
  expect(decode(bytes, 101, 49, bytes.length)).toMatchObject({ issue: ISSUE_NETWORK_CUT, source3: 1 })
})

test.each([
  ['eight bytes of padding', [1, 6, 0, 0, 0, 0, 0, 0]],
  ['padding that is not zero', [1, 2, 0, 7, 1, 0]],
  ['an option that overruns', [0x3e, 9]],
  ['an unknown option that must be understood', [0x7e, 0]],
  ['router alert of a wrong length', [5, 1, 0]],
  ['more than eight options', Array.from({ length: 18 }, (_, i) => (i & 1 ? 0 : 0x3e))],
  ['a jumbo option beside a payload length', [0xc2, 4, 0, 1, 0, 0]],
])('a hop-by-hop header with %s is bad', (_name, options) => {
  expect(raw({ ...six, extensions: [{ hopByHop: options }], udp })).toMatchObject({
    ...{ issue: ISSUE_NETWORK_BAD, issueDetail: BAD_HOP_BY_HOP },
  })
})

test('a hop-by-hop header longer than the packet is bad', () => {
  expect(raw({ ...six, protocol: 17, extensions: [{ hopByHop: [], length: 3 }] }).issueDetail).toBe(
    BAD_HOP_BY_HOP,
  )
})

test('a jumbogram has the length of its option', () => {
  const plan = { ...six, payloadLength: 0, extensions: [{ hopByHop: [0xc2, 4, 0, 1, 0x11, 0x70] }] }
  const bytes = buildPacket({ ...plan, udp: { ...udp, payload: new Uint8Array(70_000 - 16) } })
  expect(decode(bytes, 101)).toMatchObject({
    issue: ISSUE_NONE,
    length: 70_040,
    transportLength: 69_992,
    udpLength: 69_992 & 0xffff,
  })
})

test('IPv6 payload length beyond the wire is bad, beyond the capture only cut', () => {
  const bytes = buildPacket({ ...six, udp })
  expect(decode(bytes.subarray(0, 50), 101)).toMatchObject({
    issue: ISSUE_NETWORK_BAD,
    issueDetail: BAD_TOTAL_LENGTH,
  })
  expect(decode(bytes, 101, 50, 53)).toMatchObject({
    issue: ISSUE_NONE,
    transportLength: 13,
    transportCaptured: 10,
  })
})

const anyPort = fc.nat(65_535)
const anyBytes = fc.uint8Array({ maxLength: 40 })
const anyWord = fc.integer()

test('build then decode gives back what was asked for', () => {
  const plan = fc.record({
    addresses: fc.constantFrom(four, six),
    ttl: fc.nat(255),
    tos: fc.nat(255),
    ports: fc.tuple(anyPort, anyPort),
    flags: fc.nat(255),
    words: fc.tuple(anyWord, anyWord),
    window: anyPort,
    options: anyBytes,
    payload: anyBytes,
  })
  fc.assert(
    fc.property(plan, ({ addresses, ports, words, options, payload, ...rest }) => {
      const packet = raw({
        ...addresses,
        ...rest,
        tcp: {
          ...rest,
          sourcePort: ports[0],
          destinationPort: ports[1],
          sequence: words[0],
          acknowledgment: words[1],
          options,
          payload,
        },
      })
      const headerLength = 20 + ((options.length + 3) & ~3)
      expect(packet).toMatchObject({
        ...{
          issue: ISSUE_NONE,
          ttl: rest.ttl,
          tos: rest.tos,
          sourcePort: ports[0],
          destinationPort: ports[1],
        },
        ...{ sequence: words[0], acknowledgment: words[1], tcpFlags: rest.flags, window: rest.window },
        ...{ tcpHeaderLength: headerLength, transportLength: headerLength + payload.length },
      })
      const { family, source0, source1, source2, source3 } = packet
      expect(formatAddress(family, source0, source1, source2, source3)).toBe(addresses.source)
    }),
  )
})

/** Bytes that begin like a packet often enough to get far, for every link type. */
const hostile = fc
  .tuple(
    fc.constantFrom(four, six),
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }),
  )
  .map(([addresses, payload, edits]) => {
    const bytes = buildPacket({ ...addresses, protocol: payload[0] ?? 0, payload })
    for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
    return bytes
  })

test('any bytes, decoding stays inside them and never throws', () => {
  const linkType = fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 239, 276, 999)
  const frame = fc.oneof(fc.uint8Array({ maxLength: 120 }), hostile)
  fc.assert(
    fc.property(
      frame,
      linkType,
      fc.nat(30),
      fc.nat(300),
      fc.constantFrom(true, false, new OffloadedHeaders()),
      (bytes, type, margin, more, verify) => {
        // The frame stands inside a larger chunk; a view that ends with it would throw on any overrun.
        const chunk = new Uint8Array(margin + bytes.length)
        chunk.set(bytes, margin)
        const packet = used()
        decodeFrame(packet, viewOf(chunk), chunk, margin, chunk.length, bytes.length + more, type, verify)
        expect(packet.networkOffset).toBeGreaterThanOrEqual(margin)
        expect(packet.transportOffset).toBeGreaterThanOrEqual(packet.networkOffset)
        expect(packet.capturedEnd).toBeLessThanOrEqual(chunk.length)
        expect(packet.transportOffset).toBeLessThanOrEqual(packet.capturedEnd)
        expect(packet.transportOffset + packet.transportCaptured).toBeLessThanOrEqual(packet.capturedEnd)
        expect(packet.transportCaptured).toBeGreaterThanOrEqual(0)
        expect(packet.transportCaptured).toBeLessThanOrEqual(packet.transportLength)
        decodeNetwork(packet, viewOf(chunk), chunk, margin, chunk.length, WIRE_END_UNKNOWN)
        expect(packet.transportCaptured).toBeLessThanOrEqual(packet.transportLength)
      },
    ),
    { numRuns: 3000 },
  )
})
