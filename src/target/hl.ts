import { defineTarget } from '../ruleset/extension.ts'
import { changeHops, hopChanges, oneHopChange } from './hop-change.ts'

export const hl = defineTarget({
  name: 'HL',
  summary: 'changes the hop limit of the packet',
  family: 'ipv6',
  tables: ['mangle'],
  oneOf: oneHopChange,
  options: hopChanges('hl'),
  compile: changeHops,
})
