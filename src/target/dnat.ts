import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_ACCEPT } from '../hook/hook.ts'
import { natOf } from '../hook/nat.ts'
import { END_DESTINATION } from '../packet/translate.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { mappingOf } from './mapping.ts'
import { natRange } from './nat-range.ts'

export const dnat = defineTarget({
  name: 'DNAT',
  summary: 'gives the connection another destination',
  tables: ['nat'],
  hooks: ['PREROUTING', 'OUTPUT'],
  options: {
    to: option(natRange({ base: true }), {
      names: ['--to-destination'],
      summary: 'the new address or range, and port or range',
      required: true,
    }),
    random: option(flag, { names: ['--random'], summary: 'the port is chosen at random' }),
    persistent: option(flag, {
      names: ['--persistent'],
      summary: 'a client gets the same address each time',
    }),
  },
  compile({ to, random, persistent }, environment: Environment): Action {
    const nat = natOf(environment)
    const range = mappingOf(to.value, {
      random: random !== undefined,
      persistent: persistent !== undefined,
    })
    return ({ outcome }) => {
      nat.setUp(outcome.entry, range, END_DESTINATION)
      return VERDICT_ACCEPT
    }
  },
})
