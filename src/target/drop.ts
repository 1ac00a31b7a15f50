import { defineTarget } from '../ruleset/extension.ts'

export const drop = defineTarget({
  name: 'DROP',
  summary: 'ends the packet, silently',
  // The nat table sees only the first packet of a connection: it is not for filtering, says the tool.
  tables: ['filter', 'mangle', 'raw', 'security'],
  options: {},
})
