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
})
