import { formatAddress } from '../../../src/live/packet-tuple.ts'
import { parseAddress } from '../../../src/packet/address.ts'
import type { Script } from './case.ts'
import { cutTo } from './datagram.ts'
import { cutPacket, type End, headerLength, type Network } from './network.ts'

/** Echo and every other type, with identifiers from a small pool. */
export function* icmpTraffic(network: Network): Script {
  const { random } = network
  const family = network.family()
  const pair = network.pair(family)
  const queries = family === 4 ? [8, 0, 13, 14, 15, 16, 17, 18] : [128, 129, 139, 140]
  for (;;) {
    const [from, to] = random.chance(0.6) ? pair : [pair[1], pair[0]]
    const type = random.weighted([
      [6, random.pick(queries.slice(0, 2))],
      [2, random.pick(queries)],
      [2, random.range(0, 255)],
      [family === 6 ? 2 : 0, random.pick([130, 133, 134, 135, 136, 137, 143, 151, 152])],
    ])
    const plan = {
      type,
      code: random.pick([0, 0, 0, 0, 5]),
      id: random.range(1, 2),
      sequence: random.range(1, 5),
      payload: random.bytes(random.pick([0, 0, 8, 40])),
      ...(random.chance(0.05) ? { checksum: 'bad' as const } : {}),
    }
    // Each also over the other family's protocol number, where it means nothing.
    const strange = random.chance(0.04)
    const step = network.packet(from, to, (family === 4) !== strange ? { icmp: plan } : { icmpv6: plan })
    yield random.chance(0.06) ? cutTo(network, step, [0, 1, 4, 7, 8]) : step
  }
}

const ERRORS4 = [3, 4, 5, 11, 12]
const ERRORS6 = [1, 2, 3, 4, 5, 100, 127]

/** Errors that quote packets seen before: right, addressed to others, cut, forged. */
export function* icmpErrors(network: Network): Script {
  const { random, recent } = network
  for (;;) {
    const quoted = recent.length > 0 ? random.pick(recent) : null
    const family = quoted ? (quoted[0]! >> 4 === 6 ? 6 : 4) : network.family()
    if (!quoted || quoted.length < (family === 6 ? 40 : 20)) {
      const [from, to] = network.pair(family)
      yield network.packet(from, to, { udp: { sourcePort: 31, destinationPort: 32, payload: [1] } })
      continue
    }
    const forged = random.chance(0.25) ? forge(network, quoted) : quoted
    const plan = {
      type: random.pick(family === 4 ? ERRORS4 : ERRORS6),
      code: random.range(0, 4),
      // An MTU that hurts nobody, should the stack believe it.
      rest: 1500,
      payload: cutQuote(network, forged, family),
      ...(random.chance(0.03) ? { checksum: 'bad' as const } : {}),
    }
    const [from, to] = route(network, quoted, family)
    yield network.packet(from, to, family === 4 ? { icmp: plan } : { icmpv6: plan })
  }
}

/** From somewhere behind the quoted packet's destination, to its source; now and then to somebody else. */
function route(network: Network, quoted: Uint8Array, family: 4 | 6): [End, End] {
  const { random } = network
  const address = (at: number, length: number) => formatAddress(quoted.subarray(at, at + length))
  const source = family === 4 ? address(12, 4) : address(8, 16)
  const target = random.chance(0.85) && routable(source) ? source : network.end('out', family).address
  const side = (text: string): End['side'] => (/^(10\.0\.2\.|fd00:2:)/.test(text) ? 'out' : 'in')
  const from = network.end(side(target) === 'out' ? 'in' : 'out', family)
  return [from, { side: side(target), address: target }]
}

function routable(text: string): boolean {
  return parseAddress(text) !== null && /^(10\.0\.[12]\.|fd00:[12]::)/.test(text)
}

function cutQuote(network: Network, packet: Uint8Array, family: 4 | 6): Uint8Array {
  const { random } = network
  const header = headerLength(packet)
  const length = random.pick([
    packet.length,
    header + 8,
    header + 8,
    header + 4,
    header + 20,
    header + 3,
    header,
  ])
  const most = family === 6 ? 1200 : 548
  if (random.chance(0.1)) return packet.subarray(0, random.range(0, 60))
  return packet.subarray(0, Math.min(length, most))
}

/** The quoted packet altered: other ports, protocol, addresses, fragment offset; reversed; an error itself. */
function forge(network: Network, packet: Uint8Array): Uint8Array {
  const { random } = network
  const bytes = packet.slice()
  const header = headerLength(bytes)
  const v6 = bytes[0]! >> 4 === 6
  switch (random.range(0, 5)) {
    case 0:
      bytes[Math.min(header + random.range(0, 3), bytes.length - 1)] = random.word()
      return bytes
    case 1:
      bytes[v6 ? 6 : 9] = random.pick([1, 2, 6, 17, 44, 47, 50, 58, 59, 132])
      return bytes
    case 2:
      bytes[v6 ? 23 : 15] = random.range(1, 4)
      return bytes
    case 3:
      if (v6) return bytes
      bytes.set(
        random.pick([
          [0x20, 0],
          [0, 1],
          [0x20, 5],
          [0x40, 0],
        ]),
        6,
      )
      return bytes
    case 4: {
      const [source, destination, size] = v6 ? [8, 24, 16] : [12, 16, 4]
      bytes.copyWithin(source, destination, destination + size)
      bytes.set(packet.subarray(source, source + size), destination)
      if (bytes.length >= header + 4) {
        bytes.copyWithin(header, header + 2, header + 4)
        bytes.set(packet.subarray(header, header + 2), header + 2)
      }
      return bytes
    }
    default:
      bytes[0] = random.pick([0x45, 0x46, 0x4f, 0x44, 0x60, 0x00])
      return bytes
  }
}

/** ICMPv6 redirects (type 137): the one error that the kernel looks at more closely. */
export function* redirects(network: Network): Script {
  const { random, recent } = network
  for (;;) {
    const [from, to] = network.pair(6)
    if (from.side === 'host') continue
    const quoted = recent.find((packet) => packet[0]! >> 4 === 6) ?? new Uint8Array(0)
    // Link-local sources are not forwarded, but the hook sees and judges them.
    const linkLocal = random.chance(0.7)
    const option = random.pick([
      [],
      [4, 0, 0, 0, 0, 0, 0, 0],
      [4, 1 + ((quoted.length + 7) >> 3), 0, 0, 0, 0, 0, 0, ...quoted],
      [2, 1, 0, 0, 0, 0, 0, 0],
    ])
    const payload = [...random.bytes(random.chance(0.9) ? 32 : 20), ...option]
    const step = network.packet(linkLocal ? { side: from.side, address: 'fe80::1' } : from, to, {
      ttl: random.chance(0.8) ? 255 : 64,
      icmpv6: { type: 137, code: random.pick([0, 0, 0, 1]), payload },
    })
    yield random.chance(0.1) ? network.raw(step.side, cutPacket(step.bytes, 40 + random.range(8, 48))) : step
  }
}
