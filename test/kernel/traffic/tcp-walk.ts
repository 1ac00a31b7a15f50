import type { TcpOptionPlan } from '../../../src/packet/build-transport.ts'
import type { PacketStep, Script } from './case.ts'
import { cutPacket, headerLength, type Network } from './network.ts'
import type { Random } from './random.ts'
import { type SegmentPlan, TcpFlow } from './tcp-flow.ts'

const FLAGS: readonly (readonly [number, string])[] = [
  [14, 'S'],
  [14, 'SA'],
  [34, 'A'],
  [10, 'PA'],
  [14, 'FA'],
  [10, 'R'],
  [6, 'RA'],
  [1, 'SU'],
  [1, 'AU'],
  [1, 'FAU'],
  [1, 'SAE'],
  [1, ''],
  [1, 'F'],
  [1, 'SF'],
  [1, 'SR'],
  [1, 'FUP'],
  [1, 'RU'],
  [1, 'SAU'],
]

const LENGTHS = [0, 0, 0, 1, 10, 100, 1000]
const WINDOWS = [65_535, 8192, 1000, 500, 1, 0]

/** Segments at random around what the tracker remembers, with `legitimate` the share that is not aimed. */
export function* tcpWalk(network: Network, legitimate: number): Script {
  const flow = new TcpFlow(network)
  const { random } = network
  let before: SegmentPlan | null = null
  for (;;) {
    const plan: SegmentPlan = before && random.chance(0.08) ? before : wildSegment(flow, legitimate)
    before = plan
    yield disturb(network, sendWild(flow, plan))
    if (random.chance(0.02)) flow.restart()
  }
}

export function sendWild(flow: TcpFlow, plan: SegmentPlan): PacketStep {
  const segment = flow.complete(plan)
  // Whoever sent something plausible goes on from there; the rest are strays.
  if (plan.sequence === undefined && !plan.flags.includes('R')) flow.advance(segment)
  return flow.emit(segment)
}

/** One segment; numbers not given are those of a well-behaved end. */
export function wildSegment(flow: TcpFlow, legitimate: number): SegmentPlan {
  const { random, guess } = flow
  const direction = random.chance(0.5) ? 0 : 1
  const flags = random.weighted(FLAGS)
  const length = flags.includes('S') && random.chance(0.95) ? 0 : random.pick(LENGTHS)
  const taken = length + (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0)
  const nudge = () => random.pick([0, 0, 0, 1, -1, 1, -1, 2, -2])
  const sequence = random.chance(legitimate)
    ? undefined
    : random.chance(0.04)
      ? random.pick([random.word(), 0])
      : (random.pick(guess.sequences(direction, taken)) + nudge()) | 0
  const acknowledgment = random.chance(legitimate)
    ? undefined
    : random.chance(0.04)
      ? random.word()
      : (random.pick(guess.acknowledgments(direction)) + nudge()) | 0
  return {
    direction,
    flags,
    length,
    ...(sequence === undefined ? {} : { sequence }),
    ...(acknowledgment === undefined ? {} : { acknowledgment }),
    ...(random.chance(0.3) ? { window: random.pick(WINDOWS) } : {}),
    ...(random.chance(0.1) ? { options: wildOptions(flow, direction) } : {}),
  }
}

/** Options right and wrong: SACK blocks near the other side's end, lengths that lie. */
function wildOptions(flow: TcpFlow, direction: 0 | 1): TcpOptionPlan[] {
  const { random } = flow
  const edge = () => (random.pick(flow.guess.acknowledgments(direction)) + random.range(-2, 2)) | 0
  const sack = { sack: Array.from({ length: random.range(0, 3) }, () => [edge(), edge()] as const) }
  return random.pick<TcpOptionPlan[]>([
    [],
    ['nop', 'nop', sack],
    [{ raw: [1, 1, 8, 10] }, sack],
    [{ windowScale: random.range(0, 255) }],
    ['sackPermitted', { windowScale: 1 }],
    [{ raw: [3, 3] }],
    [{ raw: [3, 0, 7] }],
    [{ raw: [0, 3, 3, 7] }],
    [{ raw: [3, 4, 7, 7] }],
    [{ raw: [4, 3, 0, 0] }],
    [{ raw: [5, 9, 1, 2, 3, 4, 5, 6, 7] }],
    [{ raw: [5, 2, 5, 10, ...edgeBytes(edge()), ...edgeBytes(edge())] }],
    [{ raw: random.bytes(random.range(1, 40)) }],
  ])
}

function edgeBytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

/** Now and then a packet is cut short. */
export function disturb(network: Network, step: PacketStep): PacketStep {
  const { random } = network
  if (!random.chance(0.004)) return step
  return network.raw(step.side, cutSomewhere(random, step.bytes))
}

export function cutSomewhere(random: Random, packet: Uint8Array): Uint8Array {
  const header = headerLength(packet)
  return cutPacket(
    packet,
    header + random.pick([0, 1, 3, 4, 7, 8, 11, 12, 19, 20, packet.length - header - 1]),
  )
}
