/** Netfilter's hooks by number, the tables that stand in each, and how a rule ends. */
import type { TableName } from '../ruleset/tables.ts'

/** `enum nf_inet_hooks`; `Passage.hook`. */
export const HOOK_PREROUTING = 0
export const HOOK_INPUT = 1
export const HOOK_FORWARD = 2
export const HOOK_OUTPUT = 3
export const HOOK_POSTROUTING = 4
/** The packet has met no hook yet. */
export const HOOK_NONE = -1

/** Tables in the order of their priorities (NF_IP_PRI_*); connection tracking stands behind raw, confirm at the end. */
export const tablesOfHook: readonly (readonly TableName[])[] = [
  ['raw', 'mangle', 'nat'],
  ['mangle', 'filter', 'security', 'nat'],
  ['mangle', 'filter', 'security'],
  ['raw', 'mangle', 'nat', 'filter', 'security'],
  ['mangle', 'nat'],
]

/** What an `Action` answers. Go on with the next rule (XT_CONTINUE). */
export const VERDICT_CONTINUE = 0
/** Ends this table; later tables and hooks still run. */
export const VERDICT_ACCEPT = 1
/** Ends the packet. */
export const VERDICT_DROP = 2
/** Back to where the chain was jumped from. */
export const VERDICT_RETURN = 3
/** Ends the packet's way here: a program gets it, if one listens. */
export const VERDICT_QUEUE = 4
/** Dropped, and answered: the record says REJECT. */
export const VERDICT_REJECT = 5
