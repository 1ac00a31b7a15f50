/**
 * What the page and its worker say to each other. The page asks, each question with a number; the worker answers with the same
 * number, or says why it cannot. Long lists are answered by page. Whatever stands in these messages is data: text, never markup.
 */
import type { TraceStep } from '../src/replay/trace.ts'

export interface SourceFile {
  readonly name: string
  readonly blob: Blob
}

export interface SourceText {
  readonly name: string
  readonly text: string
}

/** What is to be run. */
export interface Load {
  /** At least one; several are merged by time. */
  readonly captures: readonly SourceFile[]
  readonly rules: SourceText | null
  readonly rules6: SourceText | null
}

/** Of a run: complete behind its end, and growing until then. */
export interface Totals {
  readonly packets: number
  readonly flows: number
}

export interface Progress extends Totals {
  readonly bytesRead: number
  readonly bytes: number
}

/** A run that has ended. */
export interface Overview extends Totals {
  readonly names: readonly string[]
  readonly rules: string | null
  /** See `Fingerprint`. */
  readonly fingerprint: string
  /** Seconds since 1970 UTC; 0 where there is no packet. */
  readonly start: number
  readonly end: number
  readonly ctstates: Readonly<Record<string, number>>
  readonly verdicts: Readonly<Record<string, number>>
  /** Packets that belong to no connection. */
  readonly outside: number
  /** What was taken for granted, a clause each. */
  readonly assumptions: readonly string[]
  readonly hasRules: boolean
}

export type SortKey = 'first' | 'tuple' | 'state' | 'packets' | 'bytes' | 'odd'

export interface FlowsQuestion {
  /** A selection in the words of the command line; '' for all. */
  readonly filter: string
  readonly sort: SortKey
  readonly descending: boolean
  readonly from: number
  readonly count: number
}

export interface FlowRow {
  /** Over the run, from 1. */
  readonly flow: number
  readonly protocol: string
  /** Who opened it, and who was asked: `192.0.2.1:80`. */
  readonly client: string
  readonly server: string
  readonly state: string | null
  /** Each way. */
  readonly packets: readonly [number, number]
  readonly bytes: readonly [number, number]
  readonly history: string
  readonly invalid: number
  readonly blocked: number
  /** Its most telling reason. */
  readonly reason: string | null
  readonly first: number
  readonly last: number
  /** The packet that tells most about it. */
  readonly telling: number
}

export interface FlowPage {
  /** Connections that are selected. */
  readonly total: number
  readonly rows: readonly FlowRow[]
}

/** What is wrong with a selection. */
export interface FilterProblem {
  readonly message: string
}

/** A packet of a connection, as an arrow. */
export interface Arrow {
  readonly packet: number
  /** Seconds since the connection's first packet. */
  readonly after: number
  /** 0 from who opened it, 1 from who was asked, 2 from neither. */
  readonly side: 0 | 1 | 2
  /** `SYN+ACK`, `ICMP 3/1`, `UDP`. */
  readonly label: string
  /** TCP: relative to the first number seen of its side. */
  readonly sequence: number | null
  readonly acknowledgment: number | null
  readonly payload: number
  readonly window: number | null
  readonly ctstate: string | null
  readonly verdict: string | null
  readonly decidedBy: string | null
  readonly reason: string | null
  /** The reason is out of the ordinary. */
  readonly odd: boolean
  readonly state: string | null
  /** Whole seconds that its entry has; null for none. */
  readonly timeout: number | null
}

export interface ArrowsQuestion {
  readonly flow: number
  readonly from: number
  readonly count: number
}

export interface ArrowPage {
  readonly row: FlowRow
  readonly total: number
  readonly arrows: readonly Arrow[]
}

export interface PlaceQuestion {
  readonly packet: number
}

export interface PacketPlace {
  readonly packet: number
  /** 0: none. */
  readonly flow: number
  /** Its place among the packets of the connection, from 0. */
  readonly at: number
  /** Seconds since 1970 UTC, with nine decimals. */
  readonly time: string
  readonly file: string
  readonly frame: number
  readonly ctstate: string | null
  readonly verdict: string | null
  readonly reason: string | null
}

export interface ExplainQuestion {
  readonly packet: number
  /** Columns of the text. */
  readonly width: number
}

/** A part of a line of text; `plain` unless the command would print it in another style. */
export interface Span {
  readonly style: 'plain' | 'heading' | 'dim' | 'bad'
  readonly text: string
}

/** The text of `sallyport explain`, and the way through the rules. */
export interface Explained {
  readonly packet: number
  readonly family: 'ipv4' | 'ipv6' | null
  readonly lines: readonly (readonly Span[])[]
  readonly trace: readonly TraceStep[]
}

export interface TableQuestion {
  /** The table as this packet leaves it. */
  readonly packet: number
  readonly from: number
  readonly count: number
}

export interface TableRow {
  readonly flow: number
  /** As `conntrack -L` prints it. */
  readonly line: string
  /** The packet made or changed it. */
  readonly changed: 'new' | 'updated' | null
}

export interface TablePage {
  readonly packet: number
  readonly total: number
  /** The entry that the packet ended, as it was. */
  readonly ended: string | null
  readonly rows: readonly TableRow[]
}

export interface RuleRow {
  readonly family: 'ipv4' | 'ipv6'
  readonly table: string
  readonly chain: string
  readonly kind: 'chain' | 'rule'
  /** From 1 in its chain; 0 for the chain itself. */
  readonly number: number
  /** As iptables-save prints it; of a chain its policy, or `-`. */
  readonly text: string
  /** Of its file; 0 for a chain that the file does not name. */
  readonly line: number
  readonly packets: number
  readonly bytes: number
  /** Packets on whose way it had the last word. */
  readonly decided: number
}

export interface TimelineQuestion {
  readonly buckets: number
}

/** Of equal spans of time; all lists are as long. */
export interface Timeline {
  /** Seconds since 1970 UTC at which each span begins. */
  readonly times: readonly number[]
  /** Packets of each span by series. */
  readonly established: readonly number[]
  readonly opening: readonly number[]
  readonly invalid: readonly number[]
  readonly blocked: readonly number[]
  /** Most entries in the table. */
  readonly table: readonly number[]
  /** The last packet up to the end of each span. */
  readonly packets: readonly number[]
}

/** Questions with their answers. */
export interface Questions {
  load: { ask: Load; answer: Overview }
  flows: { ask: FlowsQuestion; answer: FlowPage | FilterProblem }
  arrows: { ask: ArrowsQuestion; answer: ArrowPage }
  place: { ask: PlaceQuestion; answer: PacketPlace }
  table: { ask: TableQuestion; answer: TablePage }
  rules: { ask: null; answer: readonly RuleRow[] }
  timeline: { ask: TimelineQuestion; answer: Timeline }
  explain: { ask: ExplainQuestion; answer: Explained }
  cancel: { ask: null; answer: null }
}

export type Kind = keyof Questions

/** To the worker. */
export type Question = {
  [K in Kind]: { readonly id: number; readonly kind: K; readonly ask: Questions[K]['ask'] }
}[Kind]

/** To the page: an answer, a refusal, or how far a load has come. */
export type Reply =
  | { readonly id: number; readonly answer: Questions[Kind]['answer'] }
  | { readonly id: number; readonly refused: string }
  | { readonly id: number; readonly progress: Progress }
