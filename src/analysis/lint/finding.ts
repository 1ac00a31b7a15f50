/** What a finding is, and what finds it. */
import type { Place } from '../../ruleset/model.ts'
import type { LintContext } from './context.ts'

/** A `warning` makes `sallyport lint` end with exit code 1, a `note` does not. */
export type Severity = 'warning' | 'note'

/** As a check finds it. */
export interface Found {
  /** Of a rule, a chain or a table. */
  readonly place: Place
  readonly table: string
  /** Null: the whole table. */
  readonly chain: string | null
  /** Where it is not that of the check. */
  readonly severity?: Severity
  /** Of the rule in its chain, from 1; null: the chain as a whole. */
  readonly number: number | null
  /** A sentence without a full stop. */
  readonly message: string
  /** What to do, a phrase without a full stop. */
  readonly advice: string
  /** Lines that do it, as they stand in a file for iptables-restore. */
  readonly lines?: readonly string[]
}

/** One kind of finding: an entry of the catalogue. */
export interface Check {
  /** Stable; what a silencing comment names. */
  readonly code: string
  readonly severity: Severity
  /** A phrase for the table of all codes, no full stop. */
  readonly summary: string
  /** Why it is worth a look: for the reference page. */
  readonly meaning: string
  /** When it is meant so. */
  readonly silence: string
  /** Rules that have it, as iptables-restore reads them: the example of the reference page, and a test. */
  readonly example: readonly string[]
  find(context: LintContext): Iterable<Found>
}
