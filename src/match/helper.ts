import { defineMatch, option } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'

export const helper = defineMatch({
  name: 'helper',
  summary: 'asks which helper expected the connection',
  options: {
    helper: option(text({ usage: 'NAME', max: 29, cut: true }), {
      names: ['--helper'],
      summary: 'the helper of the connection that announced this one; "" for any',
      invertible: true,
      required: true,
    }),
  },
})
