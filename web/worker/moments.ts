/** Packets by their time, and the next ones that are out of the ordinary. */
import { CTINFO_INVALID } from '../../src/conntrack/status.ts'
import type { PacketSpan, Seek } from '../protocol.ts'
import { isOddReason } from './packet-words.ts'
import { type Recorder, verdictNames } from './recorder.ts'

/** Seconds since 1970 UTC; `at` from 0. */
export function timeAt({ packets }: Recorder, at: number): number {
  return packets.seconds.get(at) + packets.nanoseconds.get(at) / 1e9
}

/** The packets from the first at or behind a time up to the last at or ahead of another; empty (`last` below `first`) for none. */
export function spanOf(recorder: Recorder, from: number, to: number): PacketSpan {
  const { count } = recorder.packets
  let first = 0
  while (first < count && timeAt(recorder, first) < from) first++
  let last = count
  while (last > first && timeAt(recorder, last - 1) > to) last--
  return { first: first + 1, last }
}

/** The last packet at a time, the first one if there is none yet, and when the one behind it comes. */
export function seek(recorder: Recorder, time: number): Seek {
  const { count } = recorder.packets
  // Times may go backwards here and there, so that halving finds a place near by at worst.
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (timeAt(recorder, middle) <= time) low = middle + 1
    else high = middle
  }
  return { packet: Math.max(1, low), next: low < count ? timeAt(recorder, low) : null }
}

/** The next packet in a direction (1 or -1) that was dropped, is INVALID or has an odd reason; 0 for none. */
export function oddFrom({ packets }: Recorder, packet: number, step: 1 | -1): number {
  for (let at = packet - 1 + step; at >= 0 && at < packets.count; at += step) {
    const verdict = verdictNames[packets.verdict.get(at)]
    const isOdd =
      verdict === 'DROP' ||
      verdict === 'REJECT' ||
      packets.ctinfo.get(at) === CTINFO_INVALID ||
      isOddReason(packets.reason.get(at))
    if (isOdd) return at + 1
  }
  return 0
}
