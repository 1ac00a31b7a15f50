/**
 * Two firewalls over the same packets, in one pass: each packet goes through OLD, then through NEW, and what became of it
 * is compared at once. What is kept is kept by flow. A `Replay` runs OLD, and hands each packet on:
 *
 *     const comparison = new Comparison(old, now)
 *     onStart     comparison.begin()
 *     onPacket    comparison.take(packet, outcome, number)
 *     at the end  comparison.finish()
 *
 * With a swap, NEW begins with OLD's rules too:
 *
 *     onMoment    comparison.swap(rulesets)
 */
import { CHANGED_NEW, type Outcome } from '../../conntrack/outcome.ts'
import { reasonNumber } from '../../conntrack/reason.ts'
import { ctstateOf } from '../../conntrack/status.ts'
import { Tuple } from '../../conntrack/tuple.ts'
import { ISSUE_FRAGMENT, ISSUE_NONE, type Packet } from '../../packet/packet.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import { NOWHERE } from '../recent.ts'
import type { Judgement } from './change.ts'
import { ChangeList, type OpenChange } from './change-list.ts'
import { Conversations } from './conversations.ts'
import type { Difference } from './difference.ts'
import { differenceOf, fateOf } from './effect.ts'
import type { NewSide } from './new-side.ts'
import { PacketPlaces } from './packet-places.ts'
import { type Baseline, baselineOf, hitChangesOf } from './rule-hits.ts'
import { deciderOf, familyOf } from './rule-place.ts'
import { Sessions, type SwapReport } from './sessions.ts'
import type { Side } from './side.ts'
import type { Why } from './why.ts'

const secondCopy = reasonNumber['second-copy']
const secondCopyAgainst = reasonNumber['second-copy-against']

/** Both sides know the same host and have the same seed; else they share nothing. */
export class Comparison {
  /** Flows that changed so far. */
  readonly changes: ChangeList = new ChangeList()
  /** Flows so far. */
  readonly conversations: Conversations
  #differing = 0
  #reclassified = 0
  readonly #old: Side
  readonly #now: NewSide
  readonly #whole = new Tuple()
  readonly #places = new PacketPlaces()
  /** By place: packets of the conversation, and whether it had an entry in OLD's table. */
  readonly #packets: Float64Array
  readonly #hadEntry: Uint8Array
  readonly #open = new Map<number, OpenChange>()
  /** By place: the entry in NEW's table that its last packet belonged to, or -1; and the number of that packet. */
  readonly #entries: Int32Array
  readonly #last: Float64Array
  #sessions: Sessions | null = null
  #swap: Pick<SwapReport, 'at' | 'packets' | 'kept'> | null = null
  #baseline: Baseline = new Map()
  #packetCount = 0

