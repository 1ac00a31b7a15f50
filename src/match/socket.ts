import { NotEvaluated } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const socket = defineMatch({
  name: 'socket',
  summary: 'asks whether a socket of this host is open for the packet',
  hooks: ['PREROUTING', 'INPUT'],
  options: {
    transparent: option(flag, {
      names: ['--transparent'],
      summary: 'only sockets count that may have addresses of others',
    }),
    nowildcard: option(flag, {
      names: ['--nowildcard'],
      summary: 'sockets that listen on every address count too',
    }),
    restore: option(flag, {
      names: ['--restore-skmark'],
      summary: "the packet gets the socket's mark",
    }),
  },
  compile(): never {
    throw new NotEvaluated('asks for open sockets, which no capture tells')
  },
})
