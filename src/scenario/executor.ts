/**
 * What a scenario is run against: this engine, or something else that tracks connections and has rules. Packets go in as
 * bytes, what became of them comes out as data; nothing is compared here.
 */
import type { EntryView } from '../conntrack/view.ts'
import type { PacketRecord } from '../replay/record.ts'
import type { LoadedRules, LoadedSetup } from './load.ts'
import type { RuleWords } from './model.ts'

/** A packet as the machine with the rules receives or sends it. */
export interface SentPacket {
  /** From the IP header on. */
  readonly bytes: Uint8Array
  /** Microseconds since 1970 UTC; never earlier than the one before. */
  readonly time: number
  /** Name of the interface that it comes in by, or leaves by; null: routes tell. */
  readonly interface: string | null
  /** The machine itself sends it. */
  readonly isLocal: boolean
  /** Its bytes as it leaves are asked for, as a later packet quotes it. */
  readonly isQuoted: boolean
}

/** What became of one packet. */
export interface Observation {
  readonly record: PacketRecord
  /** Comment of the rule that decided, null for none. */
  readonly comment: string | null
  /** From the IP header on, as it left; null where it did not, or nobody asked. */
  readonly left: Uint8Array | null
}

/** What a rule or a policy has counted, and which one it is. */
export interface RuleCount {
  readonly packets: number
  readonly bytes: number
}

/** In what two machines differ that were sent the same: each side in words. */
export interface MachineDifference {
  readonly what: string
  readonly here: string
  readonly there: string
}

/** A machine set up for one test. Times are microseconds since 1970 UTC. */
export interface Executor {
  /** Sends a packet on its way. */
  send(packet: SentPacket): Observation
  /** The state table at a time, which does not run backwards. */
  entries(time: number): readonly EntryView[]
  /** What a rule has counted; null: there is no such rule. */
  count(rule: RuleWords): RuleCount | null
  /** Other rules of their family from this time on; the state table stays. */
  setRules(rules: LoadedRules, time: number): void
  /** @throws SettingError */
  setSysctl(name: string, value: string, time: number): void
  /** The packets of a capture at their own times; each is told. */
  replay(name: string, bytes: Uint8Array, observe: (observation: Observation) => void): Promise<void>
  /** The last step is done; of two machines all that is left to compare is compared. */
  finish?(time: number): void
  /** Of two machines: in what they differed since this was asked last. */
  differences?(): readonly MachineDifference[]
  /** The test is over. */
  close(): void
}

/** Sets up a machine. @throws Refusal where it cannot be what is asked for. */
export type ExecutorSource = (setup: LoadedSetup) => Executor
