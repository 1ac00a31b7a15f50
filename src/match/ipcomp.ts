import type { Test } from '../hook/environment.ts'
import { defineMatch, neverOmitted, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { dropAll, inRangeOf, spiRange } from './spi-range.ts'
import { hasHeader } from './transport-header.ts'

const none = { from: 0, to: 0 }
/** RFC 3173, 3.1: next header, flags, 16 bits of index. */
const HEADER = 4

export const ipcomp = defineMatch({
  name: 'ipcomp',
  summary: 'compares the parameter index of compressed packets; without a range only 0 matches',
  implicit: [108],
  protocols: [108],
  options: {
    spi: option(spiRange, {
      names: ['--ipcompspi'],
      summary: 'the index is this, or lies in this range',
      invertible: true,
      initial: none,
      omit: neverOmitted,
    }),
    reserved: option(flag, { names: ['--compres'], summary: 'has no effect' }),
  },
  normalise: (options) => dropAll(options, 'spi'),
  /** comp_mt. */
  compile(options): Test {
    // Left out where every index is meant.
    const spi = options.spi as typeof options.spi | undefined
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0 || !hasHeader(passage, HEADER)) return false
      return inRangeOf(spi, packet.view.getUint16(packet.transportOffset + 2))
    }
  },
})
