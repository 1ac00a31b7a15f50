/** What the tracker made of one packet; reused from packet to packet. */
import { STATUS } from './entry.ts'
import { DROPPED_BY_NOBODY } from './outcome-words.ts'
import { Reasons } from './reason.ts'
import { CTINFO_NONE } from './status.ts'
import type { StateTable } from './table.ts'

export * from './outcome-words.ts'

/** Number of the packet's entry, or of the one that the packet ended, which is still readable; else -1. */
export function entryOf({ entry, ended }: Outcome): number {
  return entry >= 0 ? entry : ended
}

/** Its STATUS_* bits. */
export function statusOf(table: StateTable, { entry, endedStatus }: Outcome): number {
  return entry >= 0 ? table.words(entry)[table.at(entry) + STATUS]! : endedStatus
}

/** What became of one packet: as numbers, and reused; `recordOf` makes it readable. */
export class Outcome {
  /** CTINFO_* (Linux `enum ip_conntrack_info`): `ctstateOf` has its word. */
  ctinfo = CTINFO_NONE
  /** Number of the packet's entry in `Tracker.table`, or -1: none, or deleted by the packet itself. */
  entry = -1
  /** Number of the entry that the packet itself deleted, else -1: no entry any more, but its words stay as they were. */
  ended = -1
  /** With `ended`: its STATUS_* bits. */
  endedStatus = 0
  /** Who dropped the packet: 0 nobody, 1 the stack, 2 the tracker, 3 a helper, 4 the rules. */
  droppedBy = DROPPED_BY_NOBODY
  /** The packet was kept back: a fragment whose datagram is not complete. */
  held = false
  /** What listeners are told of, as bits: 1 new, 2 reply, 4 assured, 8 protocol state, 32 mark (IPCT_*). */
  changes = 0
  /** The clock when the packet was judged, in ticks modulo 2^32. */
  tick = 0
  /** Why, in the order met; `reasonData` has them as data. At most 8. */
  readonly reasons = new Reasons()

  /** As if no packet had been judged; `Firewall.process` calls it. */
  reset(): void {
    this.ctinfo = CTINFO_NONE
    this.entry = -1
    this.ended = -1
    this.droppedBy = DROPPED_BY_NOBODY
    this.held = false
    this.changes = 0
    this.reasons.clear()
  }
}
