/** What two runs over the same packets differ in, as data. Fields may be added, never renamed. */
import type { PacketRecord } from '../record.ts'
import type { Conversation } from './conversations.ts'
import type { Effect, Fate } from './effect.ts'
import type { RulePlace } from './rule-place.ts'
import type { Why } from './why.ts'

/** What became of a packet on one side, and who decided that. */
export interface Judgement {
  /** Its verdict, or why it came to none. */
  readonly fate: Fate
  /** The rule or policy; null: the stack, the tracker, nobody. */
  readonly by: RulePlace | null
}

/** A packet that differs, with its record on each side. */
export interface TellingPacket {
  /** In what it differs, most telling first. */
  readonly effects: readonly Effect[]
  /** With OLD. */
  readonly old: PacketRecord
  /** With NEW. */
  readonly new: PacketRecord
}

/** A flow that went another way, told by the first packet that differs in the most telling way. */
export interface FlowChange {
  /** Which one it is. */
  readonly flow: Conversation
  /** In what its packets differ, most telling first. */
  readonly effects: readonly Effect[]
  /** Packets of the flow. */
  readonly packets: number
  /** Those that differ. */
  readonly differing: number
  /** That packet. */
  readonly first: TellingPacket
  /** Where the ways of that packet part; null: nobody looked. */
  readonly why: Why | null
}

/** Flows that changed alike: from what the same rule decided to what the same rule decided. */
export interface ChangeGroup {
  /** What became of their packets with OLD. */
  readonly old: Judgement
  /** With NEW. */
  readonly new: Judgement
  /** Of all its flows. */
  readonly effects: readonly Effect[]
  /** How many there are. */
  readonly flows: number
  /** Packets that differ. */
  readonly packets: number
  /** Its flows, or the first of them where there are many. */
  readonly examples: readonly FlowChange[]
}
