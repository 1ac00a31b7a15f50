import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { maskedNumber } from '../ruleset/kind/number.ts'

export const mark = defineMatch({
  name: 'mark',
  summary: "compares the packet's mark",
  options: {
    mark: option(maskedNumber('short'), {
      names: ['--mark'],
      summary: 'the bits of MASK are those of VALUE',
      invertible: true,
      required: true,
    }),
  },
  check({ mark: { value, inverted } }) {
    if (inverted || (value.value & ~value.mask) === 0) return []
    const message = 'the value has bits that the mask has not: this never matches'
    return [{ severity: 'warning', code: 'never-matches', option: 'mark', message }]
  },
  compile({ mark: { value, inverted } }): Test {
    const { value: wanted, mask } = value
    return (passage) => ((passage.mark & mask) === (wanted | 0)) !== inverted
  },
})
