import type { Test } from '../hook/environment.ts'
import { STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { portRange } from '../ruleset/kind/port.ts'
import { portOptions } from './port-options.ts'
import { PortTest } from './port-test.ts'
import { SctpChunkTest, sctpChunks } from './sctp-chunks.ts'
import { hasHeader } from './transport-header.ts'

const ports = portRange({ reversed: 'refused' })
const HEADER = 12

export const sctp = defineMatch({
  name: 'sctp',
  summary: 'looks at ports and chunks of SCTP',
  implicit: [132],
  protocols: [132],
  options: {
    ...portOptions(ports),
    chunks: option(sctpChunks, {
      names: ['--chunk-types'],
      summary: 'all of these types are there, or one of them, or no others',
      invertible: true,
    }),
  },
  /** sctp_mt of xt_sctp.c. */
  compile({ sport, dport, chunks }): Test {
    const source = new PortTest(sport)
    const destination = new PortTest(dport)
    const chunkTest = chunks && new SctpChunkTest(chunks.value)
    const inverted = chunks?.inverted ?? false
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return false
      if (packet.transportLength < HEADER) {
        passage.stop = STOP_HOTDROP
        return false
      }
      if (!hasHeader(passage, 4)) return false
      if (!source.matches(packet.sourcePort) || !destination.matches(packet.destinationPort)) return false
      if (chunkTest === undefined) return true
      // Inverted, a packet that it drops is one that it takes.
      return chunkTest.matches(passage) !== inverted && passage.stop !== STOP_UNKNOWN
    }
  },
})
