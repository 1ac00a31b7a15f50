/** Reasons of the IP layer between the hooks: where a packet ends although no rule dropped it. */
import type { Catalogue } from './entry.ts'
import { grouped } from './number-words.ts'

const BEHIND_PREROUTING =
  'It went through PREROUTING and met neither INPUT nor FORWARD; an entry that it would have opened is not confirmed.'

export const routeReasons = {
  'ip-ttl': {
    sentence: ({ ttl }) => `TTL or hop limit ${ttl}: not forwarded, ahead of FORWARD`,
    meaning: `The packet is to be forwarded and has used up its hops. Linux drops it and tells the sender (ICMP time exceeded). ${BEHIND_PREROUTING}`,
    causes: [
      'Somebody runs traceroute.',
      'A routing loop.',
      'Multicast or an announcement that is to stay on its link.',
    ],
    remedy: 'Nothing in the rules: FORWARD never sees it. A TTL rule in PREROUTING (mangle) could raise it.',
    example: { values: { ttl: 1 } },
  },
  'ip-no-route': {
    sentence: () => 'no route leads to its destination: dropped ahead of FORWARD',
    meaning: `The routing table has nothing for the destination as it is behind PREROUTING. ${BEHIND_PREROUTING}`,
    causes: [
      'The routes that were told (--route, --host) are not all of them.',
      'A DNAT rule leads to an address that the host cannot reach.',
    ],
    remedy:
      'Give all routes: --host with the output of ip -j addr and ip -j route, or --route default=IFACE.',
    example: { values: {} },
  },
  'ip-not-forwarding': {
    sentence: () => 'not for this host, which does not forward: dropped ahead of FORWARD',
    meaning: `The host received a packet for another one, and is no router. ${BEHIND_PREROUTING}`,
    causes: ['No router is meant to be here, or net.ipv4.ip_forward is 0 (net.ipv6.conf.all.forwarding).'],
    remedy: 'Set ip_forward to 1, if it is to be a router.',
    example: { values: {} },
  },
  'ip-route-blackhole': {
    sentence: () => 'a blackhole route leads to its destination: dropped ahead of FORWARD',
    meaning: `The route says to drop it in silence. ${BEHIND_PREROUTING}`,
    causes: ['A route set on purpose, for networks that must not leave.'],
    remedy: 'Nothing in the rules; take the route away (ip route del), if it is not meant.',
    example: { values: {} },
  },
  'ip-route-unreachable': {
    sentence: () => 'a route of type unreachable leads to its destination: dropped ahead of FORWARD',
    meaning: `The route says to answer with ICMP host unreachable. ${BEHIND_PREROUTING}`,
    causes: ['A route set on purpose, for the parts of an own network that nobody uses.'],
    remedy: 'Nothing in the rules; take the route away (ip route del), if it is not meant.',
    example: { values: {} },
  },
  'ip-route-prohibit': {
    sentence: () => 'a route of type prohibit leads to its destination: dropped ahead of FORWARD',
    meaning: `The route says to answer with ICMP administratively prohibited. ${BEHIND_PREROUTING}`,
    causes: ['A route set on purpose.'],
    remedy: 'Nothing in the rules; take the route away (ip route del), if it is not meant.',
    example: { values: {} },
  },
  'ip-martian-source': {
    sentence: () => 'martian source: an address that no other host can send from',
    meaning:
      'The source is loopback, multicast, broadcast, or an address of this host itself, and the packet came from outside. Linux drops it, IPv4 behind PREROUTING, IPv6 from ::1 or multicast ahead of all hooks.',
    causes: [
      'A crafted packet.',
      'Two hosts with the same address.',
      'The host receives what it sent itself: a loop.',
    ],
    remedy: 'With log_martians set, the kernel log shows them on the host itself.',
    example: { values: {} },
  },
  'ip-martian-destination': {
    sentence: () => 'martian destination: loopback or nowhere, received from outside',
    meaning:
      'The destination is 127.0.0.0/8, 0.0.0.0, ::1, or multicast that never leaves a host, and the packet came from outside. Linux drops it, IPv4 behind PREROUTING, IPv6 ahead of all hooks.',
    causes: [
      'A crafted packet.',
      'A DNAT rule to 127.0.0.1, which needs net.ipv4.conf.all.route_localnet=1.',
    ],
    remedy: 'To reach a service on 127.0.0.1 from outside, REDIRECT to an address of the interface.',
    example: { values: {} },
  },
  'ip-reverse-path': {
    sentence: ({ mode }) =>
      mode === 1
        ? 'rp_filter=1: the way back to its source does not lead out where it came in'
        : 'rp_filter=2: there is no way back to its source',
    meaning: `Linux asks the routing table about the source, and drops the packet behind PREROUTING.`,
    causes: ['A forged source.', 'Traffic that comes back by another way than it went (asymmetric routing).'],
    remedy: 'Set rp_filter to 2 where traffic is asymmetric on purpose.',
    example: { values: { mode: 1 } },
  },
  'ip-link-local-source': {
    sentence: () => 'an IPv6 link-local source is not forwarded to another link',
    meaning: `Addresses in fe80::/10 mean something on their own link only. ${BEHIND_PREROUTING}`,
    causes: ['A host that has no other address yet.'],
    remedy: 'Nothing in the rules: FORWARD never sees it.',
    example: { values: {} },
  },
  'ip-link-broadcast': {
    sentence: () => 'sent to all on its link, but to one IP address elsewhere: not forwarded',
    meaning: `The frame was broadcast or multicast on the link layer, the packet inside is for another host. Linux does not forward it. ${BEHIND_PREROUTING}`,
    causes: ['Wake-on-LAN, odd clusters, or a switch that floods.'],
    remedy: 'Nothing in the rules: FORWARD never sees it.',
    example: { values: {} },
  },
  'ip-mtu': {
    sentence: ({ length, mtu }) =>
      `${grouped(length)} bytes that must not be fragmented, and ${grouped(mtu)} fit: not forwarded, ahead of FORWARD`,
    meaning: `Linux drops it and tells the sender (fragmentation needed, packet too big). ${BEHIND_PREROUTING}`,
    causes: ['A tunnel or PPPoE link behind the host: the sender learns the path MTU by it.'],
    remedy: 'Let the ICMP errors reach the sender; TCPMSS --clamp-mss-to-pmtu for TCP.',
    example: { values: { length: 1500, mtu: 1400 } },
  },
  'not-ours': {
    sentence: () => 'seen on the link, but neither sent to this host nor by it: it meets no hook',
    meaning:
      'The capture holds more than the host takes in (promiscuous mode, a mirror port). Only what it received, or itself sent, enters the hooks.',
    causes: [
      'A capture in promiscuous mode.',
      'An address or a hardware address of the host that was not told.',
    ],
    remedy: 'If the packet is one of this host, describe the host better: --host, --local, --pair.',
    example: { values: {} },
  },
  'not-sent': {
    sentence: ({ packet }) =>
      `would not have been sent: the rules dropped packet ${packet}, which was to open its flow`,
    meaning:
      'The capture has what happened without these rules, or with others. Here they drop the packet that opens the flow, so nobody would have answered, and nothing would have followed. It meets no hook, until a packet that opens the flow anew (a SYN, or the same side asking again) gets through.',
    causes: ['Rules that are tried on traffic recorded without them.'],
    remedy: 'Look at the packet that was dropped. --as-recorded evaluates every packet all the same.',
    example: { values: { packet: 4 } },
  },
  'second-copy': {
    sentence: ({ packet }) => `packet ${packet} once more, on its way out: not judged again`,
    meaning:
      'A capture of all interfaces of a router has each forwarded packet twice. This is the second time: what the router really made of it, its translation included. It meets no hook.',
    causes: ['A capture with -i any, or of both sides of the router.'],
    remedy: 'Nothing; --captured=wire takes every packet for one of its own.',
    example: { values: { packet: 17 } },
  },
  'second-copy-against': {
    sentence: ({ packet }) =>
      `packet ${packet} once more, on its way out: it was forwarded, and here it is not`,
    meaning:
      'The capture shows that the router let the packet pass; with the rules and the host as they are told here it is dropped, or ends in INPUT. It meets no hook again.',
    causes: [
      'The rules are not those that were loaded when the capture was made.',
      'The entry, or the ipset, that let it pass began before the capture.',
      'The host is not described as it was: routes, addresses.',
    ],
    remedy: 'Compare the verdict of that packet, and what decided it, with the router.',
    example: { values: { packet: 17 } },
  },
  readdressed: {
    sentence: () => 'captured behind the translation: judged with the addresses that it came with',
    meaning:
      'The capture was made on one side of a NAT, where this packet is seen translated already. By the entry of its connection it got back the addresses, and the ports, that it arrived with.',
    causes: ['A capture of the inner side of a NAT, or of a router, whose packets are seen as they leave.'],
    remedy: 'Nothing; --captured=wire takes every packet as it stands.',
    example: { values: {} },
  },
  'stand-in': {
    sentence: () =>
      'captured outside of the NAT: who sent it is not known, and one inner address stands for all',
    meaning:
      'Outside, all packets of a masqueraded network come from the address of the router. So that they go through FORWARD and the NAT, an address of the inner network stands in for their senders.',
    causes: ['A capture of the outer side of a NAT.'],
    remedy: 'Rules that tell the inner hosts apart need a capture of the inner side, or of both (-i any).',
    example: { values: {} },
  },
} as const satisfies Partial<Catalogue>
