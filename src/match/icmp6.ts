import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { icmpNames, icmpTest, icmpType } from './icmp-type.ts'

/** After IANA's registry, by the names that ip6tables has for them. */
export const icmp6Types = icmpNames(
  'destination-unreachable 1 no-route 1/0 communication-prohibited 1/1 beyond-scope 1/2 ' +
    'address-unreachable 1/3 port-unreachable 1/4 failed-policy 1/5 reject-route 1/6 packet-too-big 2 ' +
    'time-exceeded 3 ttl-exceeded 3 ttl-zero-during-transit 3/0 ttl-zero-during-reassembly 3/1 ' +
    'parameter-problem 4 bad-header 4/0 unknown-header-type 4/1 unknown-option 4/2 echo-request 128 ping 128 ' +
    'echo-reply 129 pong 129 router-solicitation 133 router-advertisement 134 neighbour-solicitation 135 ' +
    'neighbor-solicitation 135 neighbour-advertisement 136 neighbor-advertisement 136 redirect 137',
)

export const icmp6 = defineMatch({
  name: 'icmp6',
  aliases: ['icmpv6', 'ipv6-icmp'],
  summary: 'looks at type and code of ICMPv6',
  family: 'ipv6',
  implicit: [58],
  protocols: [58],
  options: {
    type: option(icmpType(icmp6Types, false), {
      names: ['--icmpv6-type'],
      summary: 'type, or type and code',
      invertible: true,
      required: true,
    }),
  },
  compile: ({ type }): Test => icmpTest(type, false),
})
