import { CTINFO_UNTRACKED } from '../conntrack/status.ts'
import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const notrack = defineTarget({
  name: 'NOTRACK',
  summary: 'keeps the packet from being tracked: UNTRACKED',
  tables: ['raw'],
  options: {},
  compile(): Action {
    return (passage) => {
      if (!passage.isTrackingSettled) passage.outcome.ctinfo = CTINFO_UNTRACKED
      return VERDICT_CONTINUE
    }
  },
})
