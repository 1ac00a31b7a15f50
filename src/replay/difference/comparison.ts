/**
 * Two firewalls over the same packets, in one pass: each packet goes through OLD, then through NEW, and what became of it
 * is compared at once. What is kept is kept by flow. A `Replay` runs OLD, and hands each packet on:
 *
 *     const comparison = new Comparison(old, now)
 *     onStart    comparison.begin()
 *     onPacket   comparison.take(packet, outcome, number)
 *     at the end comparison.finish()
 */
import { CHANGED_NEW, type Outcome } from '../../conntrack/outcome.ts'
import { ctstateOf } from '../../conntrack/status.ts'
import { Tuple } from '../../conntrack/tuple.ts'
import { ISSUE_FRAGMENT, type Packet } from '../../packet/packet.ts'
import { NOWHERE } from '../recent.ts'
import { ChangeList, type OpenChange } from './change-list.ts'
import { Conversations } from './conversations.ts'
import { differenceOf, fateOf } from './effect.ts'
import type { NewSide } from './new-side.ts'
import { deciderOf, familyOf } from './rule-place.ts'
import type { Side } from './side.ts'

/** Both sides know the same host and have the same seed; else they share nothing. */
export class Comparison {
  /** Flows that differ. */
  readonly changes: ChangeList = new ChangeList()
  /** All flows. */
  readonly conversations: Conversations
  /** Packets that differ. */
  differing = 0
  /** Packets that are of another ctstate, whatever became of them. */
  reclassified = 0
  readonly #old: Side
  readonly #now: NewSide
  readonly #whole = new Tuple()
  /** By place: packets of the conversation, and whether it had an entry in OLD's table. */
  readonly #packets: Float64Array
  readonly #hadEntry: Uint8Array
  readonly #open = new Map<number, OpenChange>()

  constructor(old: Side, now: NewSide) {
    this.#old = old
    this.#now = now
    const { flowHash } = now.firewall.tracker.table
    this.conversations = new Conversations(flowHash, (place) => this.#end(place))
    this.#packets = new Float64Array(this.conversations.size)
    this.#hadEntry = new Uint8Array(this.conversations.size)
  }

  /** Ahead of the first packet. */
  begin(): void {
    this.#old.begin(1)
  }

  /** A packet that has gone through OLD; `number` counts from 1. Answers the place of its flow, or NOWHERE. */
  take(packet: Packet, outcome: Outcome, number: number): number {
    const [old, now] = [this.#old, this.#now]
    now.receive(packet)
    let place = this.#placeOf(packet, outcome)
    now.send(number)
    if (place !== NOWHERE) {
      place = this.#count(place, outcome)
      const bits = differenceOf(old, outcome, now, now.outcome)
      if (ctstateOf(outcome.ctinfo) !== ctstateOf(now.outcome.ctinfo)) this.reclassified++
      if (bits !== 0) this.#note(place, bits, packet, outcome, number)
    }
    old.begin(number + 1)
    return place
  }

  /** Behind the last packet. */
  finish(): void {
    this.conversations.finish()
  }

  /** Of a packet that NEW has received; a fragment belongs to the conversation of the datagram that it made whole. */
  #placeOf(packet: Packet, outcome: Outcome): number {
    const { conversations } = this
    const now = this.#now
    if (outcome.held) return NOWHERE
    if (now.packet.issue !== ISSUE_FRAGMENT || packet.issue === ISSUE_FRAGMENT)
      return conversations.placeOf(now.packet, now.tuple)
    this.#old.firewall.prepare(packet, this.#whole)
    return conversations.placeOf(packet, this.#whole)
  }

  /** Counts a packet of the conversation; answers its place: another one where OLD began a new entry for it. */
  #count(place: number, { changes }: Outcome): number {
    let here = place
    if ((changes & CHANGED_NEW) !== 0) {
      if (this.#hadEntry[place] === 1) here = this.conversations.split(place)
      this.#hadEntry[here] = 1
    }
    this.#packets[here] = this.#packets[here]! + 1
    return here
  }

  #note(place: number, bits: number, packet: Packet, outcome: Outcome, number: number): void {
    const [old, now] = [this.#old, this.#now]
    const judgement = ({ firewall }: Side, outcome: Outcome) => ({
      fate: fateOf(firewall, outcome),
      by: deciderOf(firewall, familyOf(packet)),
    })
    this.differing++
    const open = this.changes.note(this.#open.get(place) ?? null, bits, {
      number,
      old: () => judgement(old, outcome),
      now: () => judgement(now, now.outcome),
      flow: () => this.conversations.view(place),
      records: () => ({
        old: old.recordOf(packet, outcome, number),
        new: now.recordOf(now.packet, now.outcome, number),
      }),
    })
    this.#open.set(place, open)
  }

  #end(place: number): void {
    const open = this.#open.get(place)
    if (open !== undefined) this.changes.end(open, this.#packets[place]!)
    this.#open.delete(place)
    this.#packets[place] = 0
    this.#hadEntry[place] = 0
  }
}
