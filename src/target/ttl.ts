import { defineTarget } from '../ruleset/extension.ts'
import { changeHops, hopChanges, oneHopChange } from './hop-change.ts'

export const ttl = defineTarget({
  name: 'TTL',
  summary: 'changes the time to live of the packet',
  family: 'ipv4',
  tables: ['mangle'],
  oneOf: oneHopChange,
  options: hopChanges('ttl'),
  compile: changeHops,
})
