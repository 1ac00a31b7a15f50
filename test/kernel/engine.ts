import type { ReasonData } from '../../src/conntrack/reason.ts'
import type { Ctstate } from '../../src/conntrack/status.ts'
import type { EntryView } from '../../src/conntrack/view.ts'
import type { Side } from './kernel.ts'

/** What our engine made of one packet. */
export interface Judgement {
  readonly ctstate: Ctstate | null
  /** 0 to 4 as the kernel numbers them; 7 untracked, 8 invalid, null when the packet never reached the tracker. */
  readonly ctinfo: number | null
  /** The packet's own entry after the packet. */
  readonly entry: EntryView | null
  readonly reasons: readonly ReasonData[]
}

/** Our engine as the harness drives it. Its time stands still but for `advance`. */
export interface Engine {
  send(packet: Uint8Array, side: Side): Judgement
  /** Every living entry. */
  entries(): EntryView[]
  advance(seconds: number): void
  /** An empty table, no fragments, no expectations; sysctls by bare name, all others at their defaults. */
  restart(settings: Readonly<Record<string, number>>): void
}
