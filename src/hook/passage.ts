/** A packet on its way through the hooks: what it is now, where it stands, and what rules did to it. */
import { Outcome } from '../conntrack/outcome.ts'
import { CTINFO_UNTRACKED } from '../conntrack/status.ts'
import { Template } from '../conntrack/template.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { lowerTtl } from '../packet/hop.ts'
import { Packet } from '../packet/packet.ts'
import { HOOK_NONE } from './hook.ts'

/** `Passage.stop`: nothing in the way. */
export const STOP_NO = 0
/** A match dropped the packet itself (`hotdrop`): no counter of the rule or the policy moves, unless the match says yes. */
export const STOP_HOTDROP = 1
/** A rule asks for bytes that the capture does not have: nobody can tell what Linux would have done. */
export const STOP_UNKNOWN = 2

/**
 * What Linux keeps in the sk_buff and the nf_hook_state. One object, reused for packet after packet; matches read it,
 * targets change it. The packet as received stays as it is: whoever rewrites asks for `writable()` first.
 */
export class Passage {
  /** As received. */
  received: Packet = new Packet()
  /** As it is now: `received`, until something rewrites it. */
  packet: Packet = this.received
  /** Of the packet as received. */
  tuple: Tuple = new Tuple()
  /** What connection tracking made of it: `ctinfo`, `entry`. */
  outcome: Outcome = new Outcome()
  /** HOOK_*. */
  hook = HOOK_NONE
  /** `Interfaces` number of the device it came in by, 0 for none. */
  inInterface = 0
  /** Of the device it leaves by, 0 for none, or not known yet. */
  outInterface = 0
  /** The packet's mark: 32 bits, signed. */
  mark = 0
  /** skb->priority, as CLASSIFY sets it: major << 16 | minor. */
  priority = 0
  /** TRACE asked for it. */
  traced = false
  /** STOP_*: set by a match that answers false for one of these reasons. */
  stop = STOP_NO
  /** NFQUEUE: the queue that it went to, or -1. */
  queue = -1
  /** Forwarded: its TTL or hop limit is still to be lowered by one, which is done when something writes or reads it. */
  #owesHop = false
  /** What CT told the tracker, which is asked behind the raw table. */
  readonly template: Template = new Template()
  readonly #own = new Packet()
  #buffer = new Uint8Array(2048)

  /** Before the first hook: nothing has happened to the packet. */
  begin(packet: Packet, tuple: Tuple, outcome: Outcome): void {
    this.received = packet
    this.packet = packet
    this.tuple = tuple
    this.outcome = outcome
    this.hook = HOOK_NONE
    this.inInterface = 0
    this.outInterface = 0
    this.mark = packet.mark
    this.priority = 0
    this.traced = false
    this.stop = STOP_NO
    this.queue = -1
    this.#owesHop = false
    if (this.template.given) this.template.reset()
  }

  /** CT and NOTRACK come too late: one of them spoke, or the packet has met the tracker (skb->_nfct is not 0). */
  get isTrackingSettled(): boolean {
    const { outcome } = this
    return this.template.given || outcome.entry >= 0 || outcome.ctinfo === CTINFO_UNTRACKED
  }

  /** It is forwarded: from now on its TTL, or hop limit, is lower by one (ip_forward, ip6_forward). */
  hop(): void {
    this.#owesHop = true
  }

  /** TTL or hop limit as it is now. */
  get ttl(): number {
    return this.packet.ttl - (this.#owesHop ? 1 : 0)
  }

  /**
   * The packet to write to, fields and bytes: a copy of what was received, made at the first call of a passage. Its bytes
   * begin with the IP header at 0, with `spare` bytes free behind the packet.
   */
  writable(spare = 0): Packet {
    const from = this.packet
    const length = from.capturedEnd - from.networkOffset
    if (from === this.#own && this.#buffer.length >= length + spare) {
      if (this.#owesHop) this.#payHop(from)
      return from
    }
    if (this.#buffer.length < length + spare) {
      const grown = new Uint8Array(length + spare + 2048)
      grown.set(from.bytes.subarray(from.networkOffset, from.capturedEnd))
      this.#buffer = grown
    } else this.#buffer.set(from.bytes.subarray(from.networkOffset, from.capturedEnd))
    const own = this.#own
    Object.assign(own, from)
    own.bytes = this.#buffer
    own.view = new DataView(this.#buffer.buffer)
    own.networkOffset = 0
    own.transportOffset = from.transportOffset - from.networkOffset
    own.capturedEnd = length
    this.packet = own
    if (this.#owesHop) this.#payHop(own)
    return own
  }

  /** The packet with its bytes as they are now, for whoever reads bytes of its IP header or shows them. */
  settled(): Packet {
    return this.#owesHop ? this.writable() : this.packet
  }

  #payHop(own: Packet): void {
    this.#owesHop = false
    lowerTtl(own)
  }

  /** Something rewrote it. */
  get rewritten(): boolean {
    return this.packet !== this.received
  }
}
