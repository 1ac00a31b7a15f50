import type { Test } from '../hook/environment.ts'
import { STOP_HOTDROP } from '../hook/passage.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { portRange } from '../ruleset/kind/port.ts'
import { dropFullRange } from './full-range.ts'
import { portOptions } from './port-options.ts'
import { PortTest } from './port-test.ts'
import { hasHeader } from './transport-header.ts'

const ports = portRange({ reversed: 'accepted', decimal: true })

export const udp = defineMatch({
  name: 'udp',
  summary: 'looks at the ports of UDP',
  implicit: [17],
  protocols: [17],
  options: {
    ...portOptions(ports),
  },
  normalise: (options) => dropFullRange(dropFullRange(options, 'sport'), 'dport'),
  /** udp_mt of xt_tcpudp.c. */
  compile({ sport, dport }): Test {
    const source = new PortTest(sport)
    const destination = new PortTest(dport)
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return false
      if (packet.transportLength < 8) {
        passage.stop = STOP_HOTDROP
        return false
      }
      if (!hasHeader(passage, 4)) return false
      return source.matches(packet.sourcePort) && destination.matches(packet.destinationPort)
    }
  },
})
