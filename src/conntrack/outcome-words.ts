/** The numbers in an `Outcome`: apart from it, so that bundlers put them in place. */

/** `Outcome.droppedBy`: who dropped the packet. */
export const DROPPED_BY_NOBODY = 0
/** The stack, before any hook, or while putting fragments together. */
export const DROPPED_BY_IP = 1
/** The tracker: table full, clash. */
export const DROPPED_BY_CONNTRACK = 2
/** A helper that could not do its work on the packet. */
export const DROPPED_BY_HELPER = 3
/** A rule, a policy, or a match that could not read the packet. */
export const DROPPED_BY_RULES = 4

/** `Outcome.changes`: what listeners are told of (IPCT_*), merged over the packet. */
export const CHANGED_NEW = 1
export const CHANGED_REPLY = 2
export const CHANGED_ASSURED = 4
export const CHANGED_STATE = 8
export const CHANGED_MARK = 32
