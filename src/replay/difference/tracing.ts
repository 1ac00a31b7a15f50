/** A second pass over the same packets: of those that tell of a change, where their ways through both rulesets part. */
import type { Outcome } from '../../conntrack/outcome.ts'
import type { Packet } from '../../packet/packet.ts'
import type { Family, Ruleset } from '../../ruleset/model.ts'
import { TraceRecorder } from '../trace.ts'
import { fateOf } from './effect.ts'
import type { NewSide } from './new-side.ts'
import { type ChainPair, pairChains } from './rule-pairs.ts'
import { familyOf } from './rule-place.ts'
import type { Side } from './side.ts'
import { type Why, whyOf } from './why.ts'

/** Runs as a `Comparison` does, with sides of its own that are made alike. */
export class Tracing {
  /** By the packet's number. */
  readonly whys: Map<number, Why> = new Map<number, Why>()
  readonly #old: Side
  readonly #now: NewSide
  readonly #numbers: ReadonlySet<number>
  readonly #oldTrace: TraceRecorder
  readonly #nowTrace: TraceRecorder
  readonly #pairs = new Map<Family, readonly ChainPair[]>()

  /** `numbers`: of packets that are looked at; the others are not slowed down. */
  constructor(old: Side, now: NewSide, numbers: ReadonlySet<number>) {
    this.#old = old
    this.#now = now
    this.#numbers = numbers
    this.#oldTrace = new TraceRecorder(old.firewall)
    this.#nowTrace = new TraceRecorder(now.firewall)
  }

  /** All of them were looked at: the rest of the capture tells nothing more. */
  get isDone(): boolean {
    return this.whys.size === this.#numbers.size
  }

  /** Ahead of the first packet. */
  begin(): void {
    this.#expect(1)
  }

  /** As `Comparison.swap`. */
  swap(rulesets: readonly Ruleset[]): void {
    this.#now.firewall.restore(rulesets)
    this.#pairs.clear()
  }

  /** A packet that has gone through OLD; `number` counts from 1. */
  take(packet: Packet, outcome: Outcome, number: number): void {
    const [old, now] = [this.#old, this.#now]
    now.receive(packet)
    now.send(number)
    if (this.#numbers.has(number)) {
      const family = familyOf(packet)
      const verdict = fateOf(old.firewall, outcome) !== fateOf(now.firewall, now.outcome)
      const why = whyOf(
        this.#pairsOf(family),
        { steps: this.#oldTrace.steps, record: old.recordOf(packet, outcome, number) },
        { steps: this.#nowTrace.steps, record: now.recordOf(now.packet, now.outcome, number) },
        verdict,
      )
      this.whys.set(number, why)
    }
    this.#expect(number + 1)
  }

  #pairsOf(family: Family): readonly ChainPair[] {
    const known = this.#pairs.get(family)
    if (known !== undefined) return known
    const pairs = pairChains(this.#old.firewall.programs[family], this.#now.firewall.programs[family])
    this.#pairs.set(family, pairs)
    return pairs
  }

  #expect(number: number): void {
    const isWanted = this.#numbers.has(number)
    this.#old.firewall.listener = isWanted ? this.#oldTrace : null
    this.#now.firewall.listener = isWanted ? this.#nowTrace : null
    this.#old.begin(number)
  }
}
