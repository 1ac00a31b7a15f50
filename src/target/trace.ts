import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const trace = defineTarget({
  name: 'TRACE',
  summary: 'reports every rule that the packet meets from here on, and goes on',
  tables: ['raw'],
  options: {},
  compile(): Action {
    return (passage) => {
      passage.traced = true
      return VERDICT_CONTINUE
    }
  },
})
