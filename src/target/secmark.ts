import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'

export const secmark = defineTarget({
  name: 'SECMARK',
  summary: 'sets the security mark of the packet',
  tables: ['mangle', 'security'],
  options: {
    context: option(
      text({ usage: 'CONTEXT', max: 255, print: 'bare', examples: ['system_u:object_r:httpd_packet_t:s0'] }),
      { names: ['--selctx'], summary: 'of SELinux', required: true },
    ),
  },
  // No rule of iptables reads it.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
