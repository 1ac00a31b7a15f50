import { defineMatch, option } from '../ruleset/extension.ts'
import { wideNumber } from '../ruleset/kind/number.ts'

export const quota = defineMatch({
  name: 'quota',
  summary: 'matches until so many bytes have matched',
  options: {
    quota: option(wideNumber, {
      names: ['--quota'],
      summary: 'bytes; what is left is not shown',
      invertible: true,
      required: true,
    }),
  },
})
