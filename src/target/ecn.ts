import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const ecn = defineTarget({
  name: 'ECN',
  summary: 'clears the marks of explicit congestion notification',
  family: 'ipv4',
  tables: ['mangle'],
  protocols: [6],
  options: {
    remove: option(flag, {
      names: ['--ecn-tcp-remove'],
      summary: 'clears ECE and CWR of TCP',
      required: true,
    }),
  },
})
