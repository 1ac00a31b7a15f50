/** What an extension is compiled for and with, and what it becomes. */
import type { Tracker } from '../conntrack/tracker.ts'
import type { Host } from '../host/host.ts'
import type { Family } from '../ruleset/model.ts'
import type { TableName } from '../ruleset/tables.ts'
import type { Note } from './note.ts'
import type { Passage } from './passage.ts'
import type { Random } from './random.ts'

/**
 * A compiled match: true when the packet matches, inversion included. Runs once a packet and rule, so it allocates
 * nothing. It may set `passage.stop`, and then answers false.
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
  /** Seeded: the same run gives the same numbers. */
  readonly random: Random
  /**
   * State that rules share by name (lists of `recent`, tables of `hashlimit`): the first to ask makes it. Names are
   * per kind and family; by convention `recent/ipv4/ssh`.
   */
  shared<T>(name: string, make: () => T): T
  /** Tells what a target has to say, as data: a line to log, a packet for a group. Formatting is done elsewhere. */
  notify(passage: Passage, note: Note): void
  /** Sends a packet of this machine's own, as an answer to the one on its way: IP header first. */
  answer(passage: Passage, bytes: Uint8Array): void
}

/** Thrown by `compile`: this rule can be read and printed, but not evaluated; `message` says what is missing. */
export class NotEvaluated extends Error {
  override readonly name = 'NotEvaluated'
}
