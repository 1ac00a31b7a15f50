import { BYTES, PACKETS, PACKETS_HIGH } from '../conntrack/entry.ts'
import { entryOf, statusOf } from '../conntrack/outcome.ts'
import { STATUS_ACCOUNTED } from '../conntrack/status.ts'
import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { isJudged, isRaw, isTracked } from './connection.ts'
import { type WideRange, wideRange } from './wide-range.ts'

export const connbytes = defineMatch({
  name: 'connbytes',
  summary: 'compares what the connection has carried so far, this packet included',
  options: {
    range: option(wideRange, {
      names: ['--connbytes'],
      summary: 'the count lies in this range; without an end it is open',
      required: true,
      invertible: true,
    }),
    mode: option(choice({ usage: 'MODE', names: ['packets', 'bytes', 'avgpkt'] }), {
      names: ['--connbytes-mode'],
      summary: 'counts packets or bytes, or bytes a packet',
      required: true,
    }),
    dir: option(choice({ usage: 'DIRECTION', names: ['original', 'reply', 'both'] }), {
      names: ['--connbytes-dir'],
      summary: 'of packets in this direction',
      required: true,
    }),
  },
  /** The kernel is told of an inversion by ends that are swapped: with equal ends it is lost. */
  normalise(options) {
    const { from, to } = options['range']!.value as WideRange
    return from === to ? { ...options, range: { ...options['range']!, inverted: false } } : options
  },
  compile({ range, mode, dir }, environment: Environment): Test {
    const { tracker } = environment
    const { table, settings } = tracker
    // Linux turns accounting on as well (connbytes_mt_check); entries that are there already stay without.
    if (settings.acct === 0) settings.set('nf_conntrack_acct', 1)
    const from = Number(range.value.from)
    const to = Number(range.value.to)
    const { inverted } = range
    const raw = isRaw(environment)
    const original = dir.value !== 'reply'
    const reply = dir.value !== 'original'
    return (passage) => {
      const { outcome } = passage
      if (!isTracked(outcome.ctinfo)) return isJudged(passage, raw) && false
      const entry = entryOf(outcome)
      if ((statusOf(table, outcome) & STATUS_ACCOUNTED) === 0) return false
      const words = table.words(entry)
      const at = table.at(entry)
      const packets = (original ? packetsOf(words, at, 0) : 0) + (reply ? packetsOf(words, at, 1) : 0)
      let count = packets
      if (mode.value !== 'packets') {
        const bytes = (original ? bytesOf(words, at, 0) : 0) + (reply ? bytesOf(words, at, 1) : 0)
        count = mode.value === 'bytes' ? bytes : packets === 0 ? 0 : Math.floor(bytes / packets)
      }
      return (count >= from && count <= to) !== inverted
    }
  },
})

/** `direction`: ORIGINAL or REPLY. Exact below 2^48, the most that an entry counts. */
function packetsOf(words: Int32Array, at: number, direction: number): number {
  const high = words[at + PACKETS_HIGH]!
  return (direction === 0 ? high >>> 16 : high & 0xffff) * 2 ** 32 + (words[at + PACKETS + direction]! >>> 0)
}

/** Exact below 2^53. */
function bytesOf(words: Int32Array, at: number, direction: number): number {
  const low = at + BYTES + direction * 2
  return (words[low + 1]! >>> 0) * 2 ** 32 + (words[low]! >>> 0)
}
