/** Packets and what judges them, as often as they are asked for: a capture, or a test of a scenario. */
import type { CaptureInterface } from '../../src/capture/record.ts'
import type { MoreSysctl, Repeatable } from '../../src/run/explainer.ts'
import type { PlayedTest } from '../protocol.ts'

/** What was given cannot be run; the message is for the person who gave it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** One run of them. */
export interface SourceRun extends Repeatable {
  /** Of the captures. */
  readonly names: readonly string[]
  /** Of the captures; null where packets have no link layer. It grows from packet to packet. */
  readonly interfaces: readonly CaptureInterface[] | null
  /** Bytes; null where nobody knows. */
  readonly size: number | null
  /** Told when other rules are in force, ahead of the next packet. */
  onRules: () => void
  /** Behind the run: what was taken for granted, a clause each. */
  assumptions(): readonly string[]
  /** Behind a run without a packet: why there is none. */
  whyEmpty(): string
  /** Behind the run: the scenario's test. */
  played(): PlayedTest | null
}

export interface Source {
  /** With settings of its own. All decide alike. */
  make(more?: readonly MoreSysctl[]): SourceRun
}
