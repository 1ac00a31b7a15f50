/**
 * A capture shows what happened; rules may have prevented it. When the packet that opens a flow is dropped, nobody answers
 * it, and what follows in the capture would not have been sent, until a packet that opens the flow anew gets through: a
 * retransmitted SYN may pass a limit.
 */
import { CTINFO_NEW, CTINFO_NONE, CTINFO_UNTRACKED } from '../conntrack/status.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { HOOK_FORWARD, VERDICT_ACCEPT, VERDICT_DROP, VERDICT_REJECT } from '../hook/hook.ts'
import { FAMILY_IPV6, ISSUE_NONE, Packet, PROTOCOL_TCP, TCP_ACK, TCP_SYN } from '../packet/packet.ts'
import { decodeQuoted, QUOTED_OK } from '../packet/quoted.ts'
import { isErrorPacket } from './error-packet.ts'
import { type FlowTuple, flowTupleOf, isInverse, isSame } from './flow-tuple.ts'
import { Unanswered } from './unanswered.ts'

const QUOTE_OFFSET = 8

/** Flows that are remembered; beyond that, the oldest is forgotten and evaluated as it was recorded. */
const MOST = 65_536

/** With the tuple of its first packet. */
interface SilentFlow extends FlowTuple {
  readonly hash: number
  /** The same flow with other addresses, as NAT or the capture has them: whoever answers in the capture answers that. */
  alias: SilentFlow | null
  /** Number over the run of the packet that was dropped last. */
  packet: number
}

/** Flows whose opening packet was dropped. */
export class Consequences {
  readonly #firewall: Firewall
  /** By the keyed hash of the flow, oldest first. */
  readonly #flows = new Map<number, SilentFlow[]>()
  /** Dropped on their way through the host, which may have translated them later: to which address, an answer tells. */
  readonly #unanswered: Unanswered
  readonly #translated = new Tuple()
  readonly #other = new Tuple()
  readonly #came = new Tuple()
  readonly #quoted = new Packet()
  readonly #quotedTuple = new Tuple()
  #count = 0
  /** Packets that would not have been sent. */
  silenced = 0
  /** Flows that were forgotten, because too many were remembered. */
  forgotten = 0

  /** Of a firewall with rules; for `StationOptions.consequences`. */
  constructor(firewall: Firewall) {
    this.#firewall = firewall
    this.#unanswered = new Unanswered(firewall.tracker.table.flowHash)
  }

