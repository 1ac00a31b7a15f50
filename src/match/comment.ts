import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'

export const comment = defineMatch({
  name: 'comment',
  summary: 'always matches; says something to the reader',
  options: {
    comment: option(text({ max: 255, cut: true }), {
      names: ['--comment'],
      summary: 'the text; what is longer than 255 bytes is cut',
      required: true,
    }),
  },
  isOfFlow: () => true,
  compile: (): Test => () => true,
})
