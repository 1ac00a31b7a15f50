/** Where a side's words are, and its flags: apart from the functions, so that bundlers put them in place. */

/** Offsets from a side. */
export const END = 0
export const MAXEND = 1
export const MAXWIN = 2
export const MAXACK = 3

/** Flags of a side (IP_CT_TCP_FLAG_*). */
export const FLAG_WINDOW_SCALE = 0x01
export const FLAG_SACK_PERM = 0x02
export const FLAG_CLOSE_INIT = 0x04
export const FLAG_BE_LIBERAL = 0x08
export const FLAG_DATA_UNACKNOWLEDGED = 0x10
export const FLAG_MAXACK_SET = 0x20

/** What an ACK may lag behind at least (MAXACKWINCONST). */
export const LEAST_ACK_WINDOW = 66_000
