/** What only few entries have, kept beside the table: a helper and what it remembers, a master, children, a stamp. */
import type { Helper, HelperSession } from './helper/helper.ts'
import type { SequenceAdjustment } from './tcp/sequence.ts'
import type { TimeoutPolicy } from './timeout-policy.ts'

export interface Attachment {
  helper: Helper | null
  session: HelperSession | null
  /** Since NAT changed the length of a segment's payload (STATUS_SEQ_ADJUST). */
  adjustment: SequenceAdjustment | null
  /** Entry number and id word of the master, when an expectation made this entry; else -1. */
  master: number
  masterId: number
  /** The helper that expected this entry, or null: also when its master has gone. */
  masterHelper: string | null
  /** Living connections that expectations of this entry made. */
  children: number
  /** Time stamp of the confirmation, where nf_conntrack_timestamp asked for it. */
  startSeconds: number
  startNanoseconds: number
  stamped: boolean
  /** The events that are told, as bits (`enum ip_conntrack_events`); 0 for all. */
  events: number
  /** Timeouts of its own, with the status bit OWN_TIMEOUTS, or null. */
  policy: TimeoutPolicy | null
}
