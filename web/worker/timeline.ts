/** Packets and the size of the table over the time of a capture, or a span of it, in equal spans. */
import { CTINFO_INVALID, CTINFO_NEW } from '../../src/conntrack/status.ts'
import type { Timeline, TimelineQuestion } from '../protocol.ts'
import { timeAt } from './moments.ts'
import { type Recorder, verdictNames } from './recorder.ts'

const MOST = 4000

export function timelineOf(recorder: Recorder, { buckets: asked, from, to }: TimelineQuestion): Timeline {
  const { packets } = recorder
  const buckets = Math.max(1, Math.min(MOST, Math.floor(asked)))
  const zeros = () => new Array<number>(buckets).fill(0)
  const timeline = {
    times: zeros(),
    established: zeros(),
    opening: zeros(),
    invalid: zeros(),
    blocked: zeros(),
    table: zeros(),
    packets: zeros(),
  }
  if (packets.count === 0) return timeline
  const start = from ?? timeAt(recorder, 0)
  let end = to ?? start
  if (to === null) for (let at = 0; at < packets.count; at++) end = Math.max(end, timeAt(recorder, at))
  const span = Math.max(end - start, 1e-6)
  let reached = -1
  for (let at = 0; at < packets.count; at++) {
    const share = (timeAt(recorder, at) - start) / span
    if ((share < 0 && from !== null) || (share > 1 && to !== null)) continue
    const bucket = Math.max(0, Math.min(buckets - 1, Math.floor(share * buckets)))
    const verdict = verdictNames[packets.verdict.get(at)]
    const ctinfo = packets.ctinfo.get(at)
    const series =
      verdict === 'DROP' || verdict === 'REJECT'
        ? timeline.blocked
        : ctinfo === CTINFO_INVALID
          ? timeline.invalid
          : ctinfo === CTINFO_NEW
            ? timeline.opening
            : timeline.established
    series[bucket]!++
    timeline.table[bucket] = Math.max(timeline.table[bucket]!, packets.tableSize.get(at))
    // Nothing happens to the table in spans without packets, but that entries expire.
    if (bucket > reached) {
      for (let i = reached + 1; i < bucket; i++) {
        timeline.packets[i] = at
        timeline.table[i] = at === 0 ? 0 : packets.tableSize.get(at - 1)
      }
      reached = bucket
    }
    timeline.packets[bucket] = at + 1
  }
  const last = reached < 0 ? 0 : timeline.packets[reached]!
  for (let i = reached + 1; i < buckets; i++) timeline.packets[i] = last
  for (let i = 0; i < buckets; i++) timeline.times[i] = start + (span * i) / buckets
  return timeline
}
