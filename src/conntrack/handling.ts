/**
 * What a protocol's tracker answers. It works on the entry's words alone: it reads no clock, touches no table,
 * logs nothing. The table refreshes, counts, deletes and tells events according to the answer.
 */

/** Accepted: refresh with `Handling.timeout` and count. */
export const HANDLED_REFRESH = 0
/** Accepted, but neither refreshed nor counted. */
export const HANDLED_PASS = 1
/** INVALID: the packet loses the entry. */
export const HANDLED_INVALID = 2
/** Accepted and counted; the entry is deleted at once. */
export const HANDLED_DELETE = 3
/** The entry is deleted, and the packet tracked afresh. */
export const HANDLED_REPEAT = 4
/**
 * Not judged: the answer hangs on bytes that were not captured. The packet has no state (CTINFO_NONE); a
 * confirmed entry is neither refreshed nor counted, one that is not confirmed vanishes.
 */
export const HANDLED_UNKNOWN = 5

/** Reused: the second half of a tracker's answer. */
export class Handling {
  /** With HANDLED_REFRESH: the new lifetime in whole seconds. */
  timeout = 0
  /** The protocol's state changed, in the sense that a listener is told of. The caller clears it. */
  stateChanged = false
}
