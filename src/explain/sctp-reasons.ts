/** Reasons of SCTP. */
import { CHUNK_INIT, CHUNK_INIT_ACK, CHUNK_SHUTDOWN_COMPLETE } from '../conntrack/sctp/chunks.ts'
import type { Catalogue } from './entry.ts'
import { bytes, hex, ordinal } from './number-words.ts'
import { article, inDirection, sctpChunk, sctpState } from './protocol-words.ts'

const NO_WAY = 'No sysctl lets it pass. Look for the sender.'
const RESTART =
  'No sysctl lets it pass. Associations that began before tracking are learnt only by heartbeats: wait for one each way, or let both ends begin anew.'

const alone: readonly number[] = [CHUNK_INIT, CHUNK_INIT_ACK, CHUNK_SHUTDOWN_COMPLETE]

export const sctpReasons = {
  'sctp-short': {
    sentence: ({ length }) => `only ${bytes(length)} of SCTP header, where 12 are due`,
    meaning: 'By its IP length the packet ends inside the common header. It is INVALID.',
    causes: ['A crafted or damaged packet.'],
    remedy: NO_WAY,
    example: { values: { length: 8 } },
  },
  'sctp-crc': {
    sentence: ({ found, expected }) =>
      `SCTP checksum ${hex(found, 8)} is wrong: ${hex(expected, 8)} is right (CRC32c)`,
    meaning:
      'The checksum does not fit the packet. It is INVALID where it arrives (PREROUTING); what the host sends itself is not checked, nor what the network card has verified already.',
    causes: [
      'The capture was taken on the sending host, ahead of the network card that fills the checksum in: nothing is wrong on the wire.',
      'A box on the way rewrote ports or payload and did not mend the checksum.',
      'Damage on the way, or a sender with the old Adler-32 checksum (RFC 2960).',
    ],
    remedy:
      'net.netfilter.nf_conntrack_checksum=0 stops the check. If offloading is behind it, capture elsewhere or leave checksums out of account.',
    example: { values: { found: 0, expected: 0x5dcf3a11 } },
  },
  'sctp-chunks': {
    sentence: ({ chunk, type, length, flag }) => {
      const which = `${ordinal(chunk + 1)} chunk (${sctpChunk(type)}, length ${length})`
      if (length === 0)
        return `${which} has no length to go on by${flag === 1 ? ', and one that must be alone is there' : ''}`
      if (alone.includes(type)) return `${which} must be the only chunk of its packet`
      return flag === 1
        ? `${which} follows a chunk that must be alone in its packet`
        : `${which} must be the first chunk of its packet`
    },
    meaning:
      "INIT, INIT_ACK and SHUTDOWN_COMPLETE must be alone in their packet, COOKIE_ECHO and COOKIE_ACK must come first, and every chunk has a length of at least 4 (RFC 9260, 3, 6.10). The packet is INVALID. The kernel's log counts chunks from 0.",
    causes: ['A crafted or damaged packet.', 'A sender that bundles more than it may.'],
    remedy: NO_WAY,
    example: { values: { chunk: 1, type: 10, length: 16, flag: 0 } },
  },
  'sctp-empty': {
    sentence: () => 'an SCTP packet without any chunk',
    meaning: 'There is nothing to judge the packet by. It is INVALID; the kernel logs nothing.',
    causes: ['A crafted or damaged packet.'],
    remedy: NO_WAY,
    example: { values: {} },
  },
  'sctp-new': {
    sentence: ({ type }) =>
      type === CHUNK_INIT
        ? 'an INIT that is too short, or whose verification tag is not 0, cannot begin an association'
        : `${article(sctpChunk(type))} chunk without an association: it cannot begin one`,
    meaning:
      'The table holds no entry for this packet. An INIT begins one, and so do heartbeats and SHUTDOWN_ACK; running associations are otherwise not picked up. The packet is INVALID; the kernel logs nothing.',
    causes: [
      'The association began before tracking did, or before the capture.',
      'Its entry has expired: nf_conntrack_sctp_timeout_established is only 210 s.',
      'The INIT took another path: associations with several addresses (multi-homing) or asymmetric routing.',
    ],
    remedy:
      'Send heartbeats more often than net.netfilter.nf_conntrack_sctp_timeout_established, or raise it. Let both directions of each path pass here.',
    example: { values: { type: 0 } },
  },
  'sctp-vtag': {
    sentence: ({ found, expected, direction }) =>
      `verification tag ${hex(found, 8)} ${inDirection(direction)}: ${expected === 0 ? 'none is known yet' : `${hex(expected, 8)} is right`}`,
    meaning:
      "Each side chose a tag in its INIT or INIT_ACK, and packets to it must carry it (RFC 9260, 8.5). The packet is INVALID. The kernel's log prints the bytes of tags in reverse.",
    causes: [
      'The association was restarted and its INIT took another path.',
      'It was learnt by a heartbeat of one direction only.',
      'A late packet of an older association with the same ports, or a forged one.',
    ],
    remedy: RESTART,
    example: { values: { found: 0x99, expected: 0xbb, direction: 0 } },
  },
  'sctp-vtag-special': {
    sentence: ({ type, found, expected }) =>
      `${sctpChunk(type)} with verification tag ${hex(found, 8)}, where ${hex(expected, 8)} belongs`,
    meaning:
      "Some chunks have a rule of their own for the tag (RFC 9260, 8.5.1): 0 for INIT, the other side's for ABORT and SHUTDOWN_COMPLETE with the T bit. The packet is INVALID; the kernel logs nothing.",
    causes: [
      'A late ABORT or heartbeat of an older association with the same ports.',
      'A restart whose INIT took another path.',
      'A forged ABORT.',
    ],
    remedy: RESTART,
    example: { values: { type: 6, found: 0x99, expected: 0xbb } },
  },
  'sctp-init-tag': {
    sentence: ({ type }) =>
      type === CHUNK_INIT
        ? 'INIT is cut off before the end of its fixed part (20 bytes)'
        : `${sctpChunk(type)} is cut off, or its initiate tag contradicts the one already known`,
    meaning:
      'INIT and INIT_ACK hold 16 bytes at least behind the chunk header, and an INIT_ACK that nobody asked for must not change the known tag. The packet is INVALID; the kernel logs nothing.',
    causes: ['A late or repeated INIT_ACK of an earlier attempt.', 'A crafted packet.'],
    remedy: NO_WAY,
    example: { values: { type: 2 } },
  },
  'sctp-state': {
    sentence: ({ state, direction, type }) =>
      `${article(sctpChunk(type))} chunk ${inDirection(direction)} cannot come in SCTP state ${sctpState(state)}`,
    meaning:
      'The transition table has no place for this chunk. It happens to an association that was picked up by a heartbeat, when the other side answers with anything but a heartbeat. The packet is INVALID.',
    causes: [
      'The association began before tracking did, and so far one heartbeat was seen.',
      'A scan with heartbeats.',
    ],
    remedy: RESTART,
    example: { values: { state: 8, direction: 1, type: 1 } },
  },
} as const satisfies Partial<Catalogue>
