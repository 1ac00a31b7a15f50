/**
 * The ways of established flows, remembered: where nothing on the way of a packet through the rules can be another for the
 * next one of its flow (`isOfFlow`), that one is tracked by its short way and counted where the first one was.
 *
 * Their numbers stand in the entries, one for each direction, and go with them. They are never used again, so that entries
 * need no visit when rules are replaced.
 */
import { DESTINATION, PROTOCOL, SOURCE, STATUS, WAYS } from '../conntrack/entry.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import { DROPPED_BY_NOBODY } from '../conntrack/outcome-words.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  STATUS_ASSURED,
  STATUS_DST_NAT,
  STATUS_SRC_NAT,
} from '../conntrack/status.ts'
import type { StateTable } from '../conntrack/table.ts'
import { TRANSLATED } from '../conntrack/translation.ts'
import { VERDICT_ACCEPT } from '../hook/hook.ts'
import type { CaptureRecord } from '../packet/capture-record.ts'
import { PROTOCOL_TCP, TCP_ACK, TCP_RST, TCP_SYN, TCP_URG } from '../packet/constants.ts'
import { CompiledRule } from './compiled-rule.ts'
import type { Decision } from './decision.ts'
import { FlowWay } from './flow-way.ts'
import type { Trail } from './trail.ts'
import type { WayBounds } from './way.ts'

/** More ways are not remembered over a run; numbers have 16 bits. */
const MOST_WAYS = 16_384
/** Ways learned last, which are looked at first. */
const RECENT = 4
/** Ways of one hash; what comes beyond that is not remembered. */
const MOST_ALIKE = 16

/** So many packets are asked about before it shows whether that pays: */
const ASKED = 4096
/** one in so many must have a way, */
const LEAST_SHARE = 8
/** or so many batches are not asked about. */
const PAUSE = 512

const PLAIN = STATUS_ASSURED | STATUS_SRC_NAT | STATUS_DST_NAT | TRANSLATED

/** Of one firewall. */
export class FlowWays {
  readonly #segments: readonly Int32Array[]
  /** By their numbers; null: forgotten. */
  #ways: (FlowWay | null)[] = [null]
  readonly #byHash = new Map<number, FlowWay[]>()
  readonly #recent: (FlowWay | null)[] = new Array<FlowWay | null>(RECENT).fill(null)
  #oldest = 0
  #asked = 0
  #found = 0
  #pause = 0

  constructor(table: StateTable) {
    this.#segments = table.entries.segments
  }

  /** Nothing that was learned holds any more: other rules. */
  forget(): void {
    this.#ways = this.#ways.map(() => null)
    this.#byHash.clear()
    this.#recent.fill(null)
  }

  /** Asked once a batch: do packets have ways often enough that it pays to ask? */
  get pays(): boolean {
    if (this.#pause > 0) {
      this.#pause--
      return false
    }
    if (this.#asked < ASKED) return true
    const pays = this.#found * LEAST_SHARE >= this.#asked
    this.#asked = 0
    this.#found = 0
    if (!pays) this.#pause = PAUSE
    return pays
  }

  /** Told how many packets in a row went their way, and whether one came then that looked plain and had none. */
  note(found: number, isMissed: boolean): void {
    this.#asked += isMissed ? found + 1 : found
    this.#found += found
  }

  /**
   * The way of a frame that `PlainPath.begin` has looked at and whose entry is likely that of `reference`, if then it is
   * tracked as a plain segment of that entry; or null: nobody knows it.
   */
  of(record: CaptureRecord, network: number, reference: number): FlowWay | null {
    if ((reference & 1) === 0) return null
    const number = (reference - 1) >>> 1
    const words = this.#segments[number >>> 15]!
    const at = (number & 0x7fff) << 5
    const source = words[at | SOURCE]!
    // A flow from an address to itself has no direction that shows by its source.
    if ((words[at | STATUS]! & PLAIN) !== STATUS_ASSURED || source === words[at | DESTINATION]!) return null
    // Without a branch between the directions: none can be predicted.
    const differs = source ^ record.view.getInt32(network + 12)
    const isReply = (differs | -differs) >>> 31
    const way = this.#ways[(words[at | WAYS]! >>> (16 - (isReply << 4))) & 0xffff]
    return way === undefined || way === null || !way.takes(record, network) ? null : way
  }

  /**
   * Behind a packet that had no way and went through the rules: is it that of its flow? It was a plain segment, or a SYN+ACK; its
   * IPv4 header begins at `network`, right behind that of Ethernet.
   */
  learn(
    record: CaptureRecord,
    network: number,
    { entry, ctinfo, droppedBy }: Outcome,
    decision: Decision,
    trail: Trail,
    bounds: WayBounds,
  ): void {
    const flags = record.view.getUint8(network + 33)
    const isAnswer = (flags & (TCP_SYN | TCP_RST | TCP_ACK | TCP_URG)) === (TCP_SYN | TCP_ACK)
    if (
      (isAnswer ? trail.answerVaries : trail.varies) ||
      entry < 0 ||
      (ctinfo !== CTINFO_ESTABLISHED && ctinfo !== CTINFO_ESTABLISHED_REPLY) ||
      decision.verdict !== VERDICT_ACCEPT ||
      droppedBy !== DROPPED_BY_NOBODY ||
      (!isAnswer && (flags & (TCP_SYN | TCP_RST | TCP_ACK | TCP_URG)) !== TCP_ACK)
    )
      return
    const words = this.#segments[entry >>> 15]!
    const at = (entry & 0x7fff) << 5
    const wanted = isAnswer ? PLAIN & ~STATUS_ASSURED : PLAIN
    if (words[at | PROTOCOL] !== PROTOCOL_TCP || (words[at | STATUS]! & wanted) !== (wanted & STATUS_ASSURED))
      return
    const number = this.#numberOf(trail, decision, bounds, record)
    const ways = words[at | WAYS]!
    words[at | WAYS] =
      ctinfo === CTINFO_ESTABLISHED ? (ways & 0xffff) | (number << 16) : (ways & ~0xffff) | number
  }

  /** Of the way that a packet went, or 0: there are too many. */
  #numberOf(trail: Trail, decision: Decision, bounds: WayBounds, record: CaptureRecord): number {
    const recent = this.#recent
    for (let i = 0; i < RECENT; i++) {
      const way = recent[i]
      if (way?.is(trail, decision, bounds, record)) return way.number
    }
    const way = this.#find(trail, decision, bounds, record)
    if (way === null) return 0
    recent[this.#oldest] = way
    this.#oldest = (this.#oldest + 1) % RECENT
    return way.number
  }

  #find(trail: Trail, decision: Decision, bounds: WayBounds, record: CaptureRecord): FlowWay | null {
    const hash = hashOf(trail, record)
    const alike = this.#byHash.get(hash) ?? []
    for (const way of alike) if (way.is(trail, decision, bounds, record)) return way
    if (this.#ways.length > MOST_WAYS || alike.length >= MOST_ALIKE) return null
    const way = new FlowWay(this.#ways.length, trail, decision, bounds, record)
    this.#ways.push(way)
    alike.push(way)
    this.#byHash.set(hash, alike)
    return way
  }
}

/** Of the places of the rules met, and of the frame's addresses. */
function hashOf({ counted, count }: Trail, { view, start }: CaptureRecord): number {
  let hash = count
  for (let i = 0; i < 3; i++) hash = mix(hash, view.getInt32(start + i * 4))
  for (let i = 0; i < count; i++) {
    const one = counted[i]!
    hash = mix(hash, one instanceof CompiledRule ? one.number : -one.rules.length)
  }
  return hash
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
