import type { PacketStep, Script } from './case.ts'
import type { Network } from './network.ts'
import { type SegmentPlan, TcpFlow } from './tcp-flow.ts'
import { disturb, sendWild, wildSegment } from './tcp-walk.ts'

type Plans = Generator<SegmentPlan, void, undefined>

/** A connection from its opening to its close, over a line that loses, repeats and swaps. */
export function* tcpConversation(network: Network, ports?: readonly [number, number]): Script {
  const flow = new TcpFlow(network, ports)
  const { random } = network
  const noise = random.pick([0, 0, 0.05, 0.15, 0.3])
  const rounds = random.range(1, 3)
  for (let i = 0; i < rounds; i++) {
    yield* line(flow, life(flow), noise)
    if (random.chance(0.8)) flow.restart()
  }
}

function* life(flow: TcpFlow): Plans {
  const { random } = flow
  yield* random.weighted<() => Plans>([
    [12, () => open(flow)],
    [2, () => simultaneousOpen(flow)],
    [1, () => halfOpen(flow)],
    [1, () => refused(flow)],
    [2, () => pickUp(flow)],
  ])()
  const exchanges = random.range(0, 8)
  for (let i = 0; i < exchanges; i++) yield* exchange(flow)
  yield* random.weighted<() => Plans>([
    [4, () => close(flow, random.chance(0.5) ? 0 : 1)],
    [2, () => closeAtOnce(flow)],
    [3, () => reset(flow)],
    [2, () => restartBehindItsBack(flow)],
    [2, nothing],
  ])()
}

function* nothing(): Plans {}

function* open({ random }: TcpFlow): Plans {
  for (let i = random.pick([0, 0, 0, 1, 2]); i >= 0; i--) yield { direction: 0, flags: 'S', ...again(i) }
  yield { direction: 1, flags: 'SA' }
  yield { direction: 0, flags: 'A' }
}

// A retransmission to come: the sender's next number stays where it is.
function again(left: number): { sequence?: number } {
  return left > 0 ? STAY : {}
}
const STAY = { sequence: Number.NaN }

function* simultaneousOpen({ random }: TcpFlow): Plans {
  yield { direction: 0, flags: 'S' }
  yield { direction: 1, flags: 'S' }
  if (random.chance(0.7)) {
    yield { direction: 0, flags: 'SA', sequence: Number.NEGATIVE_INFINITY }
    yield { direction: 1, flags: 'SA', sequence: Number.NEGATIVE_INFINITY }
  }
  yield { direction: 0, flags: 'A' }
  yield { direction: 1, flags: 'A' }
}

function* halfOpen({ random }: TcpFlow): Plans {
  for (let i = random.range(0, 3); i >= 0; i--) yield { direction: 0, flags: 'S', ...again(i) }
  if (random.chance(0.5)) yield { direction: 1, flags: 'A', sequence: 900, acknowledgment: 40 }
  if (random.chance(0.7)) yield { direction: 0, flags: 'R', sequence: 40 }
}

function* refused(_flow: TcpFlow): Plans {
  yield { direction: 0, flags: 'S' }
  yield { direction: 1, flags: 'RA', sequence: 0 }
}

function* pickUp({ random }: TcpFlow): Plans {
  for (let i = random.range(1, 4); i > 0; i--) {
    yield { direction: random.chance(0.6) ? 0 : 1, flags: 'A', length: random.pick([0, 0, 50, 1000]) }
  }
}

