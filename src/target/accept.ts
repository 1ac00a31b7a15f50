import { defineTarget } from '../ruleset/extension.ts'

export const accept = defineTarget({
  name: 'ACCEPT',
  summary: 'lets the packet pass this table',
  options: {},
})
