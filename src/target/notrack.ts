import { defineTarget } from '../ruleset/extension.ts'

export const notrack = defineTarget({
  name: 'NOTRACK',
  summary: 'keeps the packet from being tracked: UNTRACKED',
  tables: ['raw'],
  options: {},
})
