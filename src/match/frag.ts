import type { Test } from '../hook/environment.ts'
import { HEADER_FRAGMENT } from '../packet/ipv6.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { ExtensionHeader } from './extension-header.ts'
import { dropAll, inRangeOf, spiRange } from './spi-range.ts'

const HEADER = 8

export const frag = defineMatch({
  name: 'frag',
  summary: 'looks at the Fragment header; where connections are tracked, there is none left',
  family: 'ipv6',
  options: {
    id: option(spiRange, {
      names: ['--fragid'],
      summary: 'the identification is this, or lies in this range',
      invertible: true,
    }),
    length: option(number({ unit: 'bytes' }), {
      names: ['--fraglen'],
      summary: 'has no effect',
      invertible: true,
    }),
    reserved: option(flag, { names: ['--fragres'], summary: 'the reserved fields are 0' }),
    first: option(flag, { names: ['--fragfirst'], summary: 'it is the first piece' }),
    more: option(flag, {
      names: ['--fragmore'],
      summary: 'more pieces follow',
      excludes: ['last'],
    }),
    last: option(flag, { names: ['--fraglast'], summary: 'it is the last piece' }),
  },
  normalise: (options) => dropAll(options, 'id'),
  /** frag_mt6 (RFC 8200, 4.5). */
  compile({ id, reserved, first, more, last }): Test {
    const header = new ExtensionHeader(HEADER_FRAGMENT)
    return (passage) => {
      if (!header.find(passage) || !header.has(passage, HEADER)) return false
      const { view } = passage.packet
      const field = view.getUint16(header.at + 2)
      if (!inRangeOf(id, view.getUint32(header.at + 4))) return false
      if (reserved && (view.getUint8(header.at + 1) !== 0 || (field & 6) !== 0)) return false
      if (first && (field & 0xfff8) !== 0) return false
      if (more && (field & 1) === 0) return false
      return !last || (field & 1) === 0
    }
  },
})
