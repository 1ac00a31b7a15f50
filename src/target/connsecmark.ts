import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const connsecmark = defineTarget({
  name: 'CONNSECMARK',
  summary: "copies the security mark from or to the packet's connection",
  tables: ['mangle', 'security'],
  oneOf: [['save', 'restore']],
  options: {
    save: option(flag, {
      names: ['--save'],
      summary: "copies the packet's to a connection that has none",
      excludes: ['restore'],
    }),
    restore: option(flag, {
      names: ['--restore'],
      summary: "copies the connection's to a packet that has none",
    }),
  },
  // Packets of a capture have no security mark.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
