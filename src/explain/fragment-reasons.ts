/** Reasons of reassembly, which stands ahead of the tracker. */
import type { Catalogue } from './entry.ts'
import { bytes, count, grouped } from './number-words.ts'
import { ecnValues } from './protocol-words.ts'

const RETRY =
  'Nothing to set. Avoid fragments: mend path MTU discovery, or clamp the MSS (TCPMSS --clamp-mss-to-pmtu).'
const LARGEST = 65_535

export const fragmentReasons = {
  'fragment-held': {
    sentence: ({ offset, length }) =>
      `fragment of ${bytes(length)} at offset ${offset} is held until its datagram is complete`,
    meaning:
      'Connection tracking judges whole datagrams: pieces are kept ahead of all rules, and the piece that completes the datagram goes on in its place. A held piece has no ctstate and no verdict.',
    causes: ['A datagram larger than the MTU somewhere on its way: large UDP (DNS, NFS), tunnels.'],
    remedy:
      'Nothing while the rest arrives. Pieces wait for net.ipv4.ipfrag_time (30 s) or net.netfilter.nf_conntrack_frag6_timeout (60 s).',
    example: { values: { offset: 1480, length: 600 } },
  },
  'fragment-duplicate': {
    sentence: ({ offset, length }) =>
      `fragment of ${bytes(length)} at offset ${offset} brings nothing new: all of it is there already`,
    meaning:
      'The piece is dropped in silence and the old bytes stay; the contents are not compared. The datagram can still be completed.',
    causes: [
      'A duplicate on the way, or a capture that sees each packet twice (a mirror port, two interfaces).',
    ],
    remedy: 'Nothing.',
    example: { values: { offset: 1480, length: 600 } },
  },
  'fragment-overlap': {
    sentence: ({ offset, length }) =>
      `fragment of ${bytes(length)} at offset ${offset} overlaps others: the whole datagram is dropped`,
    meaning:
      'A piece that covers others in part throws away all that was collected, as such pieces were used to evade filters (RFC 5722).',
    causes: [
      'Two datagrams with the same identification at once: a fast sender whose 16-bit counter wraps within 30 seconds.',
      'A crafted packet.',
    ],
    remedy: `${RETRY} A shorter net.ipv4.ipfrag_time makes wrapped identifications meet less often.`,
    example: { values: { offset: 1472, length: 600 } },
  },
  'fragment-bad-end': {
    sentence: ({ end, total }) =>
      end === total
        ? `fragment ends at ${end}, which contradicts the end of its datagram`
        : `fragment ends at ${end}, but its datagram at ${total}: ${bytes(Math.abs(end - total))} ${end < total ? 'too early' : 'too late'}`,
    meaning:
      'The last piece (no "more fragments") says where the datagram ends, and another piece lies beyond that or says otherwise. IPv4 drops all that was collected, IPv6 this piece only.',
    causes: ['Two datagrams with the same identification at once.', 'A crafted packet.'],
    remedy: RETRY,
    example: { values: { end: 3000, total: 3080 } },
  },
  'fragment-empty': {
    sentence: ({ offset }) => `fragment at offset ${offset} holds no data`,
    meaning:
      'A piece without data is of no use. IPv4 drops all that was collected with it, IPv6 this piece only.',
    causes: ['A crafted packet.'],
    remedy: 'No sysctl lets it pass. Look for the sender.',
    example: { values: { offset: 1480 } },
  },
  'fragment-oversize': {
    sentence: ({ length }) =>
      length > LARGEST
        ? `the fragments make ${bytes(length)}, ${grouped(length - LARGEST)} more than an IP packet can have (65,535)`
        : `the fragments make more than an IP packet can have (${grouped(length)} of 65,535 bytes so far)`,
    meaning: 'No IP packet is longer than 65,535 bytes. All that was collected is dropped.',
    causes: ['A crafted packet (the "ping of death").'],
    remedy: 'No sysctl lets it pass. Look for the sender.',
    example: { values: { length: 65_540 } },
  },
  'fragment-ecn': {
    sentence: ({ ecnMask }) => `the fragments' ECN fields contradict each other: ${ecnValues(ecnMask)}`,
    meaning:
      'Some pieces say that the sender understands congestion notification and others that it does not (RFC 3168, 5.3). The datagram is dropped.',
    causes: [
      'A box on the way that sets or clears the ECN or TOS field of some packets.',
      'A crafted packet.',
    ],
    remedy: 'No sysctl lets it pass. Find the box that changes the ECN field.',
    example: { values: { ecnMask: 0b1001 } },
  },
  'fragment-memory': {
    sentence: ({ charged, limit }) =>
      `no memory for fragments: ${bytes(charged)} are held already, the limit is ${grouped(limit)}`,
    meaning: 'New pieces are dropped, even one that would complete a datagram, until old ones time out.',
    causes: ['Lost pieces: the rest of each datagram waits for its timeout.', 'A flood of fragments.'],
    remedy:
      'Raise net.ipv4.ipfrag_high_thresh or net.netfilter.nf_conntrack_frag6_high_thresh, or shorten net.ipv4.ipfrag_time or net.netfilter.nf_conntrack_frag6_timeout.',
    example: { values: { charged: 4_195_328, limit: 4_194_304 } },
  },
  reassembled: {
    sentence: ({ pieces, length }) =>
      `reassembled from ${count(pieces, 'fragment')}: ${bytes(length)} in all`,
    meaning:
      'This piece completed its datagram. Rules and the tracker see one whole packet; on its way out it is cut again as it was.',
    causes: ['A datagram larger than the MTU somewhere on its way: large UDP (DNS, NFS), tunnels.'],
    remedy: 'Nothing: it is ordinary. Rules with -f never match behind reassembly.',
    example: { values: { pieces: 4, length: 3100 } },
  },
  'l3-chain': {
    sentence: () => 'the IPv6 extension headers lead to no transport header',
    meaning:
      'The chain ends in "no next header" (59) or in an extension header that is cut off by the packet\'s own length. The packet is INVALID; the kernel logs nothing.',
    causes: ['A crafted packet, or a test of a firewall.'],
    remedy: 'No sysctl lets it pass.',
    example: { values: {} },
  },
  'l3-frag6': {
    sentence: ({ offset, length }) =>
      `fragment of ${bytes(length)} at offset ${offset} that reassembly refuses: ${length % 8 === 0 ? 'headers incomplete' : 'no multiple of 8'}`,
    meaning:
      'An IPv6 piece is not collected but passed on as it is, and INVALID: the first piece does not hold all headers up to and with the transport header (RFC 7112), or a piece that others follow has a length that is no multiple of 8.',
    causes: ['A crafted packet that hides its ports from filters in a later piece.'],
    remedy: 'No sysctl lets it pass. Drop INVALID, or such packets pass rules that do not look at ports.',
    example: { values: { offset: 0, length: 16 } },
  },
} as const satisfies Partial<Catalogue>
