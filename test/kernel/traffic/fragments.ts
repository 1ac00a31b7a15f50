import { buildPacket, type PacketPlan } from '../../../src/packet/build.ts'
import { fragmentPiece } from '../../../src/packet/build-fragments.ts'
import type { Script } from './case.ts'
import { type End, headerLength, type Network } from './network.ts'

interface Piece {
  offset: number
  length: number
  more: boolean
  ecn: number
}

/**
 * Datagrams in pieces: in and out of order, doubled, overlapping, with holes and wrong ends. Hosts are drawn
 * from many and identifications at random, so that pieces left over never meet those of another case.
 */
export function* fragmentTraffic(network: Network): Script {
  const { random } = network
  for (;;) {
    const family = network.family()
    const side = random.pick(['in', 'out'] as const)
    const source = network.farEnd(side, family)
    const destination = network.farEnd(side === 'in' ? 'out' : 'in', family)
    const packet = datagram(network, source, destination)
    const identification = family === 4 ? random.word() & 0xffff : random.word()
    for (const { offset, length, more, ecn } of train(network, packet.length - headerLength(packet))) {
      const bytes = fragmentPiece(packet, offset, length, more, { identification })
      setEcn(bytes, ecn)
      yield { kind: 'packet', side: random.chance(0.9) ? side : 'in', bytes }
    }
    // The flow has an entry now (or not): a whole packet tells.
    if (packet.length <= 1400 && random.chance(0.3)) yield { kind: 'packet', side, bytes: packet }
  }
}

/** A packet worth cutting. */
function datagram(network: Network, source: End, destination: End): Uint8Array {
  const { random } = network
  const payload = random.bytes(random.pick([16, 40, 100, 400, 1200, 3000]))
  const ports = { sourcePort: random.range(1, 65_535), destinationPort: random.range(1, 2) }
  const echo = { id: 1, payload }
  const v6 = source.address.includes(':')
  const body = random.weighted<Partial<PacketPlan>>([
    [5, { udp: { ...ports, payload, ...(random.chance(0.1) ? { checksum: 'bad' as const } : {}) } }],
    [2, { tcp: { ...ports, flags: random.pick(['S', 'A']), payload } }],
    [2, v6 ? { icmpv6: { type: 128, ...echo } } : { icmp: { type: 8, ...echo } }],
    [1, { protocol: 50, payload }],
  ])
  return buildPacket({ source: source.address, destination: destination.address, ...body })
}

/** Cuts `total` bytes into pieces, then does something to them. */
function train(network: Network, total: number): Piece[] {
  const { random } = network
  const ecn = random.range(0, 3)
  const pieces: Piece[] = []
  for (let at = 0; at < total; ) {
    const length = Math.min(random.pick([8, 16, 80, 400, 800, 1200]), total - at)
    pieces.push({ offset: at, length, more: at + length < total, ecn })
    at += length
    if (pieces.length > 6 && at < total && total - at <= 1300) {
      pieces.push({ offset: at, length: total - at, more: false, ecn })
      break
    }
  }
  if (random.chance(0.5)) random.shuffle(pieces)
  if (random.chance(0.5)) return pieces
  const any = random.pick(pieces)
  const last = pieces.find((piece) => !piece.more)!
  const insert = (piece: Piece) => pieces.splice(random.range(0, pieces.length), 0, piece)
  switch (random.range(0, 11)) {
    case 0:
      pieces.splice(pieces.indexOf(any), 1)
      break
    case 1:
      insert({ ...any })
      break
    case 2:
      insert({ ...any, offset: any.offset + 8 })
      break
    case 3:
      insert({ ...any, length: any.length + 8 })
      break
    case 4:
      insert({ ...any, length: Math.max(8, any.length - 8), more: true })
      break
    case 5:
      insert({ ...last, length: last.length + random.pick([-8, 8, 1]) })
      break
    case 6:
      any.length = Math.max(1, any.length - random.range(1, 7))
      break
    case 7:
      insert({ ...any, length: 0 })
      break
    case 8:
      any.ecn = random.range(0, 3)
      break
    case 9:
      insert({ offset: total + 8, length: 8, more: true, ecn })
      break
    case 10:
      insert({
        offset: random.pick([65_528, 65_520]),
        length: random.pick([8, 16]),
        more: random.chance(0.5),
        ecn,
      })
      break
    default:
      // Everything once more with the same identification: a retransmission.
      return [...pieces, ...pieces.map((piece) => ({ ...piece }))]
  }
  return pieces.filter((piece) => piece.length >= 0)
}

function setEcn(packet: Uint8Array, ecn: number): void {
  if (packet[0]! >> 4 === 6) {
    packet[1] = (packet[1]! & 0x0f) | (ecn << 4)
    return
  }
  // Byte 1 stands in the sum's first word, so the checksum moves by the difference (RFC 1624).
  const view = new DataView(packet.buffer, packet.byteOffset)
  const sum = (~view.getUint16(10) & 0xffff) + (ecn - packet[1]!)
  packet[1] = ecn
  view.setUint16(10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff)
}
