import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { ExtensionHeader } from './extension-header.ts'
import { dropAll, inRangeOf, spiRange, spiTest } from './spi-range.ts'

const PROTOCOL = 51
/** RFC 4302, 2, without the integrity check value. */
const HEADER = 12
const RESERVED = 2
const SPI = 4

const spi = option(spiRange, {
  names: ['--ahspi'],
  summary: 'the index is this, or lies in this range',
  invertible: true,
})

export const ah = defineMatch({
  name: 'ah',
  summary: 'compares the security parameter index of an authentication header',
  family: 'ipv4',
  implicit: [PROTOCOL],
  protocols: [PROTOCOL],
  options: { spi },
  normalise: (options) => dropAll(options, 'spi'),
  /** ah_mt. */
  compile: ({ spi }): Test => spiTest(spi, SPI, HEADER),
})

/** In IPv6 it is one of the extension headers, and needs no protocol. */
export const ah6 = defineMatch({
  name: 'ah',
  summary: 'looks at the authentication header',
  family: 'ipv6',
  implicit: [PROTOCOL],
  options: {
    spi,
    length: option(number({ unit: 'bytes' }), {
      names: ['--ahlen'],
      summary: 'the header has this length',
      invertible: true,
      initial: 0,
    }),
    reserved: option(flag, { names: ['--ahres'], summary: 'the reserved field is 0' }),
  },
  normalise: (options) => dropAll(options, 'spi'),
  /** ah_mt6: a length of 0 is any, inverted too. */
  compile({ spi, length, reserved }): Test {
    const header = new ExtensionHeader(PROTOCOL)
    return (passage) => {
      if (!header.find(passage) || !header.has(passage, HEADER) || !header.isWhole(passage)) return false
      const { view } = passage.packet
      if (!inRangeOf(spi, view.getUint32(header.at + SPI))) return false
      if (length.value !== 0 && (header.length === length.value) === length.inverted) return false
      return !reserved || view.getUint16(header.at + RESERVED) === 0
    }
  },
})