  /** The number of the dropped packet without which this one would not have been sent; 0: it goes to the firewall. */
  causeOf(packet: Packet, tuple: Tuple): number {
    if (this.#count === 0 || packet.issue !== ISSUE_NONE) return 0
    const flow = this.#flowOf(packet, tuple)
    if (flow === null) return 0
    this.silenced++
    return flow.packet
  }

  /** A flow of this hash is remembered; only then does a packet that belongs to a living connection concern this. */
  knows(hash: number): boolean {
    return this.#count !== 0 && this.#flows.has(hash)
  }

  /** Behind the firewall: what became of a packet that went through it. `number` counts over the run, from 1. */
  learn(packet: Packet, tuple: Tuple, number: number): void {
    const { verdict, way } = this.#firewall.decision
    if (verdict === VERDICT_ACCEPT) {
      if (this.#count > 0 && tuple.usable) this.#remove(tuple)
      return
    }
    if ((verdict !== VERDICT_DROP && verdict !== VERDICT_REJECT) || !tuple.usable) return
    const { ctinfo } = this.#firewall.passage.outcome
    if (ctinfo !== CTINFO_NEW && ctinfo !== CTINFO_NONE && ctinfo !== CTINFO_UNTRACKED) return
    if (!isOpening(packet)) return
    if (way === HOOK_FORWARD && this.#find(tuple) === null) this.#unanswered.remember(packet, tuple)
    this.#note(tuple, number)
    const { tracker, passage } = this.#firewall
    tracker.prepare(passage.packet, this.#translated)
    if (this.#translated.usable) this.alias(tuple, this.#translated)
  }

  /** What is known by the tuple `known` is the same flow as `other`, in the same direction. Nothing where that was not dropped. */
  alias(known: Tuple, other: Tuple): void {
    let flow = this.#find(known)
    if (flow === null) return
    const same = this.#other
    if (isSame(flow, known)) same.copy(other)
    else same.invert(other)
    same.computeHash(this.#firewall.tracker.table.flowHash)
    const { packet } = flow
    const noted = this.#find(same)
    if (noted !== null) {
      noted.packet = packet
      return
    }
    const added = this.#add(same, packet)
    while (flow.alias !== null) flow = flow.alias
    flow.alias = added
  }

  /** The silent flow that the packet goes on with, answers, or is an error about. */
  #flowOf(packet: Packet, tuple: Tuple): SilentFlow | null {
    if (!tuple.usable) return null
    if (!tuple.invertible) return this.#flowOfError(packet, tuple)
    const flow = this.#find(tuple)
    if (flow !== null) return opens(packet, tuple, flow) ? null : flow
    return this.#firstAnswered(packet, tuple)
  }

  #flowOfError(packet: Packet, { zones }: Tuple): SilentFlow | null {
    if (!isErrorPacket(packet)) return null
    const quoted = this.#quotedTuple
    if (decodeQuoted(packet, QUOTE_OFFSET, this.#quoted) !== QUOTED_OK || !quoted.fromPacket(this.#quoted))
      return null
    quoted.zones = zones
    quoted.computeHash(this.#firewall.tracker.table.flowHash)
    const flow = this.#find(quoted)
    if (flow !== null || !quoted.invertible) return flow
    this.#translated.invert(quoted)
    return this.#firstAnswered(packet, this.#translated)
  }

  /** To an address of the host, from where a flow that was dropped on its way through it went: it had been translated. */
  #firstAnswered(packet: Packet, tuple: Tuple): SilentFlow | null {
    const { host, tracker } = this.#firewall
    const { addresses } = tuple
    const isIPv6 = packet.family === FAMILY_IPV6
    if (!host.isLocal(isIPv6, addresses[4]!, addresses[5]!, addresses[6]!, addresses[7]!)) return null
    const found = tracker.table.lookup(tuple)
    if (found >= 0 && tracker.table.isAlive(found >> 1, tracker.clock.now)) return null
    const came = this.#came
    if (!this.#unanswered.take(packet, tuple, came)) return null
    came.zones = tuple.zones
    came.invertible = true
    came.computeHash(tracker.table.flowHash)
    const left = this.#translated
    if (left !== tuple) left.invert(tuple)
    else left.copy(this.#quotedTuple)
    this.alias(came, left)
    return this.#find(came)
  }

  #note(tuple: Tuple, number: number): void {
    const known = this.#find(tuple)
    if (known === null) this.#add(tuple, number)
    for (let flow = known; flow !== null; flow = flow.alias) flow.packet = number
  }

  #find(tuple: Tuple): SilentFlow | null {
    const flows = this.#flows.get(tuple.hash)
    if (flows === undefined) return null
    for (let i = 0; i < flows.length; i++) {
      const flow = flows[i]!
      if (isSame(flow, tuple) || isInverse(flow, tuple)) return flow
    }
    return null
  }

  #add(tuple: Tuple, packet: number): SilentFlow {
    if (this.#count >= MOST) {
      const [oldest] = this.#flows.keys()
      const gone = this.#flows.get(oldest!)!.length
      this.#flows.delete(oldest!)
      this.#count -= gone
      this.forgotten += gone
    }
    const flow: SilentFlow = {
      ...flowTupleOf(tuple),
      hash: tuple.hash,
      alias: null,
      packet,
    }
    const flows = this.#flows.get(tuple.hash)
    if (flows === undefined) this.#flows.set(tuple.hash, [flow])
    else flows.push(flow)
    this.#count++
    return flow
  }

  #remove(tuple: Tuple): void {
    for (let flow = this.#find(tuple); flow !== null; flow = flow.alias) this.#forget(flow)
  }

  #forget(flow: SilentFlow): void {
    const flows = this.#flows.get(flow.hash)
    const left = flows?.filter((one) => one !== flow) ?? []
    if (flows === undefined || left.length === flows.length) return
    if (left.length === 0) this.#flows.delete(flow.hash)
    else this.#flows.set(flow.hash, left)
    this.#count--
  }
}

/** TCP only by SYN: whoever sends anything else has a connection already, which no rule takes away. */
function isOpening(packet: Packet): boolean {
  return packet.protocol !== PROTOCOL_TCP || (packet.tcpFlags & (TCP_SYN | TCP_ACK)) === TCP_SYN
}

/** Would whoever sent this have sent it without an answer? */
function opens(packet: Packet, tuple: Tuple, flow: SilentFlow): boolean {
  return packet.protocol === PROTOCOL_TCP ? isOpening(packet) : isSame(flow, tuple)
}
