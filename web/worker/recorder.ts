/** Writes what becomes of each packet of a run into columns: of packets, and of connections. */
import { DEADLINE, flowState, MARK, PROTOCOL, STATUS } from '../../src/conntrack/entry.ts'
import { entryOf, type Outcome } from '../../src/conntrack/outcome.ts'
import { REASONS } from '../../src/conntrack/reason.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_INVALID,
  CTINFO_NEW,
  CTINFO_NONE,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  ORIGINAL,
  REPLY,
  STATUS_CONFIRMED,
} from '../../src/conntrack/status.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT } from '../../src/hook/hook.ts'
import {
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../src/packet/packet.ts'
import { isErrorPacket } from '../../src/replay/error-packet.ts'
import type { Repeatable } from '../../src/run/explainer.ts'
import { Fingerprint } from './fingerprint.ts'
import { FlowColumns } from './flow-columns.ts'
import { FlowIndex } from './flow-index.ts'
import { bytesOfColumns, Words } from './growing.ts'
import { Histories, LETTER_DATA, LETTER_INVALID, tcpLetter } from './history-letters.ts'
import { PacketColumns, SIDE_NEITHER, SIDE_ORIGINAL, SIDE_REPLY } from './packet-columns.ts'
import { RuleRows } from './rule-rows.ts'

/** By `PacketColumns.verdict`. */
export const verdictNames = [null, 'ACCEPT', 'DROP', 'REJECT', 'QUEUE'] as const
const NO_VERDICT = 0
const ACCEPTED = 1
const DROPPED = 2
const REJECTED = 3

const verdictPlaces: Readonly<Record<number, number>> = {
  [VERDICT_ACCEPT]: ACCEPTED,
  [VERDICT_DROP]: DROPPED,
  [VERDICT_REJECT]: REJECTED,
  [VERDICT_QUEUE]: 4,
}

/** How much a reason tells, by its number: the most telling one of a packet is shown with it. */
const telling = REASONS.map(({ kind }) =>
  ['plain', 'note', 'unknown', 'passed', 'invalid', 'dropped'].indexOf(kind),
)
/** From here on a reason is out of the ordinary. */
const ODD = 1

/** With its places in the index. */
const BYTES_OF_ENTRY = 160

const UDP_HEADER = 8
const ICMP_HEADER = 8

export class Recorder {
  readonly packets = new PacketColumns()
  readonly flows = new FlowColumns()
  readonly histories = new Histories()
  readonly rules: RuleRows
  readonly fingerprint = new Fingerprint()
  /** Packets that belong to no connection: not IP, held fragments, what has no ports. */
  outside = 0
  readonly #run: Repeatable
  readonly #index = new FlowIndex(this.flows)
  /** By entry number: the id that it had, and its connection. */
  readonly #ids = new Words()
  readonly #flowOfEntry = new Words()
  readonly #original = new Tuple()
  readonly #reply = new Tuple()
  readonly #own = new Tuple()

  /** The run's tracker tells it what leaves the table. */
  constructor(run: Repeatable) {
    this.#run = run
    this.rules = new RuleRows(run.firewall)
    run.tracker.onEnd = (entry, ticks) => {
      // What expires is told by its timeout; only what a packet ends is written down.
      if (ticks >= 0) return
      const flow = this.#known(entry)
      if (flow >= 0) this.flows.ended.set(flow, this.packets.count + 1)
    }
  }

  /** Of all columns, and about what the tracker's table has. */
  get byteLength(): number {
    return (
      bytesOfColumns(this.packets) +
      bytesOfColumns(this.flows) +
      this.#index.byteLength +
      this.#run.tracker.table.count * BYTES_OF_ENTRY
    )
  }

  add(packet: Packet, outcome: Outcome): void {
    const at = this.packets.count
    const flow = this.#flowOf(packet, outcome, at + 1)
    const side = flow < 0 ? SIDE_NEITHER : this.#sideOf(packet, outcome, flow)
    this.#describe(packet, outcome, at)
    this.#judge(packet, outcome, at)
    this.#keepEntry(outcome, at)
    this.packets.flow.set(at, flow + 1)
    this.packets.side.set(at, side)
    this.packets.count++
    if (flow < 0) this.outside++
    else this.#count(flow, side, packet, at)
    this.fingerprint.add(packet.seconds, packet.nanoseconds, packet.record.originalLength)
  }

  /** The connection of an entry that is in the table, or just was; -1 for one that no packet was seen of. */
  #known(entry: number): number {
    return this.#ids.get(entry) === this.#run.tracker.id(entry) ? this.#flowOfEntry.get(entry) : -1
  }

  #flowOf(packet: Packet, outcome: Outcome, number: number): number {
    const { tracker } = this.#run
    const entry = entryOf(outcome)
    if (entry >= 0 && (outcome.entry < 0 || this.#isConfirmed(entry))) {
      const known = this.#known(entry)
      if (known >= 0) return known
      tracker.table.readTuple(entry, ORIGINAL, this.#original)
      tracker.table.readTuple(entry, REPLY, this.#reply)
      const flow = this.#flowOfNew(number)
      this.flows.born.set(flow, number)
      this.#ids.set(entry, tracker.id(entry))
      this.#flowOfEntry.set(entry, flow)
      this.#index.enter(flow)
      return flow
    }
    const own = this.#own
    if (packet.family === 0) return -1
    tracker.prepare(packet, own)
    if (!own.usable) return -1
    const found = this.#index.find(own)
    if (found >= 0) return found >> 1
    const flow = this.flows.add(own, null, number)
    if (own.invertible) this.#index.enter(flow)
    return flow
  }

  /** Of a new entry: what its packets did before they got one belongs to it. */
  #flowOfNew(number: number): number {
    const found = this.#index.find(this.#original)
    if (found >= 0 && (found & 1) === 0 && this.flows.born.get(found >> 1) === 0) {
      this.flows.setTuples(found >> 1, this.#original, this.#reply)
      return found >> 1
    }
    return this.flows.add(this.#original, this.#reply, number)
  }

  #isConfirmed(entry: number): boolean {
    const { table } = this.#run.tracker
    return (table.words(entry)[table.at(entry) + STATUS]! & STATUS_CONFIRMED) !== 0
  }

  #sideOf(packet: Packet, { ctinfo }: Outcome, flow: number): number {
    switch (ctinfo) {
      case CTINFO_ESTABLISHED:
      case CTINFO_NEW:
        return SIDE_ORIGINAL
      case CTINFO_ESTABLISHED_REPLY:
        return SIDE_REPLY
      case CTINFO_RELATED:
      case CTINFO_RELATED_REPLY:
        if (isErrorPacket(packet)) return SIDE_NEITHER
        return ctinfo === CTINFO_RELATED ? SIDE_ORIGINAL : SIDE_REPLY
      default:
        return this.#ownSide(packet, flow)
    }
  }

  #ownSide(packet: Packet, flow: number): number {
    const own = this.#own
    this.#run.tracker.prepare(packet, own)
    return own.usable && this.flows.hasTuple(flow, 1, own) && !this.flows.hasTuple(flow, 0, own)
      ? SIDE_REPLY
      : SIDE_ORIGINAL
  }

  #describe(packet: Packet, { ctinfo }: Outcome, at: number): void {
    const { packets } = this
    packets.seconds.set(at, packet.seconds)
    packets.nanoseconds.set(at, packet.nanoseconds)
    packets.ticks.set(at, this.#run.tracker.clock.ticks)
    packets.file.set(at, packet.file)
    packets.frame.set(at, packet.frame)
    packets.ctinfo.set(at, ctinfo)
    packets.tableSize.set(at, this.#run.tracker.table.count)
    if (packet.family === 0) return
    const { protocol, transportLength } = packet
    packets.protocol.set(at, protocol)
    packets.length.set(at, packet.length)
    packets.payload.set(at, Math.max(0, transportLength - headerLength(packet)))
    if (protocol === PROTOCOL_TCP) {
      packets.tcpFlags.set(at, packet.tcpFlags)
      packets.sequence.set(at, packet.sequence)
      packets.acknowledgment.set(at, packet.acknowledgment)
      packets.window.set(at, packet.window)
    } else if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) {
      packets.sequence.set(at, (packet.icmpType << 8) | packet.icmpCode)
    }
  }

  #judge(packet: Packet, outcome: Outcome, at: number): void {
    const { packets } = this
    const { decision, hasRules } = this.#run.firewall
    const plain = outcome.droppedBy !== 0 ? DROPPED : outcome.ctinfo === CTINFO_NONE ? NO_VERDICT : ACCEPTED
    packets.verdict.set(
      at,
      hasRules && packet.family !== 0 ? (verdictPlaces[decision.verdict] ?? plain) : plain,
    )
    if (hasRules) packets.decider.set(at, this.rules.deciderOf(decision) + 1)
    const { numbers, count } = outcome.reasons
    let most = -1
    for (let i = 0; i < count; i++) {
      const reason = numbers[i]!
      if (most < 0 || telling[reason]! > telling[most]!) most = reason
    }
    packets.reason.set(at, most + 1)
  }

  /** The entry as the packet leaves it. */
  #keepEntry({ entry, tick }: Outcome, at: number): void {
    if (entry < 0 || !this.#isConfirmed(entry)) return
    const { packets } = this
    const { table } = this.#run.tracker
    const entryWords = table.words(entry)
    const first = table.at(entry)
    packets.status.set(at, entryWords[first + STATUS]! & 0xffff)
    const protocol = entryWords[first + PROTOCOL]! & 0xff
    if (hasState(protocol)) packets.state.set(at, flowState(entryWords, first) + 1)
    packets.remaining.set(at, (entryWords[first + DEADLINE]! - tick) | 0)
    packets.mark.set(at, entryWords[first + MARK]!)
  }

  #count(flow: number, side: number, packet: Packet, at: number): void {
    const { flows, packets } = this
    const isInvalid = packets.ctinfo.get(at) === CTINFO_INVALID
    const verdict = packets.verdict.get(at)
    const isBlocked = verdict === DROPPED || verdict === REJECTED
    const reason = packets.reason.get(at)
    flows.last.set(flow, at + 1)
    if (side !== SIDE_NEITHER) {
      flows.packets.set(flow * 2 + side, flows.packets.get(flow * 2 + side) + 1)
      flows.bytes.set(flow * 2 + side, flows.bytes.get(flow * 2 + side) + packet.length)
      const letter =
        packet.protocol === PROTOCOL_TCP ? tcpLetter(packet.tcpFlags, packets.payload.get(at)) : LETTER_DATA
      flows.history.set(
        flow,
        this.histories.with(flows.history.get(flow), isInvalid ? LETTER_INVALID : letter, side),
      )
    }
    if (isInvalid) flows.invalid.set(flow, flows.invalid.get(flow) + 1)
    if (isBlocked) {
      if (flows.telling.get(flow) === 0) flows.telling.set(flow, at + 1)
      flows.blocked.set(flow, flows.blocked.get(flow) + 1)
    }
    if (reason > 0 && telling[reason - 1]! >= ODD) {
      const known = flows.reason.get(flow)
      if (known === 0 || telling[reason - 1]! > telling[known - 1]!) {
        flows.reason.set(flow, reason)
        flows.telling.set(flow, at + 1)
      }
    }
    if (packets.status.get(at) !== 0) flows.state.set(flow, packets.state.get(at))
  }
}

function headerLength({ protocol, tcpHeaderLength }: Packet): number {
  if (protocol === PROTOCOL_TCP) return tcpHeaderLength
  if (protocol === PROTOCOL_UDP) return UDP_HEADER
  return protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6 ? ICMP_HEADER : 0
}

/** TCP and SCTP have states. */
function hasState(protocol: number): boolean {
  return protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP
}
