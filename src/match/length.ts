import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { range } from '../ruleset/kind/number.ts'

export const length = defineMatch({
  name: 'length',
  summary: 'compares the length of the packet, IP header included',
  options: {
    length: option(range({ max: 65535, unit: 'bytes' }), {
      names: ['--length'],
      summary: 'the length is this, or lies in this range',
      invertible: true,
      required: true,
    }),
  },
  check({ length: { value, inverted } }) {
    if (inverted || value.from <= value.to) return []
    const message = 'the range begins behind its end: this never matches'
    return [{ severity: 'warning', code: 'never-matches', option: 'length', message }]
  },
  /** length_mt and length_mt6. */
  compile({ length: { value, inverted } }): Test {
    const { from, to } = value
    return ({ packet }) => (packet.length >= from && packet.length <= to) !== inverted
  },
})
