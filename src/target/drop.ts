import type { Action } from '../hook/environment.ts'
import { VERDICT_DROP } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const drop = defineTarget({
  name: 'DROP',
  summary: 'ends the packet, silently',
  // The nat table sees only the first packet of a connection: it is not for filtering, says the tool.
  tables: ['filter', 'mangle', 'raw', 'security'],
  options: {},
  compile(): Action {
    return () => VERDICT_DROP
  },
})
