/** Reasons that keep a packet from the tracker: what the frame, the capture or the IP stack does to it. */
import { linkTypeName } from '../capture/linktype.ts'
import type { Catalogue } from './entry.ts'
import { bytes, grouped, hex } from './number-words.ts'
import { etherTypeName } from './protocol-words.ts'

const RECAPTURE = 'Capture again with a larger snap length (tcpdump -s 0, the default, takes whole packets).'
const BEFORE_HOOKS =
  'No sysctl lets it pass. Look for what damages packets: a network card, a driver, a tunnel.'

export const frameReasons = {
  'not-ip': {
    sentence: ({ etherType }) => {
      if (etherType === 0) return 'not IP: the frame names no EtherType (LLC, as spanning tree uses)'
      const name = etherTypeName(etherType)
      return `not IP but ${name === undefined ? 'EtherType' : `${name}, EtherType`} ${hex(etherType, 4)}`
    },
    meaning: 'Connection tracking sees only IPv4 and IPv6. The frame has no ctstate.',
    causes: [
      'ARP, LLDP, spanning tree: ordinary on any Ethernet.',
      'PPPoE or MPLS, with IP packets inside that are not looked into.',
    ],
    remedy: 'Nothing. To judge IP inside PPPoE or a tunnel, capture on the inner interface.',
    example: { values: { etherType: 0x0806 } },
  },
  'link-type': {
    sentence: ({ linkType }) => {
      const name = linkTypeName(linkType)
      return `link type ${linkType}${name === String(linkType) ? '' : ` (${name})`} cannot be decoded here`
    },
    meaning:
      'The capture file names a link layer that is not known here, so its frames cannot be read. They have no ctstate.',
    causes: ['A capture in wireless monitor mode, on USB, Bluetooth or a CAN bus.'],
    remedy: 'Capture on the IP interface itself, or let another tool strip the outer header.',
    example: { values: { linkType: 105 } },
  },
  'link-short': {
    sentence: () => 'the frame ends inside its link-layer header',
    meaning: 'There are too few bytes to tell what the frame carries. It has no ctstate.',
    causes: [
      'A very short snap length.',
      'A damaged file, or a link type that is not what the frames really are.',
    ],
    remedy: RECAPTURE,
    example: { values: {} },
  },
  'cut-network': {
    sentence: ({ captured }) =>
      `the capture cut the packet inside its IP header: ${bytes(captured)} are left`,
    meaning:
      'The packet itself may be in order; the kernel saw all of it, this capture did not. It is not judged.',
    causes: ['A snap length shorter than the headers.'],
    remedy: RECAPTURE,
    example: { values: { captured: 14 } },
  },
  'cut-transport': {
    sentence: ({ captured, needed }) =>
      `the capture holds only ${cut(captured, needed)} needed behind the IP header`,
    meaning:
      'The packet itself may be in order; the kernel saw all of it, this capture did not. Where the missing bytes decide, the packet is not judged and has no ctstate; where they hardly can (further SCTP chunks), it is judged by the rest.',
    causes: ['A snap length shorter than the headers.', "For SCTP, any snap length below the packet's."],
    remedy: RECAPTURE,
    example: { values: { captured: 8, needed: 20 } },
  },
  'cut-payload': {
    sentence: ({ captured, needed }) => `the capture holds only ${cut(captured, needed)} of payload needed`,
    meaning:
      'A helper (FTP, TFTP), or the packet quoted in an ICMP error, needs payload that this capture did not keep. A helper goes by what there is and may miss an expectation; an ICMP error is not judged.',
    causes: ['A snap length that keeps headers only.'],
    remedy: RECAPTURE,
    example: { values: { captured: 2, needed: 27 } },
  },
  'ip-version': {
    sentence: ({ version }) =>
      version === 4 || version === 6
        ? `IP version ${version} in a frame that announces IPv${version === 4 ? 6 : 4}: dropped before any hook`
        : `IP version ${version}, where 4 or 6 was due: dropped before any hook`,
    meaning:
      'The version field is not what the link layer announced. The stack drops such a packet before connection tracking.',
    causes: ['A damaged or crafted packet.', 'A capture whose link type is not what its frames really are.'],
    remedy: BEFORE_HOOKS,
    example: { values: { version: 5 } },
  },
  'ip-header-length': {
    sentence: ({ headerLength }) =>
      headerLength < 20
        ? `IP header of ${bytes(headerLength)}, where 20 are the least: dropped before any hook`
        : `IP header of ${bytes(headerLength)} does not fit into the packet: dropped before any hook`,
    meaning:
      'The header is shorter than can be (20 bytes for IPv4, 40 for IPv6), or longer than what was received. The stack drops such a packet before connection tracking.',
    causes: ['A damaged or crafted packet.'],
    remedy: BEFORE_HOOKS,
    example: { values: { headerLength: 16 } },
  },
  'ip-total-length': {
    sentence: ({ totalLength, available }) =>
      totalLength < available
        ? `IP total length ${totalLength} is ${bytes(available - totalLength)} less than the header: dropped before any hook`
        : `IP total length ${totalLength} is ${bytes(totalLength - available)} more than the ${grouped(available)} received: dropped before any hook`,
    meaning:
      "The length field is below the header's own length, or beyond what arrived. The stack drops such a packet before connection tracking.",
    causes: ['A damaged or crafted packet.', 'A tunnel or driver that cuts packets short.'],
    remedy: BEFORE_HOOKS,
    example: { values: { totalLength: 1500, available: 100 } },
  },
  'ip-checksum': {
    sentence: ({ found, expected }) =>
      `IPv4 header checksum ${hex(found, 4)} is wrong (${hex(expected, 4)} is right): dropped before any hook`,
    meaning:
      'The stack drops a packet with a wrong header checksum before connection tracking, whatever the sysctls say.',
    causes: [
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in: nothing is wrong on the wire.',
      'A box on the way changed the header (TTL, TOS, address) and did not mend the checksum.',
      'Damage on the way.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_checksum does not cover it. If offloading is behind it, capture elsewhere or leave checksums out of account; a field of 0 is taken for offloaded unless every checksum is to be verified.',
    example: { values: { found: 0, expected: 0x66cd } },
  },
  'ip-hop-by-hop': {
    sentence: () => 'the IPv6 hop-by-hop options cannot be read: dropped before any hook',
    meaning:
      'The header is longer than the packet, or holds an option that must not be skipped, too many options, or too much padding. The stack drops the packet before connection tracking.',
    causes: ['A crafted packet; ordinary traffic seldom has this header (multicast listener reports do).'],
    remedy: 'net.ipv6.max_hbh_opts_number is how many options are allowed (8).',
    example: { values: {} },
  },
} as const satisfies Partial<Catalogue>

function cut(captured: number, needed: number): string {
  return `${grouped(captured)} of the ${bytes(needed)}`
}
