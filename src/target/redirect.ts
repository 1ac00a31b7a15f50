import type { Action, Environment } from '../hook/environment.ts'
import { HOOK_OUTPUT, VERDICT_ACCEPT, VERDICT_DROP } from '../hook/hook.ts'
import { natOf } from '../hook/nat.ts'
import { rangeOfAddress } from '../nat/range.ts'
import { END_DESTINATION } from '../packet/translate.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { natPorts } from './nat-range.ts'

export const redirect = defineTarget({
  name: 'REDIRECT',
  summary: 'sends the connection to this host itself',
  tables: ['nat'],
  hooks: ['PREROUTING', 'OUTPUT'],
  options: {
    ports: option(natPorts, { names: ['--to-ports'], summary: 'the new port or range' }),
    random: option(flag, { names: ['--random'], summary: 'the port is chosen at random' }),
  },
  compile({ ports, random }, environment: Environment): Action {
    const nat = natOf(environment)
    const { host } = environment
    const ipv6 = environment.family === 'ipv6'
    const loopback = ipv6 ? [0, 0, 0, 1] : [0x7f000001]
    const address = new Int32Array(4)
    const range = rangeOfAddress(address, { ports: ports?.value ?? null, random: random !== undefined })
    return ({ hook, outcome, inInterface }) => {
      const chosen = hook === HOOK_OUTPUT ? loopback : host.firstAddress(ipv6, inInterface)
      if (chosen === null) return VERDICT_DROP
      address.set(chosen)
      nat.setUp(outcome.entry, range, END_DESTINATION)
      return VERDICT_ACCEPT
    }
  },
})