  /** `remembered`: flows at a time, a power of two; 262,144 unless told. */
  constructor(old: Side, now: NewSide, remembered?: number) {
    this.#old = old
    this.#now = now
    const { flowHash } = now.firewall.tracker.table
    this.conversations = new Conversations(flowHash, (place) => this.#end(place), remembered)
    this.#packets = new Float64Array(this.conversations.size)
    this.#hadEntry = new Uint8Array(this.conversations.size)
    this.#entries = new Int32Array(this.conversations.size).fill(-1)
    this.#last = new Float64Array(this.conversations.size)
  }

  /** Ahead of the first packet. */
  begin(): void {
    this.#old.begin(1)
  }

  /** A packet that has gone through OLD; `number` counts from 1. */
  take(packet: Packet, outcome: Outcome, number: number): void {
    const [old, now] = [this.#old, this.#now]
    this.#packetCount = number
    now.receive(packet)
    const first = firstCopyOf(outcome)
    if (first !== 0) this.#alias(this.#places.placeOf(first))
    let place = first === 0 ? this.#placeOf(packet, outcome) : NOWHERE
    now.send(number)
    if (place !== NOWHERE) {
      place = this.#count(place, outcome)
      this.#places.remember(number, place)
      const bits = differenceOf(old, outcome, now, now.outcome)
      if (bits !== 0) this.#note(place, bits, packet, outcome, number)
      else if (ctstateOf(outcome.ctinfo) !== ctstateOf(now.outcome.ctinfo)) this.#reclassified++
      if (this.#sessions !== null) this.#watch(this.#sessions, place, packet, outcome, number)
      if (now.outcome.entry >= 0) this.#entries[place] = now.outcome.entry
      this.#last[place] = number
    }
    old.begin(number + 1)
  }

  /**
   * NEW's rules, which were OLD's up to here, are replaced by these, as iptables-restore does it; with the tracker's clock at that
   * moment, and all that expired taken away. At most once.
   */
  swap(rulesets: readonly Ruleset[]): void {
    const { firewall } = this.#now
    const { seconds, nanoseconds } = firewall.tracker.clock
    firewall.restore(rulesets)
    this.#baseline = new Map([...baselineOf(this.#old.firewall), ...baselineOf(firewall)])
    const kept = rulesets.flatMap(({ family, tables }) =>
      [...(firewall.programs[family]?.tables.keys() ?? [])]
        .filter((table) => !tables.some(({ name }) => name === table))
        .map((table) => `${family} ${table}`),
    )
    this.#swap = { at: { seconds, nanoseconds }, packets: this.#packetCount, kept }
    this.#sessions = this.#openSessions()
  }

  /** Behind the last packet. */
  finish(): void {
    this.conversations.finish()
  }

  /** Behind `finish`. `whyOf`: of the packets that tell of a flow, where somebody has looked. */
  difference(whyOf: (packet: number) => Why | null = () => null): Difference {
    const { changes, conversations } = this
    return {
      same: changes.flows === 0,
      flows: { total: conversations.count, changed: changes.flows, forgotten: conversations.forgotten },
      packets: { total: this.#packetCount, changed: this.#differing, reclassified: this.#reclassified },
      changes: changes.groups(whyOf),
      rules: hitChangesOf(this.#old.firewall, this.#now.firewall, this.#baseline),
      swap: this.#swap === null ? null : { ...this.#swap, ...this.#sessions!.report() },
    }
  }

  #openSessions(): Sessions {
    const { conversations } = this
    // An entry's number is used again: it belongs to the conversation that had it last.
    const owners = new Map<number, number>()
    for (const place of conversations.places()) {
      const entry = this.#entries[place]!
      const known = owners.get(entry)
      if (entry >= 0 && (known === undefined || this.#last[known]! < this.#last[place]!))
        owners.set(entry, place)
    }
    return new Sessions(this.#now.firewall.tracker, (entry) => owners.get(entry) ?? NOWHERE)
  }

  #watch(sessions: Sessions, place: number, packet: Packet, outcome: Outcome, number: number): void {
    const now = this.#now
    sessions.take(place, {
      oldFate: fateOf(this.#old.firewall, outcome),
      fate: fateOf(now.firewall, now.outcome),
      judgement: () => this.#judgement(now, now.outcome, packet),
      record: () => now.recordOf(now.packet, now.outcome, number),
    })
  }

  #judgement({ firewall }: Side, outcome: Outcome, packet: Packet): Judgement {
    return { fate: fateOf(firewall, outcome), by: deciderOf(firewall, familyOf(packet)) }
  }

  /** NEW has received the second copy of a packet of the conversation at a place. It counts for nothing: the first one did. */
  #alias(place: number): void {
    const { packet, tuple } = this.#now
    if (place !== NOWHERE && packet.issue === ISSUE_NONE) this.conversations.alias(place, packet, tuple)
  }

  /** Of a packet that NEW has received; a fragment belongs to the conversation of the datagram that it made whole. */
  #placeOf(packet: Packet, outcome: Outcome): number {
    const { conversations } = this
    const now = this.#now
    if (outcome.held) return NOWHERE
    if (now.packet.issue !== ISSUE_FRAGMENT || packet.issue === ISSUE_FRAGMENT)
      return conversations.placeOf(now.packet, now.tuple)
    now.firewall.prepare(packet, this.#whole)
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
    this.#differing++
    const open = this.changes.note(this.#open.get(place) ?? null, bits, {
      number,
      old: () => this.#judgement(old, outcome, packet),
      now: () => this.#judgement(now, now.outcome, packet),
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
    this.#entries[place] = -1
    this.#sessions?.end(place)
  }
}

/** Number of the packet whose second copy it is; 0 for none. */
function firstCopyOf({ reasons }: Outcome): number {
  for (let i = 0; i < reasons.count; i++) {
    const number = reasons.numbers[i]
    if (number === secondCopy || number === secondCopyAgainst) return reasons.value(i, 0)
  }
  return 0
}
