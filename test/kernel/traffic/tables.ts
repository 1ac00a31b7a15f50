import type { Script } from './case.ts'
import type { Network } from './network.ts'
import { Association, sctpChunks } from './sctp.ts'
import { TcpFlow } from './tcp-flow.ts'
import { sendWild } from './tcp-walk.ts'

type Move<T> = readonly [direction: 0 | 1, what: T]

/** The shortest way to each TCP state. */
const TCP_WAYS: readonly (readonly Move<string>[])[] = (() => {
  const open: Move<string>[] = [
    [0, 'S'],
    [1, 'SA'],
    [0, 'A'],
  ]
  const close: Move<string>[] = [
    [0, 'FA'],
    [1, 'A'],
    [1, 'FA'],
    [0, 'A'],
  ]
  return [
    [],
    open.slice(0, 1),
    open.slice(0, 2),
    open,
    ...[1, 2, 3, 4].map((length) => [...open, ...close.slice(0, length)]),
    [...open, [1, 'R']],
    [
      [0, 'S'],
      [1, 'S'],
    ],
  ]
})()

const TCP_KINDS = ['S', 'SA', 'FA', 'A', 'R']

/** Every cell of the TCP table: each kind from each side in each state. */
export function* tcpTable(network: Network): Script {
  const { random } = network
  const cells = TCP_WAYS.flatMap((way) =>
    TCP_KINDS.flatMap((flags) => ([0, 1] as const).map((direction) => ({ way, flags, direction }))),
  )
  let port = 20_000
  for (const { way, flags, direction } of random.shuffle(cells)) {
    const flow = new TcpFlow(network, [port++, 80])
    flow.noise = false
    for (const state of flow.states) Object.assign(state, { window: 65_535, scale: null })
    for (const [from, what] of way) yield sendWild(flow, { direction: from, flags: what })
    yield sendWild(flow, { direction, flags })
    yield sendWild(flow, { direction: random.chance(0.5) ? 0 : 1, flags: random.pick(TCP_KINDS) })
  }
}

const { INIT, INIT_ACK, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN, SHUTDOWN_ACK, HEARTBEAT } = sctpChunks

const SCTP_WAYS: readonly (readonly Move<number>[])[] = (() => {
  const open: Move<number>[] = [
    [0, INIT],
    [1, INIT_ACK],
    [0, COOKIE_ECHO],
    [1, COOKIE_ACK],
  ]
  return [
    ...[0, 1, 2, 3, 4].map((length) => open.slice(0, length)),
    [...open, [0, SHUTDOWN]],
    [...open, [1, SHUTDOWN]],
    [...open, [0, SHUTDOWN], [1, SHUTDOWN_ACK]],
    [[0, HEARTBEAT]],
  ]
})()

const SCTP_KINDS = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 14, 0, 3, 77]

/** Every cell of the SCTP table, with the tags that let the chunk get as far as the table. */
export function* sctpTable(network: Network): Script {
  const { random } = network
  const cells = SCTP_WAYS.flatMap((way) =>
    SCTP_KINDS.flatMap((type) => ([0, 1] as const).map((direction) => ({ way, type, direction }))),
  )
  let port = 20_000
  for (const { way, type, direction } of random.shuffle(cells)) {
    const association = new Association(network, [port++, 2000])
    association.noise = false
    for (const [from, what] of way) yield association.packet(from, [association.chunk(from, what)])
    // Until the other side has spoken, its tag is 0 to the tracker.
    const heard = direction === 0 ? INIT : HEARTBEAT
    const unheard = way.length === 1 && way[0]![1] === heard
    const vtag = unheard || (way.length === 0 && type !== HEARTBEAT && random.chance(0.7)) ? 0 : undefined
    yield association.packet(direction, [association.chunk(direction, type)], vtag)
  }
}
