/** What a run comes to, added up as it goes. */
import { ctstateOf } from '../../src/conntrack/status.ts'
import type { Load, Overview } from '../protocol.ts'
import { timeAt } from './moments.ts'
import { type Recorder, verdictNames } from './recorder.ts'
import type { SourceRun } from './source.ts'

/** Above all CTINFO_*, and all places of `verdictNames`. */
const KINDS = 16

export class OverviewTally {
  readonly #load: Load
  readonly #run: SourceRun
  readonly #recorder: Recorder
  readonly #ctinfos = new Int32Array(KINDS)
  readonly #verdicts = new Int32Array(KINDS)
  #counted = 0
  #end = Number.NEGATIVE_INFINITY

  constructor(load: Load, run: SourceRun, recorder: Recorder) {
    this.#load = load
    this.#run = run
    this.#recorder = recorder
  }

  /** `isWhole`: all packets are there; `isCut`: more there were, for which there was no room. */
  overview(isWhole: boolean, isCut: boolean): Overview {
    const { packets, flows, fingerprint, outside } = this.#recorder
    for (; this.#counted < packets.count; this.#counted++) {
      this.#ctinfos[packets.ctinfo.get(this.#counted)]!++
      this.#verdicts[packets.verdict.get(this.#counted)]!++
      this.#end = Math.max(this.#end, timeAt(this.#recorder, this.#counted))
    }
    const { rules, rules6 } = this.#load
    return {
      names: this.#run.names,
      rules: [rules?.name, rules6?.name].filter((name) => name !== undefined).join(', ') || null,
      packets: packets.count,
      flows: flows.count,
      fingerprint: fingerprint.text,
      start: timeAt(this.#recorder, 0),
      end: this.#end,
      ctstates: named(this.#ctinfos, ctstateOf),
      verdicts: named(this.#verdicts, (verdict) => verdictNames[verdict] ?? null),
      outside,
      assumptions: this.#run.assumptions(),
      scenario: this.#run.played(),
      hasRules: this.#run.firewall.hasRules,
      isWhole,
      isCut,
    }
  }
}

function named(counts: Int32Array, nameOf: (kind: number) => string | null): Record<string, number> {
  const sums: Record<string, number> = {}
  counts.forEach((count, kind) => {
    const name = count === 0 ? null : nameOf(kind)
    if (name !== null) sums[name] = (sums[name] ?? 0) + count
  })
  return sums
}
