import { CTINFO_UNTRACKED } from '../conntrack/status.ts'
import { type Action, type Environment, NotEvaluated } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const notrack = defineTarget({
  name: 'NOTRACK',
  summary: 'keeps the packet from being tracked: UNTRACKED',
  tables: ['raw'],
  options: {},
  compile(_options, { tracker }: Environment): Action {
    if (tracker.settings.linux === '2.4')
      throw new NotEvaluated('Linux 2.4 had no table raw and no target NOTRACK')
    return (passage) => {
      if (!passage.isTrackingSettled) passage.outcome.ctinfo = CTINFO_UNTRACKED
      return VERDICT_CONTINUE
    }
  },
})
