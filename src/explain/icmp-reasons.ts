/** Reasons of ICMP and ICMPv6. */
import type { Catalogue } from './entry.ts'
import { bytes, hex } from './number-words.ts'
import { addressWords, icmpMessage, ipProtocol, isIPv4 } from './protocol-words.ts'

const NO_WAY = 'No sysctl lets it pass. Look for the sender.'
const REDIRECT =
  'Redirects are never to be forwarded: drop them in FORWARD. In INPUT, accept them by type ahead of the rule on INVALID if the host shall heed them.'

export const icmpReasons = {
  'icmp-short': {
    sentence: ({ length }) => `only ${bytes(length)} of ICMP header, where 8 are due`,
    meaning: 'By its IP length the packet ends inside the ICMP header. It is INVALID.',
    causes: ['A crafted or damaged packet.'],
    remedy: NO_WAY,
    example: { values: { length: 4 } },
  },
  'icmp-checksum': {
    sentence: ({ found, expected }) =>
      `ICMP checksum ${hex(found, 4)} is wrong: ${hex(expected, 4)} is right`,
    meaning:
      'The checksum does not fit the message. The packet is INVALID where a packet arrives (PREROUTING).',
    causes: [
      'A box on the way rewrote the message, or the packet quoted in it (NAT), and did not mend the checksum.',
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in.',
      'Damage on the way.',
    ],
    remedy: 'net.netfilter.nf_conntrack_checksum=0 stops the check.',
    example: { values: { found: 0xf7ff, expected: 0xf7fd } },
  },
  'icmp-type': {
    sentence: ({ type }) => `ICMP type ${type} is above 18, the highest that Linux knows`,
    meaning: 'The packet is INVALID, whatever the type is assigned to by now (extended echo is 42 and 43).',
    causes: ['A scan, a crafted packet, or a newer kind of probe.'],
    remedy: 'No sysctl lets it pass. If it shall pass, accept its type ahead of the rule on INVALID.',
    example: { values: { type: 42 } },
  },
  'icmp6-short': {
    sentence: ({ length }) => `only ${bytes(length)} of ICMPv6 header, where 8 are due`,
    meaning: 'By its IP length the packet ends inside the ICMPv6 header. It is INVALID.',
    causes: ['A crafted or damaged packet.'],
    remedy: NO_WAY,
    example: { values: { length: 4 } },
  },
  'icmp6-checksum': {
    sentence: ({ found, expected }) =>
      `ICMPv6 checksum ${hex(found, 4)} is wrong: ${hex(expected, 4)} is right`,
    meaning:
      'The checksum does not fit the message and the addresses. The packet is INVALID where a packet arrives (PREROUTING).',
    causes: [
      'A box on the way rewrote addresses or the message (NAT, NPT) and did not mend the checksum.',
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in.',
      'Damage on the way.',
    ],
    remedy: 'net.netfilter.nf_conntrack_checksum=0 stops the check.',
    example: { values: { found: 0x1234, expected: 0xa80e } },
  },
  'icmp6-redirect-short': {
    sentence: ({ length }) => `ICMPv6 redirect of ${bytes(length)}, where 40 are the least`,
    meaning:
      'A redirect holds a target and a destination address (RFC 4861, 4.5). This one ends before; it is INVALID.',
    causes: ['A crafted packet.'],
    remedy: NO_WAY,
    example: { values: { length: 24 } },
  },
  'icmp6-redirect-source': {
    sentence: ({ hopLimit }) =>
      hopLimit === 255
        ? 'ICMPv6 redirect from an address that is not link-local (fe80::/10): it must come from a router on the link'
        : `ICMPv6 redirect with hop limit ${hopLimit}, not 255: it did not start on this link`,
    meaning:
      'A redirect counts only from a router on the same link: hop limit 255 and a link-local source (RFC 4861, 8.1). The packet is INVALID.',
    causes: [
      'A redirect that was forwarded, or forged from afar.',
      'A router that sends redirects from its global address.',
    ],
    remedy: REDIRECT,
    example: { values: { hopLimit: 64 } },
  },
  'icmp6-redirect-options': {
    sentence: () =>
      'ICMPv6 redirect without options, or with one of length 0: nothing says which packet it is about',
    meaning:
      'Tracking needs the redirected packet, which comes as an option (RFC 4861, 4.5). The packet is INVALID.',
    causes: ['A router that leaves the option out, which is allowed.', 'A crafted packet.'],
    remedy: REDIRECT,
    example: { values: {} },
  },
  'icmp-not-query': {
    sentence: ({ type }, context) =>
      `${icmpMessage(type, context)} without a request before it: it cannot begin a connection`,
    meaning:
      'Only requests begin an entry (echo and, in IPv4, timestamp, information, address mask; in IPv6 node information). This is a reply that belongs to none, or a type that is not tracked. The packet is INVALID; the kernel logs nothing.',
    causes: [
      'A late reply: the entry lives for nf_conntrack_icmp_timeout (30 s) after the last packet.',
      'The request took another way (asymmetric routing), or came before the capture began.',
      'The reply has another identifier or code than its request.',
      'A router advertisement or solicitation (IPv4), which is never tracked.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_icmp_timeout (nf_conntrack_icmpv6_timeout) keeps entries for longer. If the type shall pass, accept it ahead of the rule on INVALID.',
    example: { values: { type: 0 }, context: { protocol: 'icmp' } },
  },
  'icmp-inner': {
    sentence: ({ type }, context) =>
      `${icmpMessage(type, context)} quotes a packet that cannot be read or answered`,
    meaning:
      'An error belongs to the connection of the packet it quotes. Here the quotation is cut before its ports, is a later fragment, or is an ICMP error or another packet that has no reply. The packet is INVALID; the kernel logs nothing.',
    causes: [
      'An error about a fragment that is not the first.',
      'A router that quotes less than RFC 792 asks for.',
      'A crafted packet.',
    ],
    remedy:
      'No sysctl lets it pass. Accept the type ahead of the rule on INVALID only if something needs it.',
    example: { values: { type: 11 }, context: { protocol: 'icmp' } },
  },
  'icmp-unrelated': {
    sentence: ({ type, innerProtocol }, context) =>
      `${icmpMessage(type, context)} quotes ${/^[AEI]/.test(ipProtocol(innerProtocol)) ? 'an' : 'a'} ${ipProtocol(innerProtocol)} packet of no connection known here`,
    meaning:
      'An error belongs to the connection of the packet it quotes, and there is no entry for that. The packet is INVALID; the kernel logs nothing.',
    causes: [
      'The entry is gone: the error came late, or an RST deleted it.',
      'The quoted packet took another way (asymmetric routing), or came before the capture began.',
      'A box on the way translated addresses but not those in the quotation.',
      'Backscatter of a forged source address, or a forged error.',
    ],
    remedy:
      'Let both directions pass here. No sysctl lets it pass; path MTU discovery may need type 3 code 4 (ICMPv6: type 2) accepted ahead of the rule on INVALID.',
    example: { values: { type: 3, innerProtocol: 6 }, context: { protocol: 'icmp' } },
  },
  'icmp-outer-destination': {
    sentence: (values, context) => {
      const rest = [values.outer1, values.outer2, values.outer3, values.inner1, values.inner2, values.inner3]
      const four = isIPv4(context, rest)
      const outer = addressWords([values.outer0, values.outer1, values.outer2, values.outer3], four)
      const inner = addressWords([values.inner0, values.inner1, values.inner2, values.inner3], four)
      return `ICMP error to ${outer} quotes a packet that ${inner} sent`
    },
    meaning:
      'An error must go to whoever sent the packet it quotes. This one quotes a packet of a known connection but is addressed to somebody else. The packet is INVALID.',
    causes: [
      'A forged error.',
      'NAT on the way that translated the outer address but not the quotation, or the reverse.',
    ],
    remedy: 'No sysctl lets it pass. Look at what NAT does to errors on their way.',
    example: {
      values: {
        outer0: 0x0a000009,
        outer1: 0,
        outer2: 0,
        outer3: 0,
        inner0: 0x0a000002,
        inner1: 0,
        inner2: 0,
        inner3: 0,
      },
      context: { family: 'ipv4' },
    },
  },
  'icmp-related': {
    sentence: ({ type, icmpCode }, context) =>
      `${icmpMessage(type, context, icmpCode)} about a packet of this connection`,
    meaning:
      'The error quotes a packet of a known connection, so its ctstate is RELATED. It neither refreshes that entry nor changes it, and who sent it does not matter.',
    causes: ['Ordinary: a closed UDP port, a path with a smaller MTU, traceroute, a host that is down.'],
    remedy: 'Nothing: accept RELATED, or connections hang on paths with a small MTU.',
    example: { values: { type: 3, icmpCode: 4 }, context: { protocol: 'icmp' } },
  },
} as const satisfies Partial<Catalogue>
