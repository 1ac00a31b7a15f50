import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'

export const audit = defineTarget({
  name: 'AUDIT',
  summary: 'tells the audit log of the packet and goes on',
  options: {
    type: option(choice({ usage: 'TYPE', names: ['accept', 'drop', 'reject'], caseless: true }), {
      names: ['--type'],
      summary: 'what the record is to say; kernels since 4.12 leave it out',
      required: true,
    }),
  },
  // Nobody reads the audit log of a capture.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