function* exchange({ random }: TcpFlow): Plans {
  const direction = random.chance(0.5) ? 0 : 1
  const other = direction === 0 ? 1 : 0
  const action = random.range(0, 9)
  if (action < 5) {
    for (let i = random.range(1, 4); i > 0; i--) {
      yield { direction, flags: random.pick(['A', 'PA']), length: random.pick([1, 10, 536, 1400]) }
    }
    yield { direction: other, flags: 'A' }
  } else if (action === 5) {
    // A window that closes, is probed, and opens again.
    yield { direction: other, flags: 'A', window: 0 }
    yield { direction, flags: 'A', length: 1, ...STAY }
    yield { direction: other, flags: 'A', window: 0 }
    if (random.chance(0.7)) yield { direction: other, flags: 'A' }
  } else if (action === 6) {
    // Keep-alive: one old byte number, no data (RFC 9293, 3.8.4).
    yield { direction, flags: 'A', sequence: Number.NEGATIVE_INFINITY, length: random.pick([0, 1]) }
    yield { direction: other, flags: 'A' }
  } else if (action === 7) {
    for (let i = random.range(2, 6); i > 0; i--) yield { direction, flags: 'A' }
  } else if (action === 8) {
    // A stray SYN and its challenge ACK (RFC 5961, 4.2).
    yield { direction, flags: 'S', sequence: random.word() }
    yield { direction: other, flags: 'A' }
    if (random.chance(0.4)) yield { direction, flags: 'R' }
  } else {
    yield { direction: random.chance(0.5) ? 0 : 1, flags: 'A', window: random.pick([0, 1, 500, 4000]) }
  }
}

function* close({ random }: TcpFlow, first: 0 | 1): Plans {
  const second = first === 0 ? 1 : 0
  yield { direction: first, flags: 'FA', length: random.pick([0, 0, 100]) }
  if (random.chance(0.8)) yield { direction: second, flags: 'A' }
  if (random.chance(0.3)) yield { direction: second, flags: 'PA', length: 100 }
  yield { direction: second, flags: 'FA' }
  yield { direction: first, flags: 'A' }
  if (random.chance(0.2))
    yield { direction: random.chance(0.5) ? 0 : 1, flags: random.pick(['A', 'R', 'FA']) }
}

function* closeAtOnce(_flow: TcpFlow): Plans {
  yield { direction: 0, flags: 'FA' }
  yield { direction: 1, flags: 'FA' }
  yield { direction: 0, flags: 'A' }
  yield { direction: 1, flags: 'A' }
}

function* reset({ random }: TcpFlow): Plans {
  const direction = random.chance(0.5) ? 0 : 1
  yield { direction, flags: random.pick(['R', 'RA']) }
  if (random.chance(0.5)) yield { direction: direction === 0 ? 1 : 0, flags: random.pick(['A', 'R', 'FA']) }
}

/** One end has forgotten the connection and opens it anew on the same ports. */
function* restartBehindItsBack(flow: TcpFlow): Plans {
  const { random, states } = flow
  const direction = random.chance(0.7) ? 0 : 1
  const other = direction === 0 ? 1 : 0
  states[direction].next = random.word()
  yield { direction, flags: 'S' }
  if (random.chance(0.5)) {
    yield { direction: other, flags: 'A' }
    yield { direction, flags: 'R' }
    return
  }
  states[other].next = random.word()
  yield { direction: other, flags: 'SA' }
  yield { direction, flags: 'A' }
}

/** The line: what the script sends is lost, doubled, swapped or joined by strays before the tracker sees it. */
function* line(flow: TcpFlow, plans: Plans, noise: number): Script {
  const { random, network } = flow
  let held: PacketStep | null = null
  for (const plan of plans) {
    const step = send(flow, plan)
    if (random.chance(noise * 0.3)) continue
    if (!held && random.chance(noise * 0.3)) {
      held = step
      continue
    }
    yield disturb(network, step)
    if (random.chance(noise * 0.3)) yield step
    if (held && random.chance(0.6)) {
      yield held
      held = null
    }
    if (random.chance(noise * 0.5)) yield sendWild(flow, wildSegment(flow, 0.4))
  }
  if (held) yield held
}

/** NaN: sent again later, so the sender does not move on. -Infinity: one before the sender's next. */
function send(flow: TcpFlow, plan: SegmentPlan): PacketStep {
  const { sequence, ...rest } = plan
  const next = flow.states[plan.direction].next
  if (sequence === undefined) return sendWild(flow, plan)
  const actual = Number.isNaN(sequence) ? next : sequence === Number.NEGATIVE_INFINITY ? next - 1 : sequence
  return flow.emit(flow.complete({ ...rest, sequence: actual | 0 }))
}
