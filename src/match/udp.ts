import { defineMatch, option } from '../ruleset/extension.ts'
import { portRange } from '../ruleset/kind/port.ts'
import { dropFullRange } from './full-range.ts'

const ports = portRange({ reversed: 'accepted', decimal: true })

export const udp = defineMatch({
  name: 'udp',
  summary: 'looks at the ports of UDP',
  implicit: [17],
  protocols: [17],
  options: {
    sport: option(ports, {
      names: ['--sport', '--source-port'],
      summary: 'source port or range',
      invertible: true,
    }),
    dport: option(ports, {
      names: ['--dport', '--destination-port'],
      summary: 'destination port or range',
      invertible: true,
    }),
  },
  normalise: (options) => dropFullRange(dropFullRange(options, 'sport'), 'dport'),
})
