/** The whole way of a packet through the rules, as all plain segments of its flow go it that are seen at the same place. */
import type { CaptureRecord } from '../packet/capture-record.ts'
import type { CompiledChain } from './compiled-chain.ts'
import type { CompiledRule } from './compiled-rule.ts'
import type { Decision } from './decision.ts'
import type { Trail } from './trail.ts'
import type { WayBounds } from './way.ts'

/** What counts packets. */
export type Counted = CompiledRule | CompiledChain

/** Made from a packet that rules accepted; many flows share one. */
export class FlowWay {
  /** Above 0. */
  readonly number: number
  /** Rules and policies that count each packet. */
  readonly counted: readonly Counted[]
  /** Who had the last word; null: nobody was asked. */
  readonly decider: Counted | null
  /** HOOK_INPUT, HOOK_FORWARD or HOOK_OUTPUT. */
  readonly hook: number
  /** For `Way.assume`. */
  readonly assumed: number
  readonly #leastTtl: number
  readonly #mostLength: number
  // Where its packets are seen: an interface of the capture, a direction, both addresses of the Ethernet frame.
  readonly #interface: number
  readonly #direction: number
  readonly #link0: number
  readonly #link1: number
  readonly #link2: number

  constructor(
    number: number,
    trail: Trail,
    { rule, chain, way }: Decision,
    { leastTtl, mostLength, assumed }: WayBounds,
    { view, start, interfaceIndex, direction }: CaptureRecord,
  ) {
    this.number = number
    this.counted = trail.counted.slice(0, trail.count)
    this.decider = rule ?? chain
    this.hook = way
    this.assumed = assumed
    this.#leastTtl = leastTtl
    this.#mostLength = mostLength
    this.#interface = interfaceIndex
    this.#direction = direction
    this.#link0 = view.getInt32(start)
    this.#link1 = view.getInt32(start + 4)
    this.#link2 = view.getInt32(start + 8)
  }

  /** Does this frame with a plain segment of the flow go this way? Its IP header begins at `network`. */
  takes(record: CaptureRecord, network: number): boolean {
    const { view } = record
    return (
      view.getUint8(network + 8) >= this.#leastTtl &&
      view.getUint16(network + 2) <= this.#mostLength &&
      this.#isSeenAt(record)
    )
  }

  /** It is the way that a packet went. */
  is(trail: Trail, { rule, chain, way }: Decision, bounds: WayBounds, record: CaptureRecord): boolean {
    const { counted } = this
    if (
      counted.length !== trail.count ||
      this.decider !== (rule ?? chain) ||
      this.hook !== way ||
      this.assumed !== bounds.assumed ||
      this.#leastTtl !== bounds.leastTtl ||
      this.#mostLength !== bounds.mostLength ||
      !this.#isSeenAt(record)
    )
      return false
    for (let i = 0; i < counted.length; i++) if (counted[i] !== trail.counted[i]) return false
    return true
  }

  #isSeenAt({ view, start, interfaceIndex, direction }: CaptureRecord): boolean {
    return (
      interfaceIndex === this.#interface &&
      direction === this.#direction &&
      view.getInt32(start) === this.#link0 &&
      view.getInt32(start + 4) === this.#link1 &&
      view.getInt32(start + 8) === this.#link2
    )
  }
}
