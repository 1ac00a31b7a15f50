import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { maskedNumber } from '../ruleset/kind/number.ts'
import { markShorthandKeys, markShorthands } from './set-mark.ts'

export const mark = defineTarget({
  name: 'MARK',
  summary: "changes the packet's mark",
  oneOf: [['xmark']],
  options: {
    xmark: option(maskedNumber('full'), {
      names: ['--set-xmark'],
      summary: 'clears the bits of the mask, and turns those of the value over',
      excludes: markShorthandKeys,
    }),
  },
  shorthands: markShorthands(['xmark']),
  isOfFlow: () => true,
  compile({ xmark }): Action {
    const { value, mask } = xmark!.value
    return (passage) => {
      passage.mark = (passage.mark & ~mask) ^ value
      return VERDICT_CONTINUE
    }
  },
})
