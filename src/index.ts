/**
 * Sallyport's engine: Linux connection tracking and iptables in virtual time. It runs anywhere, in a browser as well: it
 * opens no file and reads no clock.
 */

// Rules without traffic
export type { Severity } from './analysis/lint/finding.ts'
export {
  type LintFinding,
  type LintReport,
  lintRuleset,
  type UndecidedRule,
} from './analysis/lint/lint.ts'
export {
  type OpenRule,
  type QueryAnswer,
  type QueryOptions,
  queryRuleset,
  type RuleReference,
} from './analysis/query/query.ts'
export { NoQuestion } from './analysis/query/question.ts'
export type { Verdict, WayName } from './analysis/query/walk.ts'
export type { Witness } from './analysis/query/witness.ts'
// Captures in and out
export { type CaptureInput, type CaptureOptions, MergedCapture, readCapture } from './capture/merge.ts'
export { type CaptureInterface, type CaptureProblem, CaptureRecord } from './capture/record.ts'
export type { Chunks, Decompressor } from './capture/source.ts'
export { pcapngInterface, pcapngPacket, pcapngSection } from './capture/writer.ts'
// Connection tracking
export { findHelper } from './conntrack/helper/registry.ts'
export type { HelperAssignment } from './conntrack/helpers.ts'
export { type LoadResult, loadEntry } from './conntrack/load.ts'
export { Outcome } from './conntrack/outcome.ts'
export { REASONS, type ReasonCode, type ReasonData, type ReasonKind, reasonData } from './conntrack/reason.ts'
export { type LinuxEra, SettingError, Settings, SYSCTLS } from './conntrack/settings.ts'
export { type Ctstate, ctstateOf } from './conntrack/status.ts'
export { subscribe } from './conntrack/subscribe.ts'
export { type ChecksumPolicy, Tracker, type TrackerOptions } from './conntrack/tracker.ts'
export { Tuple } from './conntrack/tuple.ts'
export type { EntryView, EventView, ExpectationView, StatisticsView, TupleView } from './conntrack/view.ts'
export { expectationsOf, tableOf } from './conntrack/view-entry.ts'
// In words
export { type Assumption, assumptionsOf } from './explain/assumption.ts'
export { reasonSentence } from './explain/catalogue.ts'
export { Filter, parseFilter } from './filter/filter.ts'
export { type FilterError, formatFilterError } from './filter/refusal.ts'
// The way of a packet, and what happened to it
export { CapturePlace, type CapturePlaceOptions } from './firewall/capture-place.ts'
export { countedRuleset } from './firewall/counted.ts'
// Rules
export { extensions } from './firewall/extensions.ts'
export { Firewall, type FirewallOptions } from './firewall/firewall.ts'
export { HostWay, type HostWayOptions, type WayAssumptions } from './firewall/host-way.ts'
export { parseRuleset, type RulesetOptions } from './firewall/ruleset-text.ts'
// As others print it
export { formatEvent } from './format/event.ts'
export { formatExpectation } from './format/expectation.ts'
export { NdjsonWriter } from './format/ndjson.ts'
export { type ParsedTable, parseTable } from './format/parse.ts'
export { type TableFormatName, tableFormats, tableLines } from './format/table-format.ts'
// The machine that the rules are for
export { Host } from './host/host.ts'
export { HostError } from './host/host-error.ts'
export { readIpOutput } from './host/ip-output.ts'
export { formatSetProblem, readSets, type SetProblem } from './ipset/reader.ts'
export { Sets } from './ipset/sets.ts'
// Packets
export { buildPacket, type PacketPlan } from './packet/build.ts'
export { decodeFrame, decodeNetwork } from './packet/decode.ts'
export { type HeaderCheck, OffloadedHeaders } from './packet/header-check.ts'
export { DIRECTION_INCOMING, DIRECTION_OUTGOING, Packet } from './packet/packet.ts'
export { Consequences } from './replay/consequences.ts'
export type {
  ChangeGroup,
  FlowChange,
  Judgement,
  TellingPacket,
} from './replay/difference/change.ts'
export { Comparison } from './replay/difference/comparison.ts'
export type { Conversation } from './replay/difference/conversations.ts'
export type { Difference } from './replay/difference/difference.ts'
export type { Effect, Fate } from './replay/difference/effect.ts'
export { NewSide, type NewSideParts } from './replay/difference/new-side.ts'
export type { HitChange, Met } from './replay/difference/rule-hits.ts'
export type { RulePlace } from './replay/difference/rule-place.ts'
export type { Session, SwapReport } from './replay/difference/sessions.ts'
export { Side, type SideParts } from './replay/difference/side.ts'
export { Tracing } from './replay/difference/tracing.ts'
export type { Cause, Why } from './replay/difference/why.ts'
export { Feed, type FeedOptions } from './replay/feed.ts'
export type {
  DecidedBy,
  PacketRecord,
  RecordAnswer,
  RecordEgress,
  RecordEntry,
  RecordTuple,
} from './replay/record.ts'
export { recordOf } from './replay/record-of.ts'
export { type Moment, Replay, type ReplayObserver } from './replay/replay.ts'
export { type Captured, Standpoint, type StandpointCounts } from './replay/standpoint.ts'
export { Station, type StationOptions } from './replay/station.ts'
export { Summary } from './replay/summary.ts'
export { TraceRecorder, type TraceStep } from './replay/trace.ts'
// Rules as data
export { type Diagnostic, formatDiagnostic } from './ruleset/diagnostic.ts'
export type { Chain, Family, Rule, Ruleset, Table } from './ruleset/model.ts'
export type { ParsedRuleset } from './ruleset/parser.ts'
export { type PrintOptions, printRuleset } from './ruleset/printer.ts'
