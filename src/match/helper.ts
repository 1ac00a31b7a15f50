import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'
import { isJudged, isRaw } from './connection.ts'

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
  compile({ helper: { value: name, inverted } }, environment: Environment): Test {
    const { attachments } = environment.tracker.helpers
    const raw = isRaw(environment)
    return (passage) => {
      if (!isJudged(passage, raw)) return false
      const expectedBy = attachments.get(passage.outcome.entry)?.masterHelper
      if (expectedBy === undefined || expectedBy === null) return inverted
      // The helper's name decides how much is compared: `ftp-2121` is `ftp`.
      return name.startsWith(expectedBy) || name === '' ? !inverted : inverted
    }
  },
})
