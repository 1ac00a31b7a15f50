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

/** How packets are judged beside the rules, in the words of the command line's options; '' where nothing is said. */
export interface ToldSettings {
  readonly linux: '6.18' | '2.4'
  /** Lines `name = value`, as sysctl -a prints them. */
  readonly sysctls: string
  /** What ip -j addr and ip -j route print; or lines `local eth0=192.0.2.1/24`, `route default=eth0`, `pair in0:out0`. */
  readonly host: string
  /** What ipset save prints. */
  readonly ipset: string
  /** Policies of -j CT --timeout, as nfct has them. */
  readonly timeouts: string
  readonly checksum: 'auto' | 'verify' | 'ignore'
  readonly conntrack: 'always' | 'auto'
  readonly captured: 'auto' | 'inside' | 'outside' | 'both' | 'wire'
  readonly asRecorded: boolean
  /** 0–65535. */
  readonly zone: number
  /** 24–1200. */
  readonly hz: number
  /** From 1. */
  readonly seed: number
}

/** What the command line has unless it is told otherwise. */
export const usualSettings: ToldSettings = {
  linux: '6.18',
  sysctls: '',
  host: '',
  ipset: '',
  timeouts: '',
  checksum: 'auto',
  conntrack: 'always',
  captured: 'auto',
  asRecorded: false,
  zone: 0,
  hz: 250,
  seed: 1,
}

/** A scenario's text, and what it names. */
export interface ScenarioText extends SourceText {
  /** Files that it may name, by their paths as they stand in it. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[]
}

/** One of its tests. */
export interface PlayedScenario extends ScenarioText {
  /** From 0. */
  readonly test: number
}

/** What is to be run. */
export interface Load {
  /** At least one, unless there is a scenario; several are merged by time. */
  readonly captures: readonly SourceFile[]
  readonly rules: SourceText | null
  readonly rules6: SourceText | null
  readonly settings: ToldSettings
  /** In place of all else: it has packets, rules and settings of its own. */
  readonly scenario: PlayedScenario | null
}

export interface LoadQuestion extends Load {
  /** Nothing of it is shown before it has ended. */
  readonly isHidden?: boolean
}

/** Something about a part of a text that a person writes. */
export interface TextMark {
  /** Offsets of its first character, and of the one behind it. */
  readonly start: number
  readonly end: number
  /** From 1. */
  readonly line: number
  /** With an error nothing can be run; a failed expectation, and one that holds, are of scenarios. */
  readonly kind: 'error' | 'warning' | 'note' | 'failed' | 'passed'
  readonly code: string | null
  readonly message: string
  /** What could stand there, or what to do. */
  readonly advice: string | null
  /** Changes that mend it. */
  readonly fixes: readonly TextFix[]
}

/** Replaces a part of a text. */
export interface TextFix {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface RulesCheckQuestion extends SourceText {
  readonly family: 'ipv4' | 'ipv6'
}

/** A mistake in one of the texts of `ToldSettings`. */
export interface SettingMark extends TextMark {
  readonly field: 'sysctls' | 'host' | 'ipset' | 'timeouts'
}

export interface ScenarioTest {
  readonly name: string
  /** From 1. */
  readonly line: number
}

/** A scenario, read. */
export interface ScenarioCheck {
  /** Empty where it cannot be read. */
  readonly tests: readonly ScenarioTest[]
  readonly marks: readonly TextMark[]
}

/** What the tests of a scenario come to. */
export interface ScenarioResults {
  /** By test. */
  readonly passed: readonly boolean[]
  /** Expectations that fail or hold, in the order of the text. */
  readonly marks: readonly TextMark[]
}

/** The test of a scenario that is shown. */
export interface PlayedTest {
  readonly tests: readonly ScenarioTest[]
  readonly test: number
  /** By packet: the line, from 1, that sends it. */
  readonly lines: Int32Array
}

/** Of a run: complete behind its end, and growing until then. */
export interface Totals {
  readonly packets: number
  readonly flows: number
}

/** How far a load has come; of what runs the capture once more (selections, explanations), how far that is. */
export interface Progress extends Totals {
  readonly bytesRead: number
  readonly bytes: number
  /** Questions are answered about what is there of this load; before, and where it fails, about the run before it. */
  readonly isShown: boolean
}

/** A run, most often one that has ended. */
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
  /** Null: a capture is shown. */
  readonly scenario: PlayedTest | null
  /** It has ended: nothing is added any more. */
  readonly isWhole: boolean
  /** The capture has more packets: there was no room for them, or nobody wanted to wait for them. */
  readonly isCut: boolean
}

/** Packets of the run, from 1; none where `last` is below `first`. */
export interface PacketSpan {
  readonly first: number
  readonly last: number
}

export type SortKey = 'first' | 'tuple' | 'state' | 'packets' | 'bytes' | 'odd'

/** Which connections, in which order. */
export interface FlowOrderQuestion {
  /** A selection in the words of the command line; '' for all. */
  readonly filter: string
  /** Only those with a packet that met this rule, or the policy of this chain: its place among the rows; null for all. */
  readonly rule: number | null
  /** Only those with a packet in it; null for all. */
  readonly span: PacketSpan | null
  readonly sort: SortKey
  readonly descending: boolean
}

export interface FlowsQuestion extends FlowOrderQuestion {
  readonly from: number
  readonly count: number
}

export interface FlowPlaceQuestion extends FlowOrderQuestion {
  readonly flow: number
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
  /** The packet from which on it is in force: 1, but for rules that a scenario loads on its way. */
  readonly since: number
}

export interface MetQuestion {
  /** A rule, or a chain with its policy: its place among the rows, from 0. */
  readonly row: number
}

/** The packets that were counted by a rule. */
export interface Met {
  readonly total: number
  /** Their numbers, in order; of very many the first. */
  readonly packets: Int32Array
}

export interface TimelineQuestion {
  readonly buckets: number
  /** Seconds since 1970 UTC; null for the first and the last packet's. */
  readonly from: number | null
  readonly to: number | null
}

/** Seconds since 1970 UTC, both ends included. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

export interface SeekQuestion {
  /** Seconds since 1970 UTC. */
  readonly time: number
}

