import type { Test } from '../hook/environment.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { checkMark, markOption } from './mark-comparison.ts'

export const mark = defineMatch({
  name: 'mark',
  summary: "compares the packet's mark",
  options: {
    mark: markOption,
  },
  check: ({ mark }) => checkMark(mark),
  isOfFlow: () => true,
  compile({ mark: { value, inverted } }): Test {
    const { value: wanted, mask } = value
    return (passage) => ((passage.mark & mask) === (wanted | 0)) !== inverted
  },
})
