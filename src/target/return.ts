import type { Action } from '../hook/environment.ts'
import { VERDICT_RETURN } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const returnTarget = defineTarget({
  name: 'RETURN',
  summary: 'goes back to the calling chain; from a built-in chain to its policy',
  options: {},
  isOfFlow: () => true,
  compile(): Action {
    return () => VERDICT_RETURN
  },
})
