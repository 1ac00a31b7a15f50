/** What a run as a whole has shown, as data: explain/finding-words.ts has the sentences. */
import type { DecidedBy } from './record.ts'
import type { TableCensus } from './table-census.ts'

/** Situations that a run is searched for. */
export const FINDINGS = [
  'table-full',
  'nat-skipped',
  'after-expiry',
  'out-of-window',
  'handshake-order',
  'out-of-state',
  'late-answer',
  'one-sided',
  'syn-flood',
  'scan',
  'mid-stream',
  'refused',
  'port-reused',
  'reset-refused',
  'no-connection',
  'after-close',
] as const

export type FindingCode = (typeof FINDINGS)[number]

/** A conversation in which it was found. */
export interface FindingFlow {
  readonly protocol: string
  readonly source: string
  readonly sourcePort?: number
  readonly destination: string
  readonly destinationPort?: number
  readonly packets: number
  /** Of the first of them; over the whole run, from 1. */
  readonly first: number
}

export interface Finding {
  readonly code: FindingCode
  readonly packets: number
  /** Of these, dropped or rejected. */
  readonly blocked: number
  /** Conversations; what comes beyond those that are remembered is not counted. */
  readonly flows: number
  /** Were there more conversations than are remembered? */
  readonly isMore: boolean
  /** Number of the first packet, from 1. */
  readonly first: number
  /** Those with most packets first, three at most. */
  readonly examples: readonly FindingFlow[]
  /** Who dropped the first that was dropped; null where none was. */
  readonly decidedBy: DecidedBy | null
  /** Seconds; `after-close`, `after-expiry`, `late-answer`: how late the latest came. */
  readonly latest: number
  /** `table-full`: what filled it when a packet found it full first; null else. */
  readonly census: TableCensus | null
  /** `scan`: addresses and ports that were tried, as far as they can be told apart; `syn-flood`: addresses that sent. */
  readonly targets: { readonly hosts: number; readonly ports: number } | null
  /** `scan`, `syn-flood`: attempts that were answered. */
  readonly answered: number
}
