import { MARK } from '../conntrack/entry.ts'
import { entryOf } from '../conntrack/outcome.ts'
import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { isJudged, isRaw, isTracked } from './connection.ts'
import { checkMark, markOption } from './mark-comparison.ts'

export const connmark = defineMatch({
  name: 'connmark',
  summary: "compares the mark of the packet's connection; without a connection it never matches",
  options: {
    mark: markOption,
  },
  check: ({ mark }) => checkMark(mark),
  compile({ mark: { value, inverted } }, environment: Environment): Test {
    const { value: wanted, mask } = value
    const { table } = environment.tracker
    const raw = isRaw(environment)
    return (passage) => {
      const { outcome, template } = passage
      if (raw && template.own !== null) return ((template.own.mark & mask) === (wanted | 0)) !== inverted
      if (!isTracked(outcome.ctinfo)) return isJudged(passage, raw) && false
      const entry = entryOf(outcome)
      return ((table.words(entry)[table.at(entry) + MARK]! & mask) === (wanted | 0)) !== inverted
    }
  },
})
