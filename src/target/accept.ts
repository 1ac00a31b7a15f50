import type { Action } from '../hook/environment.ts'
import { VERDICT_ACCEPT } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const accept = defineTarget({
  name: 'ACCEPT',
  summary: 'lets the packet pass this table',
  options: {},
  isOfFlow: () => true,
  compile(): Action {
    return () => VERDICT_ACCEPT
  },
})
