import { formatAddress } from '../../../src/live/packet-tuple.ts'
import type { PacketPlan } from '../../../src/packet/build.ts'
import { buildPacket } from '../../../src/packet/build.ts'
import type { PacketStep, Script } from './case.ts'
import { cutPacket, type End, type Family, headerLength, type Network } from './network.ts'

/** Where the payload of the next script goes: two ends, and sometimes the wrong way round. */
function endpoints(network: Network, family: Family) {
  const pair = network.pair(family)
  return () => {
    const [from, to] = network.random.chance(0.6) ? [pair[0], pair[1]] : [pair[1], pair[0]]
    return { from, to, forward: from === pair[0] }
  }
}

/** UDP: right, short, with lengths and checksums that lie or are missing. */
export function* udpTraffic(network: Network): Script {
  const { random } = network
  const next = endpoints(network, network.family())
  const ports = [random.pick([53, 1000, 69]), random.pick([53, 1000])] as const
  for (;;) {
    const { from, to, forward } = next()
    const payload = random.bytes(random.pick([0, 0, 1, 8, 100]))
    const step = network.packet(from, to, {
      udp: {
        sourcePort: ports[forward ? 0 : 1],
        destinationPort: ports[forward ? 1 : 0],
        payload,
        ...(random.chance(0.06) ? { length: random.pick([0, 7, 8, payload.length + 9, 65_535]) } : {}),
        ...(random.chance(0.1) ? { checksum: random.pick([0, 'bad'] as const) } : {}),
      },
    })
    yield random.chance(0.06) ? cutTo(network, step, [0, 3, 4, 6, 7, 8, 9]) : step
  }
}

/** UDP-Lite: mostly with the pseudo header that the kernel takes as right on input. */
export function* udpliteTraffic(network: Network): Script {
  const { random } = network
  const next = endpoints(network, network.family())
  for (;;) {
    const { from, to, forward } = next()
    const payload = random.bytes(random.pick([0, 1, 20]))
    const step = network.packet(from, to, {
      udplite: {
        sourcePort: forward ? 5 : 6,
        destinationPort: forward ? 6 : 5,
        payload,
        coverage: random.pick([0, 0, 0, 8, 8 + payload.length, 9 + payload.length, 7, 1]),
        ...(random.chance(0.8) ? { pseudoProtocol: 17 } : {}),
        ...(random.chance(0.1) ? { checksum: random.pick([0, 'bad'] as const) } : {}),
      },
    })
    yield random.chance(0.06) ? cutTo(network, step, [3, 4, 7, 8]) : step
  }
}

/** Shortens a packet to one of the transport lengths given. */
export function cutTo(network: Network, step: PacketStep, lengths: readonly number[]): PacketStep {
  const length = headerLength(step.bytes) + network.random.pick(lengths)
  return network.raw(step.side, cutPacket(step.bytes, length))
}

const OTHER_PROTOCOLS = [0, 2, 3, 4, 33, 41, 50, 51, 89, 103, 115, 253, 255]

/** Protocols without a tracker of their own, and GRE in both versions. */
export function* otherTraffic(network: Network): Script {
  const { random } = network
  const family = network.family()
  const next = endpoints(network, family)
  // Over IPv6 these three are extension headers, and 41 or 4 to the host itself would be unpacked.
  const choices = OTHER_PROTOCOLS.filter((protocol) => family === 4 || (protocol !== 0 && protocol !== 51))
  const protocol = random.pick(choices)
  const gre = random.chance(0.5)
  for (;;) {
    const { from, to } = next()
    const payload = random.bytes(random.pick([0, 1, 3, 4, 8, 40]))
    if (!gre) {
      yield network.packet(from, to, { protocol, payload })
      continue
    }
    const version = random.pick([0, 1, 1])
    const step = network.packet(from, to, {
      gre: {
        version,
        callId: random.range(1, 2),
        payload,
        ...(version === 0 && random.chance(0.3) ? { key: 7 } : {}),
        ...(random.chance(0.1) ? { protocol: 0x0800 } : {}),
      },
    })
    yield random.chance(0.1) ? cutTo(network, step, [0, 2, 3, 4, 6, 7]) : step
  }
}

