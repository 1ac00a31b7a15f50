import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { checkNatPorts, natRange } from './nat-range.ts'

export const snat = defineTarget({
  name: 'SNAT',
  summary: 'gives the connection another source',
  tables: ['nat'],
  hooks: ['POSTROUTING', 'INPUT'],
  options: {
    to: option(natRange({ base: false }), {
      names: ['--to-source'],
      summary: 'the new address or range, and port or range',
      required: true,
    }),
    random: option(flag, { names: ['--random'], summary: 'the port is chosen at random, by a hash' }),
    randomFully: option(flag, { names: ['--random-fully'], summary: 'the port is chosen at random' }),
    persistent: option(flag, {
      names: ['--persistent'],
      summary: 'a client gets the same address each time',
    }),
  },
  check: ({ to }, context) => checkNatPorts('to', to.value.ports !== null, context),
})
