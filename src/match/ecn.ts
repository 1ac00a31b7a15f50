import type { Test } from '../hook/environment.ts'
import type { Passage } from '../hook/passage.ts'
import { STOP_UNKNOWN } from '../hook/passage.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { tcpHeaderAt } from './tcp-header.ts'

const TCP = 6

export const ecn = defineMatch({
  name: 'ecn',
  summary: 'looks at the congestion bits of IP and TCP',
  oneOf: [['ece', 'cwr', 'ect']],
  options: {
    ece: option(flag, { names: ['--ecn-tcp-ece'], summary: 'the TCP flag ECE is set', invertible: true }),
    cwr: option(flag, { names: ['--ecn-tcp-cwr'], summary: 'the TCP flag CWR is set', invertible: true }),
    ect: option(number({ max: 3 }), {
      names: ['--ecn-ip-ect'],
      summary: 'the two lowest bits of the type of service are this',
      invertible: true,
    }),
  },
  check({ ece, cwr }, { protocol }) {
    if ((!ece && !cwr) || (protocol && !protocol.inverted && protocol.number === TCP)) return []
    const message = 'the tests on TCP flags need -p tcp, not inverted, in the same rule'
    return [{ code: 'needs-protocol', option: ece ? 'ece' : 'cwr', message }]
  },
  /** ecn_mt4 and ecn_mt6: a header that is not whole is no match, and no reason to drop. */
  compile({ ece, cwr, ect }): Test {
    const bits = (ece === undefined ? 0 : ECE) | (cwr === undefined ? 0 : CWR)
    const wanted = (ece?.inverted === false ? ECE : 0) | (cwr?.inverted === false ? CWR : 0)
    return (passage) => {
      if (ect !== undefined && ((passage.packet.tos & 3) === ect.value) === ect.inverted) return false
      return bits === 0 || hasFlags(passage, bits, wanted)
    }
  },
})

const ECE = 0x40
const CWR = 0x80

function hasFlags(passage: Passage, bits: number, wanted: number): boolean {
  const { packet } = passage
  const at = tcpHeaderAt(packet)
  if (at < 0) return false
  if (at + 14 > packet.capturedEnd) {
    passage.stop = STOP_UNKNOWN
    return false
  }
  return (packet.view.getUint8(at + 13) & bits) === wanted
}
