/** Status bits of an entry (Linux `enum ip_conntrack_status`). */
export const STATUS_EXPECTED = 0x1
export const STATUS_SEEN_REPLY = 0x2
export const STATUS_ASSURED = 0x4
export const STATUS_CONFIRMED = 0x8
export const STATUS_SRC_NAT = 0x10
export const STATUS_DST_NAT = 0x20
export const STATUS_SEQ_ADJUST = 0x40
export const STATUS_SRC_NAT_DONE = 0x80
export const STATUS_DST_NAT_DONE = 0x100
export const STATUS_DYING = 0x200
export const STATUS_FIXED_TIMEOUT = 0x400
export const STATUS_TEMPLATE = 0x800
export const STATUS_NAT_CLASH = 0x1000
export const STATUS_HELPER = 0x2000
export const STATUS_OFFLOAD = 0x4000
export const STATUS_HW_OFFLOAD = 0x8000
/** Ours, behind those of Linux and the wheel's (16–26): the entry is accounted. */
export const STATUS_ACCOUNTED = 0x800_0000
/** Likewise: it has a policy of timeouts (`-j CT --timeout`). */
export const STATUS_OWN_TIMEOUTS = 0x4000_0000

/** What a packet is to the tracker (Linux `enum ip_conntrack_info`); 3 and above is the reply direction. */
export const CTINFO_ESTABLISHED = 0
export const CTINFO_RELATED = 1
export const CTINFO_NEW = 2
export const CTINFO_ESTABLISHED_REPLY = 3
export const CTINFO_RELATED_REPLY = 4
export const CTINFO_UNTRACKED = 7
/** No entry, and not untracked on purpose. */
export const CTINFO_INVALID = 8
/** The packet never reached the tracker. */
export const CTINFO_NONE = 9

export const ORIGINAL = 0
export const REPLY = 1

/** A packet's state as `-m conntrack --ctstate` names it. */
export type Ctstate = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'

const ctstates: readonly (Ctstate | null)[] = [
  'ESTABLISHED',
  'RELATED',
  'NEW',
  'ESTABLISHED',
  'RELATED',
  null,
  null,
  'UNTRACKED',
  'INVALID',
  null,
]

/**
 * The state that rules match, from CTINFO_* (`Outcome.ctinfo`); null for a packet that never reached the tracker, and
 * for any other number.
 */
export function ctstateOf(ctinfo: number): Ctstate | null {
  return ctstates[ctinfo] ?? null
}
