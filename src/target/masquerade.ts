import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { checkNatPorts, natPorts } from './nat-range.ts'

export const masquerade = defineTarget({
  name: 'MASQUERADE',
  summary: 'gives the connection the address of the interface that it leaves by as its source',
  tables: ['nat'],
  hooks: ['POSTROUTING'],
  options: {
    ports: option(natPorts, { names: ['--to-ports'], summary: 'the source port or range' }),
    random: option(flag, { names: ['--random'], summary: 'the port is chosen at random, by a hash' }),
    randomFully: option(flag, { names: ['--random-fully'], summary: 'the port is chosen at random' }),
  },
  check: ({ ports }, context) => checkNatPorts('ports', ports !== undefined, context),
})
