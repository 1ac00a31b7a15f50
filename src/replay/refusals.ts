/** New connections that rules dropped or rejected, by rule or policy and by service: bounded. */
import type { Tuple } from '../conntrack/tuple.ts'
import type { DecidedBy } from './record.ts'
import { TroubledFlows } from './troubled-flows.ts'

/** Rules and policies, and services of each, that are told apart. */
const DECIDERS = 64
const SERVICES = 32

export interface Refusal {
  readonly flows: TroubledFlows
  /** One source only; its address words. */
  isOneSource: boolean
  readonly source: readonly [number, number, number, number]
}

export class Refusals {
  readonly #byDecider = new Map<object, Map<number, Refusal>>()

  add(decider: object, tuple: Tuple, number: number, decidedBy: () => DecidedBy): void {
    let services = this.#byDecider.get(decider)
    if (services === undefined) {
      if (this.#byDecider.size >= DECIDERS) return
      services = new Map()
      this.#byDecider.set(decider, services)
    }
    const service = ((tuple.ports & 0xffff) << 9) | tuple.protocol
    const [a, b, c, d] = tuple.addresses as unknown as readonly [number, number, number, number]
    let refusal = services.get(service)
    if (refusal === undefined) {
      if (services.size >= SERVICES) return
      refusal = { flows: new TroubledFlows(), isOneSource: true, source: [a, b, c, d] }
      services.set(service, refusal)
    } else if (refusal.isOneSource) {
      const { source } = refusal
      refusal.isOneSource = source[0] === a && source[1] === b && source[2] === c && source[3] === d
    }
    refusal.flows.add(tuple, number, decidedBy)
  }

  /** Most packets first. */
  all(): Refusal[] {
    return [...this.#byDecider.values()]
      .flatMap((services) => [...services.values()])
      .sort((a, b) => b.flows.packets - a.flows.packets || a.flows.first - b.flows.first)
  }
}
