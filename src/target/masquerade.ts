import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_ACCEPT, VERDICT_DROP } from '../hook/hook.ts'
import { natOf } from '../hook/nat.ts'
import { rangeOfAddress } from '../nat/range.ts'
import { END_SOURCE } from '../packet/translate.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { natPorts } from './nat-range.ts'

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
  compile({ ports, random, randomFully }, environment: Environment): Action {
    const nat = natOf(environment)
    const { host } = environment
    const ipv6 = environment.family === 'ipv6'
    const address = new Int32Array(4)
    const range = rangeOfAddress(address, {
      ports: ports?.value ?? null,
      random: random !== undefined || randomFully !== undefined,
    })
    return ({ packet, outcome, outInterface }) => {
      const { source0, destination0, destination1, destination2, destination3 } = packet
      // A packet that has no source yet asks for one (DHCP).
      if (!ipv6 && source0 === 0) return VERDICT_ACCEPT
      const route = host.route(ipv6, destination0, destination1, destination2, destination3)
      const chosen = host.masqueradeAddress(
        ipv6,
        outInterface,
        route,
        destination0,
        destination1,
        destination2,
        destination3,
      )
      if (chosen === null) return VERDICT_DROP
      address.set(chosen)
      nat.tieTo(outcome.entry, outInterface)
      nat.setUp(outcome.entry, range, END_SOURCE)
      return VERDICT_ACCEPT
    }
  },
})
