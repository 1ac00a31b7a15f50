import { type SctpChunkPlan, sctpInitBody } from '../../../src/packet/build-transport.ts'
import type { Script } from './case.ts'
import { cutTo } from './datagram.ts'
import type { End, Network } from './network.ts'
import type { Random } from './random.ts'

const DATA = 0
const INIT = 1
const INIT_ACK = 2
const SACK = 3
const HEARTBEAT = 4
const HEARTBEAT_ACK = 5
const ABORT = 6
const SHUTDOWN = 7
const SHUTDOWN_ACK = 8
const ERROR = 9
const COOKIE_ECHO = 10
const COOKIE_ACK = 11
const SHUTDOWN_COMPLETE = 14

/** Chunk types by name (RFC 9260, 3.2). */
export const sctpChunks = {
  INIT,
  INIT_ACK,
  COOKIE_ECHO,
  COOKIE_ACK,
  SHUTDOWN,
  SHUTDOWN_ACK,
  HEARTBEAT,
} as const

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 64, 192, 193, 255]
const USUAL = [
  DATA,
  INIT,
  INIT_ACK,
  SACK,
  HEARTBEAT,
  HEARTBEAT_ACK,
  SHUTDOWN,
  SHUTDOWN_ACK,
  ERROR,
  COOKIE_ECHO,
  COOKIE_ACK,
]

type Direction = 0 | 1

export class Association {
  readonly network: Network
  readonly random: Random
  readonly ends: readonly [End, End]
  readonly ports: readonly [number, number]
  /** Without noise, tags and checksums are right. */
  noise = true
  /** The tag each end chose: what the other must send. */
  readonly tags: [number, number] = [0, 0]

  constructor(network: Network, ports?: readonly [number, number]) {
    this.network = network
    this.random = network.random
    this.ends = network.pair(network.family())
    this.ports = ports ?? [this.random.range(1000, 1001), this.random.range(2000, 2001)]
    this.choose()
  }

  choose(): void {
    this.tags[0] = this.random.range(1, 4)
    this.tags[1] = this.random.pick([this.random.range(5, 8), this.random.word()])
  }

  chunk(direction: Direction, type: number): SctpChunkPlan {
    const { random } = this
    if (type === INIT || type === INIT_ACK) {
      const tag = !this.noise || random.chance(0.92) ? this.tags[direction] : random.range(1, 8)
      return { type, body: !this.noise || random.chance(0.97) ? sctpInitBody(tag) : [0, 0, 0, tag] }
    }
    const flags = this.noise && (type === ABORT || type === SHUTDOWN_COMPLETE) && random.chance(0.4) ? 1 : 0
    return { type, flags, body: new Uint8Array(random.pick([0, 4, 12, 5])) }
  }

  packet(direction: Direction, chunks: readonly SctpChunkPlan[], vtag?: number) {
    const { random } = this
    const other = direction === 0 ? 1 : 0
    const init = chunks[0]?.type === INIT
    const step = this.network.packet(this.ends[direction], this.ends[other], {
      sctp: {
        sourcePort: this.ports[direction],
        destinationPort: this.ports[other],
        vtag: vtag ?? (init ? 0 : this.tags[other]),
        chunks,
        ...(this.noise && random.chance(0.01) ? { checksum: 'bad' as const } : {}),
      },
    })
    return this.noise && random.chance(0.01) ? cutTo(this.network, step, [3, 4, 11, 12, 14, 16]) : step
  }
}

/** Associations that open and close as they should, with strays between. */
export function* sctpAssociation(network: Network): Script {
  const association = new Association(network)
  const { random } = network
  const stray = random.pick([0, 0.1, 0.3])
  for (;;) {
    association.choose()
    const from = random.chance(0.7) ? 0 : 1
    for (const [direction, ...types] of life(random, from)) {
      if (random.chance(0.05)) continue
      yield association.packet(
        direction,
        types.map((type) => association.chunk(direction, type)),
      )
      if (random.chance(stray)) yield strayPacket(association)
    }
  }
}

function life(random: Random, from: Direction): [Direction, ...number[]][] {
  const to = from === 0 ? 1 : 0
  if (random.chance(0.15)) {
    return [
      [from, HEARTBEAT],
      [to, random.pick([HEARTBEAT_ACK, DATA, HEARTBEAT])],
      [from, DATA],
      [to, SACK],
    ]
  }
  const steps: [Direction, ...number[]][] = [
    [from, INIT],
    [to, INIT_ACK],
    [from, COOKIE_ECHO, ...(random.chance(0.3) ? [DATA] : [])],
    [to, COOKIE_ACK],
  ]
  if (random.chance(0.1)) steps.splice(1, 0, [to, INIT])
  for (let i = random.range(0, 5); i > 0; i--) {
    steps.push([random.chance(0.5) ? from : to, random.pick([DATA, SACK, HEARTBEAT, HEARTBEAT_ACK, ERROR])])
  }
  const first = random.chance(0.5) ? from : to
  const second = first === 0 ? 1 : 0
  if (random.chance(0.2)) return [...steps, [first, ABORT]]
  return [...steps, [first, SHUTDOWN], [second, SHUTDOWN_ACK], [first, SHUTDOWN_COMPLETE]]
}

/** Random chunk mixes, with the right tag or another. */
export function* sctpWalk(network: Network): Script {
  const association = new Association(network)
  for (;;) {
    yield strayPacket(association)
    if (network.random.chance(0.05)) association.choose()
  }
}

function strayPacket(association: Association) {
  const { random, tags } = association
  const direction = random.chance(0.5) ? 0 : 1
  const single = random.chance(0.85)
  const types = Array.from({ length: single ? 1 : random.range(0, 4) }, () =>
    random.pick(random.chance(0.8) ? USUAL : ALL),
  )
  const chunks = types.map((type) => {
    const chunk = association.chunk(direction, type)
    return random.chance(0.02) ? { ...chunk, length: random.pick([0, 1, 3, 5, 60_000]) } : chunk
  })
  const vtag = random.chance(0.2) ? random.pick([0, tags[0], tags[1], random.range(1, 8)]) : undefined
  return association.packet(direction, chunks, vtag)
}
