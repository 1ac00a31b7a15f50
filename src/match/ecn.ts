import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'

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
})
