/** What rules see of the connection that a packet belongs to (nf_ct_get). */

import { entryOf, type Outcome, statusOf } from '../conntrack/outcome.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_NEW,
  CTINFO_NONE,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  CTINFO_UNTRACKED,
  ORIGINAL,
  REPLY,
} from '../conntrack/status.ts'
import type { StateTable } from '../conntrack/table.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Environment } from '../hook/environment.ts'
import { type Passage, STOP_UNKNOWN } from '../hook/passage.ts'

/** Bits of `stateNames`. */
const STATE_INVALID = 1
export const STATE_NEW = 2
const STATE_RELATED = 4
const STATE_ESTABLISHED = 8
const STATE_UNTRACKED = 16
export const STATE_SNAT = 32
export const STATE_DNAT = 64

/** The bit of a CTINFO_*; of a packet that met no tracker INVALID, as it has no entry. */
const stateBits = new Uint8Array(16).fill(STATE_INVALID)
stateBits[CTINFO_ESTABLISHED] = STATE_ESTABLISHED
stateBits[CTINFO_ESTABLISHED_REPLY] = STATE_ESTABLISHED
stateBits[CTINFO_RELATED] = STATE_RELATED
stateBits[CTINFO_RELATED_REPLY] = STATE_RELATED
stateBits[CTINFO_NEW] = STATE_NEW
stateBits[CTINFO_UNTRACKED] = STATE_UNTRACKED

export function stateBit(ctinfo: number): number {
  return stateBits[ctinfo]!
}

/** The state's bit. In table raw a packet with a template is NEW, for that is what Linux gives templates. */
export function stateOf({ outcome, template }: Passage, raw: boolean): number {
  return raw && template.given ? STATE_NEW : stateBit(outcome.ctinfo)
}

/** The packet has an entry, if only one that it ended itself. */
export function isTracked(ctinfo: number): boolean {
  return ctinfo <= CTINFO_RELATED_REPLY
}

/** The packet's direction is the reply direction, CTINFO2DIR. */
export function isReply(ctinfo: number): boolean {
  return ctinfo >= CTINFO_ESTABLISHED_REPLY
}

/**
 * Whether a rule of this table can be told what the packet is: not where the capture was cut so short that the tracker
 * could not. Ahead of the tracker, in table raw, every packet is without a connection.
 */
export function isJudged(passage: Passage, raw: boolean): boolean {
  if (passage.outcome.ctinfo !== CTINFO_NONE || raw) return true
  passage.stop = STOP_UNKNOWN
  return false
}

export function isRaw({ table }: Environment): boolean {
  return table === 'raw'
}

/** Both directions of a packet's connection, NAT included: filled by `read`, and reused. */
export class EntryTuples {
  readonly original = new Tuple()
  readonly reply = new Tuple()
  readonly #table: StateTable

  constructor(table: StateTable) {
    this.#table = table
  }

  /** The packet has a connection. */
  read(outcome: Outcome): void {
    const entry = entryOf(outcome)
    const status = statusOf(this.#table, outcome)
    this.#table.readTuple(entry, ORIGINAL, this.original, status)
    this.#table.readTuple(entry, REPLY, this.reply, status)
  }
}
