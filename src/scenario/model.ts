/** A scenario as data: what is set up, what is sent when, and what is expected of it. Nothing here has happened yet. */
import type { ReasonCode } from '../conntrack/reason.ts'
import type { Ctstate } from '../conntrack/status.ts'
import type { TableFormatName } from '../format/table-format.ts'
import type { LocalWords, PairWords, RouteWords } from '../host/host-words.ts'
import type { TcpOptionPlan } from '../packet/build-transport.ts'
import type { PacketRecord } from '../replay/record.ts'
import type { Family } from '../ruleset/model.ts'
import type { Amount } from './amount.ts'
import type { Source, Span } from './problem.ts'

/** A file of scenarios, read. */
export interface ScenarioFile extends Source {
  /** At least one. */
  readonly tests: readonly Test[]
}

/** One scenario: it begins with an empty table. */
export interface Test {
  readonly name: string
  /** Its `test` line, or the first of its lines. */
  readonly span: Span
  readonly setup: Setup
  readonly steps: readonly Step[]
  /** Packets, by their number from 1, that a later one quotes. */
  readonly quoted: ReadonlySet<number>
}

/** What is there before the first packet. */
export interface Setup {
  readonly rules: readonly RulesText[]
  readonly sysctls: readonly SysctlWords[]
  readonly ipsets: readonly TextSource[]
  /** Policies of `-j CT --timeout`. */
  readonly timeouts: readonly TextSource[]
  readonly hosts: ReadonlyMap<string, HostWords>
  readonly local: readonly LocalAddress[]
  readonly routes: readonly RouteWords[]
  readonly pair: PairWords | null
  readonly helpers: readonly HelperWords[]
  /** Of all packets; null: 0. */
  readonly zone: ZoneWords | null
  readonly era: Era | null
  /** Why the kernel of today cannot be asked; null: it can. */
  readonly notOnKernel: string | null
  /** Of random numbers. */
  readonly seed: number
  /** Microseconds since 1970 UTC. */
  readonly start: number
}

/** Which kernel's connection tracking; null is today's. */
export type Era = '2.4'

/** A file that the scenario names, or a text in it. */
export type TextSource = { readonly span: Span } & (
  | { readonly path: string }
  /** So many lines of the scenario stand in front of it. */
  | { readonly text: string; readonly before: number }
)

export interface RulesText {
  readonly family: Family
  readonly source: TextSource
}

export interface SysctlWords {
  readonly span: Span
  readonly name: string
  readonly value: string
}

export interface ZoneWords {
  readonly span: Span
  /** 0–65535. */
  readonly number: number
}

