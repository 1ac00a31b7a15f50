import { type TcpOptionPlan, tcpOptionBytes } from '../../../src/packet/build-transport.ts'
import type { PacketStep } from './case.ts'
import type { End, Network } from './network.ts'
import type { Random } from './random.ts'
import { type Segment, WindowGuess } from './tcp-window.ts'

type Direction = 0 | 1

export interface SegmentPlan {
  readonly direction: Direction
  readonly flags: string
  readonly sequence?: number
  readonly acknowledgment?: number
  readonly window?: number
  readonly length?: number
  /** In place of `length` zeros. */
  readonly payload?: Uint8Array
  readonly options?: readonly TcpOptionPlan[]
}

/** What each end of a connection knows of itself. */
interface EndState {
  next: number
  window: number
  scale: number | null
}

const PORTS = [80, 1000, 1001]

/** One TCP connection between two ends, with what is needed to continue it sensibly or not. */
export class TcpFlow {
  readonly guess = new WindowGuess()
  /** Without noise, checksums and data offsets are right. */
  noise = true
  readonly network: Network
  readonly random: Random
  readonly ends: readonly [End, End]
  readonly ports: readonly [number, number]
  readonly states: readonly [EndState, EndState]

  constructor(network: Network, ports?: readonly [number, number]) {
    const { random } = network
    this.network = network
    this.random = random
    this.ends = network.pair(network.family())
    this.ports = ports ?? [random.pick(PORTS), random.pick(PORTS)]
    this.states = [this.#state(), this.#state()]
  }

  #state(): EndState {
    const { random } = this
    return {
      next: random.pick([random.word(), random.word(), 100, 0, -5, 0x7fff_fff0]),
      window: random.pick([65_535, 65_535, 8192, 1000, 1]),
      scale: random.chance(0.5) ? random.pick([0, 2, 7, 14, 15]) : null,
    }
  }

  /** Both ends begin anew with other sequence numbers, on the same ports. */
  restart(): void {
    this.guess.reset()
    for (const state of this.states) Object.assign(state, this.#state())
  }

  /** Fills in what a well-behaved end would send. */
  complete(plan: SegmentPlan): Segment {
    const own = this.states[plan.direction]
    const other = this.states[plan.direction === 0 ? 1 : 0]
    const syn = plan.flags.includes('S')
    const options = plan.options ?? (syn ? this.#synOptions(own) : this.random.chance(0.2) ? TIMESTAMPS : [])
    return {
      direction: plan.direction,
      flags: plan.flags,
      sequence: (plan.sequence ?? own.next) | 0,
      acknowledgment: (plan.acknowledgment ?? (plan.flags.includes('A') ? other.next : 0)) | 0,
      window: plan.window ?? own.window,
      length: plan.payload?.length ?? plan.length ?? 0,
      payload: plan.payload ?? null,
      scale: syn ? own.scale : null,
      options: tcpOptionBytes(options),
    }
  }

  #synOptions(own: EndState): TcpOptionPlan[] {
    const options: TcpOptionPlan[] = []
    if (this.random.chance(0.7)) options.push({ mss: 1460 })
    if (this.random.chance(0.6)) options.push('sackPermitted')
    if (own.scale !== null) options.push('nop', { windowScale: own.scale })
    return options
  }

  /** The sender moves on behind the segment. */
  advance(segment: Segment): void {
    const taken =
      segment.length + (segment.flags.includes('S') ? 1 : 0) + (segment.flags.includes('F') ? 1 : 0)
    this.states[segment.direction].next = (segment.sequence + taken) | 0
  }

  /** The segment passes the tracker. */
  emit(segment: Segment): PacketStep {
    this.guess.see(segment)
    const { direction } = segment
    const other = direction === 0 ? 1 : 0
    return this.network.packet(this.ends[direction], this.ends[other], {
      tcp: {
        sourcePort: this.ports[direction],
        destinationPort: this.ports[other],
        flags: segment.flags,
        sequence: segment.sequence,
        acknowledgment: segment.acknowledgment,
        window: segment.window,
        options: segment.options,
        payload: segment.payload ?? new Uint8Array(segment.length),
        ...(this.noise && this.random.chance(0.003) ? { checksum: 'bad' as const } : {}),
        ...(this.noise && this.random.chance(0.003) ? { dataOffset: this.random.range(0, 15) } : {}),
      },
    })
  }
}

const TIMESTAMPS: TcpOptionPlan[] = ['nop', 'nop', { timestamps: [1, 2] }]
