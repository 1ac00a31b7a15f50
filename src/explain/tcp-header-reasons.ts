/** Reasons of TCP that lie in the segment itself or in there being no connection for it. */
import type { Catalogue } from './entry.ts'
import { bytes, hex } from './number-words.ts'
import { article, tcpFlagNames } from './protocol-words.ts'

export const tcpHeaderReasons = {
  'tcp-short': {
    sentence: ({ length }) => `only ${bytes(length)} of TCP header, where 20 are the least`,
    meaning:
      'By its IP length the packet ends inside the TCP header. It is INVALID; the kernel logs nothing. A packet that only the capture cut short is never judged so.',
    causes: ['A crafted or damaged packet; a scanner that probes for what a firewall lets through.'],
    remedy: 'No sysctl lets it pass. Look for the sender.',
    example: { values: { length: 12 } },
  },
  'tcp-truncated': {
    sentence: ({ headerLength, length }) =>
      headerLength < 20
        ? `TCP data offset says ${bytes(headerLength)} of header in a segment of ${bytes(length)}, where 20 are the least`
        : `TCP data offset says ${bytes(headerLength)} of header, but the segment has only ${bytes(length)}`,
    meaning:
      'The data offset field is below 20 bytes, or beyond the end of the packet by its IP length. The packet is INVALID.',
    causes: [
      'A crafted or damaged packet.',
      'A middlebox that cuts or rewrites options without mending the offset.',
    ],
    remedy: 'No sysctl lets it pass. Compare the packet before and behind each box on its way.',
    example: { values: { headerLength: 40, length: 32 } },
  },
  'tcp-checksum': {
    sentence: ({ found, expected }) => `TCP checksum ${hex(found, 4)} is wrong: ${hex(expected, 4)} is right`,
    meaning:
      'The checksum does not fit the segment. The packet is INVALID where a packet arrives (PREROUTING); what the host sends itself is not checked, nor what the network card has verified already.',
    causes: [
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in: nothing is wrong on the wire.',
      'A box on the way rewrote addresses, ports or payload and did not mend the checksum.',
      'Damage on the way, or a crafted packet.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_checksum=0 stops the check. If offloading is behind it, capture elsewhere or leave checksums out of account.',
    example: { values: { found: 0x1c46, expected: 0xb1e6 } },
  },
  'tcp-flags': {
    sentence: ({ flags }) =>
      flags === 0
        ? 'a segment without any flag (0x00), which TCP never sends'
        : `${tcpFlagNames(flags)} (${hex(flags, 2)}) is a combination of flags that TCP never sends`,
    meaning:
      'Apart from PSH, ECE and CWR, only these are allowed: SYN, SYN+URG, SYN+ACK, RST, RST+ACK, FIN+ACK, FIN+ACK+URG, ACK, ACK+URG. The packet is INVALID.',
    causes: [
      'A port scan: FIN without ACK, "null" (none), "Xmas" (FIN+PSH+URG), SYN+FIN.',
      'A broken stack or middlebox that sends FIN without ACK.',
    ],
    remedy: 'No sysctl lets it pass. Look for the sender.',
    example: { values: { flags: 0x03 } },
  },
  'tcp-new': {
    sentence: ({ flags }) =>
      `${article(tcpFlagNames(flags))} without a connection: only a SYN or a plain ACK can begin one`,
    meaning:
      'The table holds no entry for this packet, and a SYN+ACK, FIN or RST never begins one. The packet is INVALID. A SYN always begins one; an ACK does while tcp_loose is 1.',
    causes: [
      'The entry is gone: a late FIN or RST after the connection was closed, or after it idled past its timeout.',
      'A RST deleted the entry, and the other side goes on talking.',
      'Only one direction passes here (asymmetric routing): the SYN took another way, its SYN+ACK comes by.',
      'The table was flushed, or the host rebooted or failed over.',
      'A scan, or backscatter of a forged source address.',
    ],
    remedy:
      'Harmless at the end of a connection. Else let both directions pass here, or raise the timeout of the state it idled in (net.netfilter.nf_conntrack_tcp_timeout_established and its like), or send keep-alives more often.',
    example: { values: { flags: 0x12 } },
  },
  'tcp-not-loose': {
    sentence: () =>
      'an ACK without a connection, and nf_conntrack_tcp_loose=0: none is picked up in mid-stream',
    meaning:
      'The table holds no entry for this packet. An ACK could begin one, but the sysctl forbids it. The packet is INVALID; the kernel logs nothing.',
    causes: [
      'The connection began before tracking did, or before the capture.',
      'Its entry has expired: it was idle for longer than its timeout.',
      'The SYN took another way (asymmetric routing).',
      'An ACK scan.',
    ],
    remedy: 'net.netfilter.nf_conntrack_tcp_loose=1 picks such connections up.',
    example: { values: {} },
  },
  'tcp-picked-up': {
    sentence: ({ sequence, acknowledgment }) =>
      `picked up in mid-stream at SEQ ${sequence}, ACK ${acknowledgment}: no SYN was seen, so windows are not judged`,
    meaning:
      'An ACK without an entry began one: ctstate NEW, TCP state ESTABLISHED. What the SYNs agreed on (window scale) is unknown, so neither side is held to its window. Until a reply is seen its timeout is at most tcp_timeout_unacknowledged.',
    causes: [
      'The connection began before the capture; the host itself, which saw the SYN, may judge it more strictly.',
      'Its entry had expired or was flushed, and the connection lives on.',
      'The packet belongs to no connection at all: an ACK scan, or a late packet of a dead one.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_tcp_loose=0 makes such packets INVALID. To judge them fully, start the capture earlier or from a saved table.',
    example: { values: { sequence: 1000, acknowledgment: 2000 } },
  },
} as const satisfies Partial<Catalogue>
