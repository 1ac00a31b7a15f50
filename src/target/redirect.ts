import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { checkNatPorts, natPorts } from './nat-range.ts'

export const redirect = defineTarget({
  name: 'REDIRECT',
  summary: 'sends the connection to this host itself',
  tables: ['nat'],
  hooks: ['PREROUTING', 'OUTPUT'],
  options: {
    ports: option(natPorts, { names: ['--to-ports'], summary: 'the new port or range' }),
    random: option(flag, { names: ['--random'], summary: 'the port is chosen at random' }),
  },
  check: ({ ports }, context) => checkNatPorts('ports', ports !== undefined, context),
})
