/** Reasons of UDP, UDP-Lite and GRE. */
import type { Catalogue } from './entry.ts'
import { bytes, grouped, hex } from './number-words.ts'

const DAMAGED = ['A crafted or damaged packet.']
const NO_WAY = 'No sysctl lets it pass. Look for the sender.'
const CHECKSUM = 'net.netfilter.nf_conntrack_checksum=0 stops the check.'

export const datagramReasons = {
  'udp-short': {
    sentence: ({ length }) => `only ${bytes(length)} of UDP header, where 8 are due`,
    meaning: 'By its IP length the packet ends inside the UDP header. It is INVALID.',
    causes: DAMAGED,
    remedy: NO_WAY,
    example: { values: { length: 6 } },
  },
  'udp-length': {
    sentence: ({ udpLength, length }) =>
      udpLength < 8
        ? `UDP length field says ${bytes(udpLength)} (of ${grouped(length)}), where 8 are the least`
        : `UDP length field says ${bytes(udpLength)}, ${grouped(Math.max(udpLength - length, 0))} more than the ${grouped(length)} in the packet`,
    meaning:
      'The length field is below 8, or beyond the end of the packet by its IP length. The packet is INVALID. A field that says less than there is would be fine.',
    causes: ['A crafted or damaged packet.', 'A tunnel or box that cuts datagrams short.'],
    remedy: NO_WAY,
    example: { values: { udpLength: 520, length: 480 } },
  },
  'udp-checksum': {
    sentence: ({ found, expected }) => `UDP checksum ${hex(found, 4)} is wrong: ${hex(expected, 4)} is right`,
    meaning:
      'The checksum does not fit the datagram. The packet is INVALID where a packet arrives (PREROUTING); what the host sends itself is not checked, nor what the network card has verified already, nor a checksum of 0.',
    causes: [
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in: nothing is wrong on the wire.',
      'Containers or virtual machines on one host, whose packets never get a checksum (DHCP is known for it).',
      'A box on the way rewrote addresses, ports or payload and did not mend the checksum.',
    ],
    remedy: `${CHECKSUM} If offloading is behind it, capture elsewhere, leave checksums out of account, or fill them in (CHECKSUM --checksum-fill).`,
    example: { values: { found: 0xfe1b, expected: 0x9a02 } },
  },
  'udplite-short': {
    sentence: ({ length }) => `only ${bytes(length)} of UDP-Lite header, where 8 are due`,
    meaning: 'By its IP length the packet ends inside the UDP-Lite header. It is INVALID.',
    causes: DAMAGED,
    remedy: NO_WAY,
    example: { values: { length: 6 } },
  },
  'udplite-coverage': {
    sentence: ({ coverage, length }) =>
      coverage < 8
        ? `UDP-Lite checksum covers ${bytes(coverage)} (of ${grouped(length)}), where 8 are the least (or 0 for all)`
        : `UDP-Lite checksum covers ${bytes(coverage)}, ${grouped(Math.max(coverage - length, 0))} more than the ${grouped(length)} in the packet`,
    meaning:
      'The coverage field must be 0 (all), or at least the header and at most the packet (RFC 3828, 3.1). The packet is INVALID.',
    causes: DAMAGED,
    remedy: NO_WAY,
    example: { values: { coverage: 200, length: 120 } },
  },
  'udplite-checksum-missing': {
    sentence: () => 'UDP-Lite without a checksum (0x0000), which it must have',
    meaning: 'Unlike UDP, UDP-Lite always has a checksum (RFC 3828, 3.1). The packet is INVALID.',
    causes: ['A sender that takes UDP-Lite for UDP, or a crafted packet.'],
    remedy: NO_WAY,
    example: { values: {} },
  },
  'udplite-checksum': {
    sentence: ({ found, expected }) =>
      `UDP-Lite checksum ${hex(found, 4)} is wrong: the kernel computes ${hex(expected, 4)}`,
    meaning:
      'The packet is INVALID where it arrives (PREROUTING). Linux computes this checksum with the protocol number of UDP, so that correct UDP-Lite fails unless the network card has verified it.',
    causes: ["The kernel's own mistake: the packet may be entirely correct.", 'Damage on the way.'],
    remedy: CHECKSUM,
    example: { values: { found: 0x4d21, expected: 0x4d98 } },
  },
  'gre-not-ppp': {
    sentence: ({ protocol }) =>
      `GRE version 1 carries protocol ${hex(protocol, 4)}, where only PPP (0x880b) belongs`,
    meaning:
      'Version 1 is the GRE of PPTP (RFC 2637), which carries PPP and nothing else. The packet is INVALID; the kernel logs nothing.',
    causes: ['A crafted or damaged packet.', 'Another tunnel that sets the version bits.'],
    remedy: 'No sysctl lets it pass. Exempt it from tracking (CT --notrack in the raw table).',
    example: { values: { protocol: 0x0800 } },
  },
} as const satisfies Partial<Catalogue>
