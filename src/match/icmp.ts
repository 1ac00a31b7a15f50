import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { icmpNames, icmpTest, icmpType } from './icmp-type.ts'

/** After IANA's registry, by the names that iptables has for them. */
export const icmpTypes = icmpNames(
  'any 255 echo-reply 0 pong 0 destination-unreachable 3 network-unreachable 3/0 host-unreachable 3/1 ' +
    'protocol-unreachable 3/2 port-unreachable 3/3 fragmentation-needed 3/4 source-route-failed 3/5 ' +
    'network-unknown 3/6 host-unknown 3/7 network-prohibited 3/9 host-prohibited 3/10 ' +
    'TOS-network-unreachable 3/11 TOS-host-unreachable 3/12 communication-prohibited 3/13 ' +
    'host-precedence-violation 3/14 precedence-cutoff 3/15 source-quench 4 redirect 5 network-redirect 5/0 ' +
    'host-redirect 5/1 TOS-network-redirect 5/2 TOS-host-redirect 5/3 echo-request 8 ping 8 ' +
    'router-advertisement 9 router-solicitation 10 time-exceeded 11 ttl-exceeded 11 ' +
    'ttl-zero-during-transit 11/0 ttl-zero-during-reassembly 11/1 parameter-problem 12 ip-header-bad 12/0 ' +
    'required-option-missing 12/1 timestamp-request 13 timestamp-reply 14 address-mask-request 17 ' +
    'address-mask-reply 18',
)

export const icmp = defineMatch({
  name: 'icmp',
  summary: 'looks at type and code of ICMP',
  family: 'ipv4',
  implicit: [1],
  protocols: [1],
  options: {
    type: option(icmpType(icmpTypes, true), {
      names: ['--icmp-type'],
      summary: 'type, or type and code; `any` is every type',
      invertible: true,
      required: true,
    }),
  },
  compile: ({ type }): Test => icmpTest(type, true),
})
