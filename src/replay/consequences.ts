/**
 * A capture shows what happened; rules may have prevented it. When the packet that opens a flow is dropped, nobody answers
 * it, and what follows in the capture would not have been sent, until a packet that opens the flow anew gets through: a
 * retransmitted SYN may pass a limit.
 */
import { CTINFO_NEW, CTINFO_NONE, CTINFO_UNTRACKED } from '../conntrack/status.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_REJECT } from '../hook/hook.ts'
import { ISSUE_NONE, type Packet, PROTOCOL_TCP, TCP_ACK, TCP_SYN } from '../packet/packet.ts'

/** Flows that are remembered; beyond that, the oldest is forgotten and evaluated as it was recorded. */
const MOST = 65_536

interface SilentFlow {
  /** As its first packet had them. */
  readonly addresses: Int32Array
  readonly ports: number
  readonly protocol: number
  readonly hash: number
  /** The same flow as it was translated ahead of the drop: whoever answers in the capture answers that. */
  translated: SilentFlow | null
  /** Number over the run of the packet that was dropped last. */
  packet: number
}

/** Flows whose opening packet was dropped. */
export class Consequences {
  readonly #firewall: Firewall
  /** By the keyed hash of the flow, oldest first. */
  readonly #flows = new Map<number, SilentFlow[]>()
  readonly #translated = new Tuple()
  #count = 0
  /** Packets that would not have been sent. */
  silenced = 0
  /** Flows that were forgotten, because too many were remembered. */
  forgotten = 0

  /** Of a firewall with rules; for `ReplayOptions.consequences`. */
  constructor(firewall: Firewall) {
    this.#firewall = firewall
  }

  /** The number of the dropped packet without which this one would not have been sent; 0: it goes to the firewall. */
  causeOf(packet: Packet, tuple: Tuple): number {
    if (this.#count === 0 || !tuple.usable || packet.issue !== ISSUE_NONE) return 0
    const flow = this.#find(tuple)
    if (flow === null || opens(packet, tuple, flow)) return 0
    this.silenced++
    return flow.packet
  }

  /** Behind the firewall: what became of a packet that went through it. `number` counts over the run, from 1. */
  learn(packet: Packet, tuple: Tuple, number: number): void {
    const { verdict } = this.#firewall.decision
    if (verdict === VERDICT_ACCEPT) {
      if (this.#count > 0 && tuple.usable) this.#remove(tuple)
      return
    }
    if ((verdict !== VERDICT_DROP && verdict !== VERDICT_REJECT) || !tuple.usable) return
    const { ctinfo } = this.#firewall.passage.outcome
    if (ctinfo !== CTINFO_NEW && ctinfo !== CTINFO_NONE && ctinfo !== CTINFO_UNTRACKED) return
    if (!isOpening(packet)) return
    const flow = this.#note(tuple, number)
    const { tracker, passage } = this.#firewall
    tracker.prepare(passage.packet, this.#translated)
    if (this.#translated.usable && !isSame(flow, this.#translated))
      flow.translated = this.#note(this.#translated, number)
  }

  #note(tuple: Tuple, number: number): SilentFlow {
    const known = this.#find(tuple)
    if (known === null) return this.#add(tuple, number)
    known.packet = number
    return known
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
      addresses: tuple.addresses.slice(),
      ports: tuple.ports,
      protocol: tuple.protocol,
      hash: tuple.hash,
      translated: null,
      packet,
    }
    const flows = this.#flows.get(tuple.hash)
    if (flows === undefined) this.#flows.set(tuple.hash, [flow])
    else flows.push(flow)
    this.#count++
    return flow
  }

  #remove(tuple: Tuple): void {
    for (let flow = this.#find(tuple); flow !== null; flow = flow.translated) this.#forget(flow)
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

function isSame({ addresses, ports, protocol }: SilentFlow, tuple: Tuple): boolean {
  if (ports !== tuple.ports || protocol !== tuple.protocol) return false
  const words = (protocol & ~0xff) !== 0 ? 8 : 1
  for (let i = 0; i < words; i++) if (addresses[i] !== tuple.addresses[i]) return false
  return addresses[4] === tuple.addresses[4]
}

function isInverse({ addresses, ports, protocol }: SilentFlow, tuple: Tuple): boolean {
  if (ports !== tuple.inversePorts || protocol !== tuple.protocol || !tuple.invertible) return false
  const words = (protocol & ~0xff) !== 0 ? 4 : 1
  for (let i = 0; i < words; i++) {
    if (addresses[i] !== tuple.addresses[i + 4] || addresses[i + 4] !== tuple.addresses[i]) return false
  }
  return true
}
