/** One firewall with what stands in front of it: where the capture stands, and what would not have been sent. */
import { Outcome } from '../conntrack/outcome.ts'
import { reasonNumber } from '../conntrack/reason.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { Packet } from '../packet/packet.ts'
import type { Consequences } from './consequences.ts'
import {
  type Standpoint,
  TAKEN_AGAINST,
  TAKEN_AS_SECOND,
  TAKEN_READDRESSED,
  TAKEN_STAND_IN,
} from './standpoint.ts'

const reason = {
  second: reasonNumber['second-copy'],
  against: reasonNumber['second-copy-against'],
  readdressed: reasonNumber['readdressed'],
  standIn: reasonNumber['stand-in'],
  notSent: reasonNumber['not-sent'],
} as const

/** What stands in front of the firewall. */
export interface StationOptions {
  /** Where the capture stands; made with the same tracker. */
  readonly standpoint?: Standpoint
  /** Without them, all is evaluated as it was recorded. */
  readonly consequences?: Consequences
}

/** Takes packets one by one, decoded and prepared; `firewall` and `outcome` say what became of the last one. */
export class Station {
  /** What the packets go through. */
  readonly firewall: Firewall
  /** Of the last packet; reused. */
  readonly outcome: Outcome = new Outcome()
  readonly #standpoint: Standpoint | null
  readonly #consequences: Consequences | null
  /** Of the packet in hand, ahead of the standpoint. */
  readonly #captured = new Tuple()

  /** All of it belongs to one tracker. */
  constructor(firewall: Firewall, { standpoint, consequences }: StationOptions = {}) {
    this.firewall = firewall
    this.#standpoint = standpoint ?? null
    this.#consequences = consequences ?? null
  }

  /** Plain segments may go the short way: nothing stands in it but the tracker, and rules that remember ways. */
  get isShort(): boolean {
    if (this.#standpoint !== null) return false
    const { hasRules, flowWays, listener } = this.firewall
    return hasRules ? flowWays !== null && listener === null : this.#consequences === null
  }

  /** A flow of this hash is silent by the consequences of a verdict, so that its packets go the general way. */
  mayBeSilent(hash: number): boolean {
    return this.#consequences?.knows(hash) === true
  }

  /** `number` counts packets over the run, from 1. The packet becomes what the host received. */
  take(packet: Packet, tuple: Tuple, number: number): void {
    if (this.#standpoint === null) this.#process(packet, tuple, number)
    else this.#processBehind(this.#standpoint, packet, tuple, number)
  }

  /** A packet through what stands in front of the firewall. */
  #processBehind(standpoint: Standpoint, packet: Packet, tuple: Tuple, number: number): void {
    const outcome = this.outcome
    const consequences = this.#consequences
    if (consequences !== null) this.#captured.copy(tuple)
    const taken = standpoint.take(packet, tuple, number)
    if (taken === TAKEN_AS_SECOND || taken === TAKEN_AGAINST) {
      if (taken === TAKEN_AGAINST) consequences?.alias(standpoint.firstTuple, tuple)
      this.firewall.skip(packet, outcome)
      outcome.reasons.add(taken === TAKEN_AGAINST ? reason.against : reason.second, standpoint.first)
      return
    }
    this.#process(packet, tuple, number)
    standpoint.judged(this.firewall.decision, packet, tuple, outcome)
    if (taken === TAKEN_READDRESSED) outcome.reasons.add(reason.readdressed)
    else if (taken === TAKEN_STAND_IN) outcome.reasons.add(reason.standIn)
    if (taken === TAKEN_READDRESSED || taken === TAKEN_STAND_IN) consequences?.alias(tuple, this.#captured)
  }

  #process(packet: Packet, tuple: Tuple, number: number): void {
    const consequences = this.#consequences
    if (consequences === null) {
      this.firewall.process(packet, tuple, this.outcome)
      return
    }
    const cause = consequences.causeOf(packet, tuple)
    if (cause > 0) {
      this.firewall.skip(packet, this.outcome)
      this.outcome.reasons.add(reason.notSent, cause)
      return
    }
    this.firewall.process(packet, tuple, this.outcome)
    consequences.learn(packet, tuple, number)
  }
}