/** IPv4 headers that the stack refuses before any hook, and options that it lets pass. */
export function* headerTraffic(network: Network): Script {
  const { random } = network
  for (;;) {
    const [from, to] = network.pair(4)
    // What the host sends itself is completed by the stack, so these only come from outside.
    if (from.side === 'host') continue
    const udp = { sourcePort: 9, destinationPort: random.range(1, 3), payload: [1, 2, 3] }
    const plan = random.pick<Partial<PacketPlan>>([
      { headerChecksum: random.word() & 0xffff },
      // A total length of 0 is left out: the kernel drops it, but captures have it where segmentation was offloaded.
      { totalLength: random.pick([10, 19, 27, 200, 65_535]) },
      { headerLength: random.pick([0, 16, 24, 60]) },
      { ipOptions: [1, 1, 1, 0] },
      { ipOptions: [1, 1, 1, 1, 1, 1, 1, 0] },
      { tos: random.range(0, 255), ttl: random.range(2, 255), dontFragment: true },
      { protocol: random.pick([6, 17, 58, 132, 136]) },
    ])
    const bytes = buildPacket({ source: from.address, destination: to.address, udp, ...plan })
    yield network.raw(from.side, random.chance(0.2) ? padded(bytes) : bytes)
  }
}

/** Link padding behind the packet: not part of it. */
function padded(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 10)
  longer.set(bytes)
  return longer
}

/** IPv6 extension headers, right and cut short, in front of UDP, TCP and nothing. */
export function* extensionTraffic(network: Network): Script {
  const { random } = network
  const next = endpoints(network, 6)
  for (;;) {
    const { from, to, forward } = next()
    const extensions = Array.from({ length: random.range(1, 3) }, () =>
      random.pick([
        { destination: new Uint8Array(random.pick([4, 6, 14])) },
        { destination: [1, 4, 0, 0, 0, 0], length: random.pick([0, 1, 200]) },
        { authentication: new Uint8Array(random.pick([8, 12, 20])) },
        { authentication: new Uint8Array(12), length: random.pick([0, 1, 4, 100]) },
        { routing: new Uint8Array(random.pick([4, 20])), type: random.pick([0, 2, 4]), segmentsLeft: 0 },
        { fragment: { identification: random.word() } },
      ]),
    )
    // A malformed one only from outside: the stack does not read what the host itself sends.
    const hopByHop = random.chance(0.2)
      ? [
          random.chance(0.8) || from.side === 'host'
            ? { hopByHop: [1, 4, 0, 0, 0, 0] }
            : { hopByHop: [1, 4, 0, 0, 0, 0], length: 77 },
        ]
      : []
    const ports = { sourcePort: forward ? 11 : 12, destinationPort: forward ? 12 : 11 }
    const step = network.packet(from, to, {
      extensions: [...hopByHop, ...extensions],
      ...random.weighted<Partial<PacketPlan>>([
        [4, { udp: { ...ports, payload: [1, 2, 3] } }],
        [2, { tcp: { ...ports, flags: 'S' } }],
        [1, { protocol: 59, payload: [] }],
        [1, { protocol: 59, payload: [1, 2, 3, 4, 5, 6, 7, 8] }],
        [1, { protocol: 50, payload: [1, 2, 3, 4] }],
      ]),
    })
    // What the host sends is not read by the stack as closely as what comes in.
    const cut = from.side !== 'host' && random.chance(0.15)
    yield cut ? network.raw(step.side, cutPacket(step.bytes, 40 + random.range(0, 40))) : step
  }
}

/** Bytes changed at random in packets seen before. */
export function* mutatedTraffic(network: Network): Script {
  const { random, recent } = network
  for (;;) {
    const [from] = network.pair(network.family())
    const packet = recent.length > 0 ? random.pick(recent) : null
    // A packet of the host itself would be a martian from outside: judged, then dropped by routing.
    if (!packet || from.side === 'host' || isFromHost(packet)) {
      yield* oneFiller(network)
      continue
    }
    const bytes = packet.slice()
    const header = headerLength(bytes)
    for (let i = random.range(1, 3); i > 0 && bytes.length > header; i--) {
      bytes[random.range(header, bytes.length - 1)] = random.word()
    }
    yield network.raw(from.side, bytes)
  }
}

function isFromHost(packet: Uint8Array): boolean {
  const source = packet[0]! >> 4 === 6 ? packet.subarray(8, 24) : packet.subarray(12, 16)
  return /^(10\.0\.[12]\.1|fd00:[12]::1)$/.test(formatAddress(source))
}

function* oneFiller(network: Network): Script {
  const [from, to]: [End, End] = network.pair(4)
  yield network.packet(from, to, { udp: { sourcePort: 21, destinationPort: 22, payload: [1] } })
}