/** The moment at a time. */
export interface Seek {
  /** The last packet up to it; the first one where there is none. */
  readonly packet: number
  /** When the packet behind it comes; null: it is the last. */
  readonly next: number | null
}

export interface OddQuestion {
  readonly packet: number
  /** On or back. */
  readonly step: 1 | -1
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

/** To be saved. */
export interface SavedFile {
  readonly name: string
  readonly blob: Blob
  readonly packets: number
}

/** Both sides have the captures, the host and the seed of `old`. */
export interface CompareQuestion {
  readonly old: Load
  readonly now: Load
}

/** Who decided on one side. */
export interface ComparedSide {
  /** The verdict, or why there is none. */
  readonly fate: string
  /** `INPUT 6`; '' where no rule decided, `text` then says who did. */
  readonly place: string
  /** `rules.v4:13`. */
  readonly line: string
  readonly text: string
}

/** Flows that changed alike. */
export interface ComparedGroup {
  readonly title: string
  readonly flows: number
  readonly packets: number
  readonly old: ComparedSide
  readonly now: ComparedSide
  /** Sentences about the first of its flows. */
  readonly why: readonly string[]
  readonly examples: readonly {
    readonly name: string
    readonly numbers: string
    /** The one that tells, from 1. */
    readonly packet: number
  }[]
}

/** What differs, in the words of `sallyport diff`. */
export interface Comparison {
  readonly headline: string
  readonly same: boolean
  readonly notes: readonly string[]
  readonly groups: readonly ComparedGroup[]
  readonly moreGroups: number
  /** Rules that stand elsewhere, or took another number of packets. */
  readonly rules: readonly {
    readonly sign: '-' | '+' | '~' | ' '
    readonly old: string
    readonly now: string
    readonly place: string
    readonly text: string
  }[]
  readonly moreRules: number
  readonly assumptions: readonly string[]
}

/** Questions with their answers. */
export interface Questions {
  load: { ask: LoadQuestion; answer: Overview }
  flows: { ask: FlowsQuestion; answer: FlowPage | FilterProblem }
  arrows: { ask: ArrowsQuestion; answer: ArrowPage }
  place: { ask: PlaceQuestion; answer: PacketPlace }
  table: { ask: TableQuestion; answer: TablePage }
  rules: { ask: null; answer: readonly RuleRow[] }
  met: { ask: MetQuestion; answer: Met }
  timeline: { ask: TimelineQuestion; answer: Timeline }
  /** Of the run that is shown, as far as it has come. */
  overview: { ask: null; answer: Overview }
  /** Where a connection stands in a list, from 0; -1: it is not in it. */
  flowPlace: { ask: FlowPlaceQuestion; answer: number }
  span: { ask: TimeSpan; answer: PacketSpan }
  seek: { ask: SeekQuestion; answer: Seek }
  /** The next packet that was dropped, is INVALID, or has an odd reason; 0 for none. */
  odd: { ask: OddQuestion; answer: number }
  explain: { ask: ExplainQuestion; answer: Explained }
  cancel: { ask: null; answer: null }
  /** Ends the runs for selections and rules. */
  unselect: { ask: null; answer: null }
  /** Ends the load in hand with the packets that are there. */
  stop: { ask: null; answer: null }
  checkRules: { ask: RulesCheckQuestion; answer: readonly TextMark[] }
  checkSettings: { ask: ToldSettings; answer: readonly SettingMark[] }
  checkScenario: { ask: ScenarioText; answer: ScenarioCheck }
  results: { ask: ScenarioText; answer: ScenarioResults }
  compare: { ask: CompareQuestion; answer: Comparison }
  /** The packets of connections, with what became of each as a comment: of one, from 1, or of all that are shown. */
  savePcapng: { ask: { readonly flow: number } | FlowOrderQuestion; answer: SavedFile }
  /** A connection as a scenario. */
  saveScenario: { ask: { readonly flow: number }; answer: SavedFile }
  /** Gives up the comparison in hand. */
  leaveCompare: { ask: null; answer: null }
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
