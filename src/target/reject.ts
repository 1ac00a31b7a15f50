import { byFamily, defineTarget, neverOmitted, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'

const ipv4 = choice({
  usage: 'TYPE',
  names: [
    'icmp-net-unreachable',
    'icmp-host-unreachable',
    'icmp-proto-unreachable',
    'icmp-port-unreachable',
    'icmp-net-prohibited',
    'icmp-host-prohibited',
    'tcp-reset',
    'icmp-admin-prohibited',
  ],
  aliases: {
    'icmp-net-unreachable': ['net-unreach'],
    'icmp-host-unreachable': ['host-unreach'],
    'icmp-proto-unreachable': ['proto-unreach'],
    'icmp-port-unreachable': ['port-unreach'],
    'icmp-net-prohibited': ['net-prohib'],
    'icmp-host-prohibited': ['host-prohib'],
    'tcp-reset': ['tcp-rst'],
    'icmp-admin-prohibited': ['admin-prohib'],
  },
  caseless: true,
  shortened: true,
})

const ipv6 = choice({
  usage: 'TYPE',
  names: [
    'icmp6-no-route',
    'icmp6-adm-prohibited',
    'icmp6-addr-unreachable',
    'icmp6-port-unreachable',
    'tcp-reset',
    'icmp6-policy-fail',
    'icmp6-reject-route',
  ],
  aliases: {
    'icmp6-no-route': ['no-route'],
    'icmp6-adm-prohibited': ['adm-prohibited'],
    'icmp6-addr-unreachable': ['addr-unreach'],
    'icmp6-port-unreachable': ['port-unreach'],
    'icmp6-policy-fail': ['policy-fail'],
    'icmp6-reject-route': ['reject-route'],
  },
  caseless: true,
  shortened: true,
})

export const reject = defineTarget({
  name: 'REJECT',
  summary: 'ends the packet and answers it with an ICMP error or a reset',
  tables: ['filter'],
  hooks: ['INPUT', 'FORWARD', 'OUTPUT'],
  options: {
    with: option(byFamily<string>({ ipv4, ipv6 }), {
      names: ['--reject-with'],
      summary: 'the answer; port unreachable unless told',
      initial: (family) => (family === 'ipv4' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'),
      omit: neverOmitted,
    }),
  },
  check({ with: answer }, { protocol }) {
    if (answer.value !== 'tcp-reset' || (protocol?.number === 6 && !protocol.inverted)) return []
    return [
      {
        code: 'needs-protocol',
        option: 'with',
        message: 'tcp-reset needs -p tcp, not inverted, in the same rule',
      },
    ]
  },
})
