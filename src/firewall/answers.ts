/** Packets that the machine sends itself because of one on its way: what REJECT answers. */
import { Outcome } from '../conntrack/outcome.ts'
import { CTINFO_ESTABLISHED_REPLY, CTINFO_RELATED, CTINFO_RELATED_REPLY } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { Passage } from '../hook/passage.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { DIRECTION_OUTGOING, Packet } from '../packet/packet.ts'
import { Decision } from './decision.ts'
import type { Hooks } from './hooks.ts'

/** One answer and what became of it on its own way through OUTPUT and POSTROUTING. */
export interface Answer {
  /** As it was built, IP header first. */
  readonly bytes: Uint8Array
  readonly packet: Packet
  /** Its packet as it left, mark and interface. */
  readonly passage: Passage
  readonly outcome: Outcome
  readonly decision: Decision
}

/** Sends answers while their packet is on its way. They are few, so each has objects of its own. */
export class Answers {
  /** Those of the last packet. */
  list: readonly Answer[] = []
  readonly #tracker: Tracker
  readonly #newHooks: () => Hooks

  /** `newHooks`: those of the machine, for one walk; that of the packet that is answered is not over. */
  constructor(tracker: Tracker, newHooks: () => Hooks) {
    this.#tracker = tracker
    this.#newHooks = newHooks
  }

  /** `cause` is the packet on its way; the docstring of `Environment.answer` has what its answer is to the tracker. */
  send(cause: Passage, bytes: Uint8Array): void {
    const packet = new Packet()
    const tuple = new Tuple()
    const outcome = new Outcome()
    const passage = new Passage()
    const decision = new Decision()
    const { received } = cause
    packet.seconds = received.seconds
    packet.nanoseconds = received.nanoseconds
    packet.direction = DIRECTION_OUTGOING
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, 0, bytes.length, bytes.length)
    this.#tracker.prepare(packet, tuple)
    passage.begin(packet, tuple, outcome)
    const { entry, ended, endedStatus, ctinfo, changes } = cause.outcome
    if (entry >= 0 || ended >= 0) {
      outcome.entry = entry
      // A reset that ends its connection still belongs to it, and so does the answer.
      outcome.ended = ended
      outcome.endedStatus = endedStatus
      outcome.ctinfo = ctinfo < CTINFO_ESTABLISHED_REPLY ? CTINFO_RELATED_REPLY : CTINFO_RELATED
      outcome.changes = changes
      outcome.tick = cause.outcome.tick
    }
    this.#newHooks().answer(passage, decision, cause)
    this.list = [...this.list, { bytes, packet, passage, outcome, decision }]
  }
}
