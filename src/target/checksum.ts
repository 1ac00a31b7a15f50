import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const checksum = defineTarget({
  name: 'CHECKSUM',
  summary: 'fills in a checksum that was left to the device',
  tables: ['mangle'],
  options: {
    fill: option(flag, { names: ['--checksum-fill'], summary: 'fills it in', required: true }),
  },
  // What is left to the device is complete in the end either way.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
