import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { type Range, range } from '../ruleset/kind/number.ts'
import { packetEnd, tcpHeaderAt } from './tcp-header.ts'

const sizes = range({ max: 65535, unit: 'bytes' })

const segmentSize: Kind<Range> = {
  ...sizes,
  read(texts, context) {
    const value = sizes.read(texts, context)
    if (value instanceof Refusal || value.from <= value.to) return value
    return new Refusal(`the range ${shown(texts[0]!)} begins behind its end`)
  },
}

export const tcpmss = defineMatch({
  name: 'tcpmss',
  summary: 'compares the maximum segment size that a TCP segment announces',
  protocols: [6],
  options: {
    mss: option(segmentSize, {
      names: ['--mss'],
      summary: 'the size is this, or lies in this range',
      invertible: true,
      required: true,
    }),
  },
  /** tcpmss_mt. */
  compile({ mss: { value, inverted } }): Test {
    const { from, to } = value
    return (passage) => {
      const size = announcedSize(passage)
      if (size >= 0) return (size >= from && size <= to) !== inverted
      return size === NONE && inverted
    }
  },
})

const HEADER = 20
const MSS = 2
const MSS_LENGTH = 4
/** No option says it. */
const NONE = -1
/** `passage.stop` is set. */
const STOPPED = -2

/** The first whole option of the right length; the end of the list does not end the search. */
function announcedSize(passage: Passage): number {
  const { packet } = passage
  const { view, capturedEnd } = packet
  const start = tcpHeaderAt(packet)
  if (start < 0) return stopped(passage, STOP_HOTDROP)
  if (start + 13 > capturedEnd) return stopped(passage, STOP_UNKNOWN)
  const length = (view.getUint8(start + 12) >> 4) << 2
  const end = start + length
  if (length < HEADER || end > packetEnd(packet)) return stopped(passage, STOP_HOTDROP)
  const known = Math.min(end, capturedEnd)
  let at = start + HEADER
  while (at < known) {
    const kind = view.getUint8(at)
    if (kind < 2) {
      at++
      continue
    }
    if (at + 1 === end) return NONE
    if (at + 1 >= known) break
    const optionLength = view.getUint8(at + 1)
    if (kind === MSS && optionLength === MSS_LENGTH && at + MSS_LENGTH <= end) {
      if (at + MSS_LENGTH > known) break
      return view.getUint16(at + 2)
    }
    at += optionLength || 1
  }
  return at >= end ? NONE : stopped(passage, STOP_UNKNOWN)
}

function stopped(passage: Passage, reason: number): number {
  passage.stop = reason
  return STOPPED
}
