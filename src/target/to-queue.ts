/** Hands packets to programs that listen. */
import { entryOf, statusOf } from '../conntrack/outcome.ts'
import { CTINFO_ESTABLISHED_REPLY, CTINFO_UNTRACKED, STATUS_CONFIRMED } from '../conntrack/status.ts'
import type { StateTable } from '../conntrack/table.ts'
import { VERDICT_DROP, VERDICT_QUEUE } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'

/**
 * VERDICT_QUEUE, or VERDICT_DROP for REJECT's answer to a packet whose entry is not in the table yet: both share it, and
 * such a packet cannot wait (nf_ct_drop_unconfirmed).
 */
export function toQueue(passage: Passage, queue: number, table: StateTable): number {
  const { outcome } = passage
  const isReply = outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY && outcome.ctinfo < CTINFO_UNTRACKED
  if (isReply && entryOf(outcome) >= 0 && (statusOf(table, outcome) & STATUS_CONFIRMED) === 0)
    return VERDICT_DROP
  passage.queue = queue
  return VERDICT_QUEUE
}
