/**
 * The catalogue of reasons: for each code the sentence with the numbers compared, its meaning, its usual causes, and
 * what would change it. docs/reference/reasons.md is made from it (reasons-page.ts).
 *
 * Words: "ctstate" is what rules match (NEW, ESTABLISHED, …), "TCP state" what the table shows (SYN_SENT, …). INVALID
 * is said of packets only. Sequence numbers, ports and ids are plain digits, counts have their thousands set apart.
 */
import { REASONS, type ReasonCode, type ReasonData } from '../conntrack/reason.ts'
import { datagramReasons } from './datagram-reasons.ts'
import type { Catalogue, ReasonContext, ReasonEntry, ReasonValues } from './entry.ts'
import { fragmentReasons } from './fragment-reasons.ts'
import { frameReasons } from './frame-reasons.ts'
import { icmpReasons } from './icmp-reasons.ts'
import { linux24Reasons } from './linux24-reasons.ts'
import { routeReasons } from './route-reasons.ts'
import { sctpReasons } from './sctp-reasons.ts'
import { tableReasons } from './table-reasons.ts'
import { tcpHeaderReasons } from './tcp-header-reasons.ts'
import { tcpStateReasons } from './tcp-state-reasons.ts'
import { tcpWindowReasons } from './tcp-window-reasons.ts'

export const catalogue: Catalogue = {
  ...frameReasons,
  ...fragmentReasons,
  ...tableReasons,
  ...tcpHeaderReasons,
  ...tcpStateReasons,
  ...tcpWindowReasons,
  ...datagramReasons,
  ...icmpReasons,
  ...linux24Reasons,
  ...sctpReasons,
  ...routeReasons,
}

const fieldsOf = new Map<ReasonCode, readonly string[]>(REASONS.map((shape) => [shape.code, shape.fields]))

/** The entry of a code, with a sentence that takes the values of any reason. */
export function reasonEntry(code: ReasonCode): ReasonEntry {
  return catalogue[code] as ReasonEntry
}

/**
 * A reason as one line of text, at most 120 characters: what was compared, and by how much it differs. `context` is
 * the packet's record, or the part of it that is at hand; it makes some sentences more exact. A value that is missing
 * counts as 0, so that a reason read back from elsewhere never breaks the line; a code that is none of `REASONS` throws
 * a TypeError.
 */
export function reasonSentence(reason: ReasonData, context: ReasonContext = {}): string {
  const values: Record<string, number> = {}
  for (const field of fieldsOf.get(reason.code) ?? []) {
    const value = Number(reason[field] ?? 0)
    values[field] = Number.isFinite(value) ? value : 0
  }
  // The values are those of this code's reason, which the type of a code chosen at run time cannot say.
  return reasonEntry(reason.code).sentence(values as ReasonValues<ReasonCode>, context)
}