export interface HelperWords {
  readonly span: Span
  readonly helper: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** An address of the machine with the rules. */
export type LocalAddress = LocalWords

/** A name for an address. */
export interface HostWords {
  readonly name: string
  /** As inet_ntop prints it. */
  readonly address: string
  /** The interface of the machine with the rules behind which it is, or that has the address; null: not told. */
  readonly interface: string | null
  /** It is an address of the machine with the rules. */
  readonly isLocal: boolean
}

/** An address, and a port where one is told. */
export interface Endpoint {
  readonly span: Span
  /** Name of the host, null for an address. */
  readonly host: string | null
  /** An address, or its parts where it is calculated. */
  readonly address: string | readonly (string | Amount)[]
  readonly port: Amount | null
}

export type Step =
  | PacketStep
  | RepeatStep
  | CountStep
  | TableStep
  | CountersStep
  | RulesStep
  | SysctlStep
  | InitialNumberStep
  | TrafficStep

interface Timed {
  /** Without its time. */
  readonly span: Span
  /** Microseconds since the step before. */
  readonly delay: number
}

export interface PacketStep extends Timed {
  readonly kind: 'packet'
  /** `@name`, for packets that quote it; null for none. */
  readonly label: string | null
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly body: Body
  /** TTL or hop limit. */
  readonly ttl: Amount | null
  readonly tos: Amount | null
  readonly identification: Amount | null
  readonly dontFragment: boolean
  readonly badChecksum: boolean
  /** The interface that it comes in by, or leaves by; null: that of its sender. */
  readonly via: string | null
  readonly expectations: readonly Expectation[]
}

/** A number that counts from the sender's initial one, unless it is literal. */
export interface SequenceNumber {
  readonly amount: Amount
  readonly isLiteral: boolean
}

/** Bytes: as they stand, or so many that do not matter. */
export type Payload = { readonly bytes: Uint8Array } | { readonly length: Amount }

export type Body =
  | TcpBody
  | {
      readonly protocol: 'udp' | 'udplite'
      readonly payload: Payload | null
    }
  | IcmpBody
  | {
      readonly protocol: 'sctp'
      readonly chunks: readonly { readonly type: number; readonly flags: number }[]
      readonly tag: Amount | null
      readonly initTag: Amount | null
    }
  | { readonly protocol: 'gre'; readonly callId: Amount | null; readonly payload: Payload | null }
  | { readonly protocol: number; readonly payload: Payload | null }

export interface TcpBody {
  readonly protocol: 'tcp'
  /** Byte of the header. */
  readonly flags: number
  /** Null: the sender goes on where it was. */
  readonly sequence: SequenceNumber | null
  /** Null with ACK: all that the other side sent. */
  readonly acknowledgment: SequenceNumber | null
  /** Null: the sender's last one. */
  readonly window: Amount | null
  readonly urgent: Amount | null
  readonly options: readonly TcpOptionWords[]
  /** Options are not padded with NOPs. */
  readonly isRaw: boolean
  readonly payload: Payload | null
  /** Sets the sender's initial number, from this packet on. */
  readonly initial: Amount | null
}

export type TcpOptionWords =
  | TcpOptionPlan
  | { readonly blocks: readonly (readonly [left: SequenceNumber, right: SequenceNumber])[] }

export interface IcmpBody {
  /** ICMPv6 where the addresses are IPv6. */
  readonly protocol: 'icmp'
  readonly span: Span
  /** Both families', where it has a name. */
  readonly types: Readonly<Partial<Record<Family, { readonly type: number; readonly code: number }>>>
  readonly id: Amount | null
  readonly sequence: Amount | null
  readonly mtu: Amount | null
  readonly payload: Payload | null
  /** An error quotes it: its number, or its label. */
  readonly about: { readonly span: Span; readonly packet: Amount | string } | null
}

/** So many times the same. */
export interface RepeatStep {
  readonly kind: 'repeat'
  readonly span: Span
  readonly count: number
  /** Counts from 0; null for none. */
  readonly counter: string | null
  readonly steps: readonly Step[]
}

/** Counts packets of the repetition or the capture that it stands in, else of the test so far. */
export interface CountStep {
  readonly kind: 'count'
  readonly span: Span
  readonly counts: readonly CountWords[]
}

/** `100 ACCEPT`: so many packets of which this holds. */
export interface CountWords {
  readonly span: Span
  readonly count: number
  readonly expectation: Expectation
}

/** The whole state table at this time. */
export interface TableStep extends Timed {
  readonly kind: 'table'
  readonly expected:
    | { readonly kind: 'size'; readonly entries: number }
    | { readonly kind: 'entries'; readonly entries: readonly EntryWords[]; readonly block: Span }
    | {
        readonly kind: 'lines'
        readonly format: TableFormatName
        readonly lines: readonly Span[]
        readonly block: Span
      }
}

/** What a rule or a policy has counted by now. */
export interface CountersStep extends Timed {
  readonly kind: 'counters'
  readonly rule: RuleWords
  readonly packets: number
  readonly bytes: number | null
}

/** Other rules from now on, of this family; the state table stays. */
export interface RulesStep extends Timed {
  readonly kind: 'rules'
  readonly rules: RulesText
}

/** Another setting from now on. */
export interface SysctlStep extends Timed {
  readonly kind: 'sysctl'
  readonly sysctls: readonly SysctlWords[]
}

/** Initial sequence numbers of hosts, for the connections that begin from here on. */
export interface InitialNumberStep {
  readonly kind: 'isn'
  readonly span: Span
  readonly numbers: readonly { readonly host: string; readonly amount: Amount }[]
}

/** A capture's packets, at their own times. */
export interface TrafficStep {
  readonly kind: 'traffic'
  readonly span: Span
  readonly path: string
  readonly flows: readonly FlowWords[]
  readonly counts: readonly CountStep[]
}

/** Of every packet of a conversation in a capture. */
export interface FlowWords {
  readonly span: Span
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly expectations: readonly Expectation[]
}

/** A rule by its comment or its place, or a policy. */
export type RuleWords =
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'rule'; readonly table: string | null; readonly chain: string; readonly number: number }
  | { readonly kind: 'policy'; readonly table: string | null; readonly chain: string }

/** Who decides that is no rule. */
export type OtherDecider = 'conntrack' | 'nat' | 'helper' | 'hotdrop' | 'ip' | 'unknown' | 'nobody'

export type DeciderWords = RuleWords | { readonly kind: OtherDecider }

/** Something that is expected of one packet. */
export type Expectation = { readonly span: Span } & (
  | { readonly kind: 'ctstate'; readonly ctstate: Ctstate | null; readonly reasons: readonly ReasonCode[] }
  /** None of them: there is no reason at all. */
  | { readonly kind: 'reason'; readonly reasons: readonly ReasonCode[] }
  | { readonly kind: 'entry'; readonly entry: EntryWords | null }
  | {
      readonly kind: 'verdict'
      readonly verdict: PacketRecord['verdict']
      readonly by: DeciderWords | null
    }
  | { readonly kind: 'hook'; readonly hook: string }
  /** `reset`, or the name of an ICMP type; null: nothing. */
  | { readonly kind: 'sends'; readonly what: string | null }
  /** Null: it does not. */
  | { readonly kind: 'leaves'; readonly leaves: LeavesWords | null }
  /** What a line of LOG begins with; null: no line. */
  | { readonly kind: 'log'; readonly text: string | null }
  /** `?`: to be filled in. */
  | { readonly kind: 'open' }
)

export interface LeavesWords {
  readonly as: TupleWords | null
  readonly interface: string | null
  readonly ttl: number | null
  readonly tos: number | null
  readonly mark: number | null
}

export interface TupleWords {
  readonly source: Endpoint
  readonly destination: Endpoint
}

/** An entry, as far as it is told. */
export interface EntryWords {
  readonly span: Span
  readonly protocol: string | null
  readonly original: TupleWords | null
  readonly reply: TupleWords | null
  readonly state: string | null
  /** Whole seconds. */
  readonly timeout: number | null
  readonly assured: boolean | null
  readonly unreplied: boolean | null
  readonly mark: number | null
  readonly zone: number | null
  /** ICMP. */
  readonly id: number | null
}
