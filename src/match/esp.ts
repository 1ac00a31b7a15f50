import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { dropAll, spiRange, spiTest } from './spi-range.ts'

export const esp = defineMatch({
  name: 'esp',
  summary: 'compares the security parameter index of ESP',
  implicit: [50],
  protocols: [50],
  options: {
    spi: option(spiRange, {
      names: ['--espspi'],
      summary: 'the index is this, or lies in this range',
      invertible: true,
    }),
  },
  normalise: (options) => dropAll(options, 'spi'),
  /** esp_mt: RFC 4303, 2. */
  compile: ({ spi }): Test => spiTest(spi, 0, 8),
})
