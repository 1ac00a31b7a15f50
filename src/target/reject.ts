import { type Action, type Environment, NotEvaluated } from '../hook/environment.ts'
import { VERDICT_REJECT } from '../hook/hook.ts'
import { byFamily, defineTarget, neverOmitted, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { resetFor, unreachableFor } from './reject-answer.ts'

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

/** Codes of "destination unreachable": RFC 792, RFC 1812 5.2.7.1; RFC 4443 3.1. */
const codes: Readonly<Record<string, number>> = {
  'icmp-net-unreachable': 0,
  'icmp-host-unreachable': 1,
  'icmp-proto-unreachable': 2,
  'icmp-port-unreachable': 3,
  'icmp-net-prohibited': 9,
  'icmp-host-prohibited': 10,
  'icmp-admin-prohibited': 13,
  'icmp6-no-route': 0,
  'icmp6-adm-prohibited': 1,
  'icmp6-addr-unreachable': 3,
  'icmp6-port-unreachable': 4,
  'icmp6-policy-fail': 5,
  'icmp6-reject-route': 6,
}

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
  compile({ with: answer }, environment: Environment): Action {
    const { tracker, host, random } = environment
    const { checksums } = tracker
    if (answer.value === 'tcp-reset') {
      return (passage) => {
        passage.settled()
        const reset = resetFor(passage, host, checksums)
        if (reset !== null) {
          tracker.setClosing(passage.outcome)
          environment.answer(passage, reset)
        }
        return VERDICT_REJECT
      }
    }
    const code = codes[answer.value]
    if (code === undefined) throw new NotEvaluated(`the answer ${answer.value} has no code`)
    return (passage) => {
      passage.settled()
      const error = unreachableFor(passage, host, checksums, code, random.below(0x10000))
      if (error !== null) environment.answer(passage, error)
      return VERDICT_REJECT
    }
  },
})
