/** What a rule of the raw table (`-j CT`) tells the tracker about a packet that it is about to see. */
import type { Helper } from './helper/helper.ts'
import type { TimeoutPolicy } from './timeout-policy.ts'

/** A direction's zone: that of the tracker's options. */
export const ZONE_UNTOLD = -1
/** A direction's zone: the lower 16 bits of the packet's mark, as it is when the tracker is asked. */
export const ZONE_BY_MARK = -2

/** What a rule's template keeps from packet to packet, for it is one for all of them: CONNMARK in table raw writes there. */
export class TemplateMark {
  /** 32 bits, signed. */
  mark = 0
}

/**
 * Linux's template, a nameless entry that the packet carries until it meets the tracker (nf_ct_tmpl_alloc). One object,
 * reused for packet after packet.
 */
export class Template {
  /** A rule gave one, if only an empty one. */
  given = false
  /** That of the rule which gave it, or null. */
  own: TemplateMark | null = null
  /** 0–65535 or ZONE_*: where an entry is looked for, and where a new one is. */
  zoneOriginal = ZONE_UNTOLD
  zoneReply = ZONE_UNTOLD
  /** The packet's mark when the tracker is asked. */
  mark = 0
  /** Of a new entry that no helper announced, or null. */
  helper: Helper | null = null
  /** The events of a new entry that are told, as bits (`enum ip_conntrack_events`); 0 for all. */
  events = 0
  /** The timeouts of a new entry, or null for those of the sysctls. */
  policy: TimeoutPolicy | null = null

  /** As for a packet that no rule has said anything about. */
  reset(): void {
    this.given = false
    this.own = null
    this.zoneOriginal = ZONE_UNTOLD
    this.zoneReply = ZONE_UNTOLD
    this.helper = null
    this.events = 0
    this.policy = null
  }

  /** Original << 16 | reply; `untold` has the tracker's own in the same form (nf_ct_zone_tmpl). */
  zones(untold: number): number {
    return (this.#zone(this.zoneOriginal, untold >>> 16) << 16) | this.#zone(this.zoneReply, untold & 0xffff)
  }

  #zone(zone: number, untold: number): number {
    if (zone >= 0) return zone
    return zone === ZONE_BY_MARK ? this.mark & 0xffff : untold
  }
}
