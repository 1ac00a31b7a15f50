import { buildPacket } from '../../../src/packet/build.ts'
import { fragmentPiece } from '../../../src/packet/build-fragments.ts'
import type { Script } from './case.ts'
import type { Network } from './network.ts'
import { type SegmentPlan, TcpFlow } from './tcp-flow.ts'
import { sendWild } from './tcp-walk.ts'

const OPEN: SegmentPlan[] = [
  { direction: 0, flags: 'S' },
  { direction: 1, flags: 'SA' },
  { direction: 0, flags: 'A' },
]

function openFlow(network: Network, port: number): TcpFlow {
  const flow = new TcpFlow(network, [port, 80])
  flow.noise = false
  for (const state of flow.states) Object.assign(state, { window: 65_535, scale: null })
  return flow
}

/** What chance seldom brings about, on purpose. */
export function* rareTcp(network: Network): Script {
  const { random } = network
  for (let port = 30_000; port < 30_020; port++) {
    // A stray SYN in LAST_ACK, and the challenge ACK that must not count as the last one (RFC 5961, 4.2).
    const flow = openFlow(network, port)
    const first = random.chance(0.5) ? 0 : 1
    const second = first === 0 ? 1 : 0
    const close: SegmentPlan[] = [
      { direction: first, flags: 'FA' },
      { direction: second, flags: 'A' },
      { direction: second, flags: 'FA' },
    ]
    for (const plan of [...OPEN, ...close]) yield sendWild(flow, plan)
    yield sendWild(flow, { direction: 0, flags: 'S', sequence: random.word() })
    yield sendWild(flow, { direction: 1, flags: 'A' })
    yield sendWild(flow, { direction: random.chance(0.5) ? 0 : 1, flags: 'A' })
  }
  for (let port = 30_100; port < 30_130; port++) {
    // A FIN or RST out of window, answered by another: the lifetime goes down (nf_tcp_handle_invalid).
    const flow = openFlow(network, port)
    for (const plan of OPEN) yield sendWild(flow, plan)
    for (let i = random.range(2, 4); i > 0; i--) {
      const direction = random.chance(0.5) ? 0 : 1
      const sequence = (flow.states[direction].next + random.pick([200_000, 200_000, -200_000])) | 0
      yield sendWild(flow, { direction, flags: random.pick(['FA', 'R', 'RA', 'A']), sequence })
    }
  }
}

/** IPv4 datagrams at the edge of 65,535 bytes, and pieces with just so many of other datagrams between them. */
export function* rareFragments(network: Network): Script {
  const { random } = network
  const side = 'in'
  for (const excess of [0, 8, -8]) {
    const [source, destination] = [network.farEnd('in', 4), network.farEnd('out', 4)]
    const identification = random.word() & 0xffff
    const ends = { source: source.address, destination: destination.address }
    const packet = buildPacket({ ...ends, identification, protocol: 50, payload: new Uint8Array(8) })
    const total = 65_515 + excess
    const step = 16_384
    for (let at = 0; at < total; at += step) {
      const length = Math.min(step, total - at)
      const bytes = fragmentPiece(packet, at, length, at + length < total, { identification })
      yield { kind: 'packet', side, bytes }
    }
  }
  for (const between of [62, 63, 64, 65]) {
    const [source, destination] = [network.farEnd('in', 4), network.farEnd('out', 4)]
    const ends = { source: source.address, destination: destination.address }
    const packet = buildPacket({
      ...ends,
      udp: { sourcePort: 1, destinationPort: 2, payload: random.bytes(40) },
    })
    const first = random.word() & 0xffff
    const piece = (identification: number, at: number, more: boolean) =>
      fragmentPiece(packet, at, 24, more, { identification: identification & 0xffff })
    yield { kind: 'packet', side, bytes: piece(first, 0, true) }
    for (let i = 1; i <= between; i++) yield { kind: 'packet', side, bytes: piece(first + i, 0, true) }
    yield { kind: 'packet', side, bytes: piece(first, 24, false) }
    yield { kind: 'packet', side, bytes: piece(first, 0, true) }
  }
}
