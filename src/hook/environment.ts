/** What an extension is compiled for and with, and what it becomes. */
import type { Tracker } from '../conntrack/tracker.ts'
import type { Host } from '../host/host.ts'
import type { Sets } from '../ipset/sets.ts'
import type { Family } from '../ruleset/model.ts'
import type { TableName } from '../ruleset/tables.ts'
import type { Note } from './note.ts'
import type { Passage } from './passage.ts'
import type { Random } from './random.ts'

/**
 * A compiled match: true when the packet matches, inversion included. Runs once a packet and rule, so it allocates
 * nothing. It may set `passage.stop`, and then answers false; or true for a hotdrop that its inversion turned over, so that
 * the rule counts the packet and its target acts before it is dropped.
 */
export type Test = (passage: Passage) => boolean

/** A compiled target: VERDICT_*. Allocates nothing, unless it is rare by its nature (an answer, a log line). */
export type Action = (passage: Passage) => number

/** Handed to `compile`, the same object for all rules of a table. */
export interface Environment {
  readonly family: Family
  readonly table: TableName
  /** State table, clock, settings, statistics. */
  readonly tracker: Tracker
  /** Interfaces, addresses and routes of the machine whose rules these are. */
  readonly host: Host
  /** The IP sets that were given. */
  readonly sets: Sets
  /** Seeded: the same run gives the same numbers. */
  readonly random: Random
  /**
   * State that rules share by name (lists of `recent`, tables of `hashlimit`): the first to ask makes it. Names are
   * per kind and family; by convention `recent/ipv4/ssh`.
   */
  shared<T>(name: string, make: () => T): T
  /** Tells what a target has to say, as data: a line to log, a packet for a group. Formatting is done elsewhere. */
  notify(passage: Passage, note: Note): void
  /**
   * Sends a packet of this machine's own, IP header first, because of the one on its way, which REJECT then drops. It
   * runs inside that packet, ahead of its end: OUTPUT (raw, mangle, nat, filter) and POSTROUTING, with mark 0, no
   * incoming interface, routed by its own destination. What it is to the tracker (nf_conntrack_attach, asked of Linux):
   *
   * - The packet on its way has an entry (`passage.outcome.entry` ≥ 0): the answer carries the same one, from the start;
   *   the tracker is not asked, CT and NOTRACK do nothing. Its `ctinfo` is RELATED_REPLY if that of the packet is of the
   *   original direction (below 3: ESTABLISHED, RELATED, NEW), else RELATED; a reset too is RELATED. Its `changes` begin
   *   as those of the packet: what was noted of that, a reset's CLOSE too, is told when the answer passes.
   * - `Tracker.confirm` with it, not `discard`: RELATED_REPLY leaves an entry that is not in the table out of it (the
   *   packet's own end discards that), and asks no helper.
   * - The packet is INVALID or UNTRACKED: the answer has no entry and goes through the tracker like any other. Mostly it
   *   is INVALID then: a reset without an entry, an error about a flow that nobody tracks.
   * - NAT: an ICMP error is not shown to the rules; it is translated by the entry's mapping like any error, what it quotes
   *   too. A reset is shown to them as if it began the connection where the entry has no mapping of that kind yet: of a
   *   NEW packet rejected in FORWARD, that is nat POSTROUTING, whose rule counts it.
   *
   * No packet is made where Linux makes none. The entry of a reset is CLOSE already (`Tracker.setClosing`).
   */
  answer(passage: Passage, bytes: Uint8Array): void
}

/** Thrown by `compile`: this rule can be read and printed, but not evaluated; `message` says what is missing. */
export class NotEvaluated extends Error {
  override readonly name = 'NotEvaluated'
}
