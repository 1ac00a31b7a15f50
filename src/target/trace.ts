import { defineTarget } from '../ruleset/extension.ts'

export const trace = defineTarget({
  name: 'TRACE',
  summary: 'reports every rule that the packet meets from here on, and goes on',
  tables: ['raw'],
  options: {},
})
