/** What the tracker made of one packet; reused from packet to packet. */
import { Reasons } from './reason.ts'
import { CTINFO_NONE } from './status.ts'

/** `Outcome.droppedBy`: who dropped the packet. */
export const DROPPED_BY_NOBODY = 0
/** The stack, before any hook, or while putting fragments together. */
export const DROPPED_BY_IP = 1
/** The tracker: table full, clash. */
export const DROPPED_BY_CONNTRACK = 2
export const DROPPED_BY_HELPER = 3

/** `Outcome.changes`: what listeners are told of (IPCT_*), merged over the packet. */
export const CHANGED_NEW = 1
export const CHANGED_REPLY = 2
export const CHANGED_ASSURED = 4
export const CHANGED_STATE = 8
export const CHANGED_MARK = 32

export class Outcome {
  /** CTINFO_* */
  ctinfo = CTINFO_NONE
  /** The packet's entry, or -1: none, or deleted by the packet itself. */
  entry = -1
  droppedBy = DROPPED_BY_NOBODY
  /** The packet was kept back: a fragment whose datagram is not complete. */
  held = false
  changes = 0
  /** The clock when the packet was judged, in ticks modulo 2^32. */
  tick = 0
  readonly reasons = new Reasons()

  reset(): void {
    this.ctinfo = CTINFO_NONE
    this.entry = -1
    this.droppedBy = DROPPED_BY_NOBODY
    this.held = false
    this.changes = 0
    this.reasons.clear()
  }
}
