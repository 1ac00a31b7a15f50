/** What a comparison comes to, as data: what is printed, and what `sallyport diff --json` writes. */
import type { ChangeGroup } from './change.ts'
import type { HitChange } from './rule-hits.ts'
import type { SwapReport } from './sessions.ts'

/** Two runs over the same packets. Fields may be added, never renamed. */
export interface Difference {
  /** No flow changed. */
  readonly same: boolean
  /** How many there are. */
  readonly flows: {
    readonly total: number
    readonly changed: number
    /** Made room for others in a very large capture: their later packets count as further flows. */
    readonly forgotten: number
  }
  /** Likewise. */
  readonly packets: {
    readonly total: number
    readonly changed: number
    /** Of another ctstate, without any effect. */
    readonly reclassified: number
  }
  /** Flows that changed, by what they changed from and to: verdicts first, then those with most flows. */
  readonly changes: readonly ChangeGroup[]
  /** Rules and policies that stand elsewhere, or were met by another number of packets. */
  readonly rules: readonly HitChange[]
  /** Where NEW took OLD's place in the middle of the capture; else null. */
  readonly swap: SwapReport | null
}
