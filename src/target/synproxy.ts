import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'

export const synproxy = defineTarget({
  name: 'SYNPROXY',
  summary: 'answers a SYN in place of the server, and drops it; who answers that is connected',
  tables: ['filter', 'mangle'],
  hooks: ['INPUT', 'FORWARD'],
  protocols: [6],
  options: {
    sackPerm: option(flag, { names: ['--sack-perm'], summary: 'the server knows SACK' }),
    timestamp: option(flag, { names: ['--timestamp'], summary: 'the server knows time stamps' }),
    wscale: option(number({ max: 255 }), { names: ['--wscale'], summary: "the server's window scale" }),
    mss: option(number({ max: 65535 }), {
      names: ['--mss'],
      summary: "the server's greatest segment size",
    }),
    ecn: option(flag, { names: ['--ecn'], summary: 'the server knows ECN' }),
  },
})
