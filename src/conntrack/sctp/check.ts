import { CHECKSUM_BAD, type Packet } from '../../packet/packet.ts'
import { type Reasons, reasonNumber } from '../reason.ts'
import {
  CHUNK_COOKIE_ACK,
  CHUNK_COOKIE_ECHO,
  CHUNK_INIT,
  CHUNK_INIT_ACK,
  CHUNK_SHUTDOWN_COMPLETE,
  chunkLength,
  chunkType,
  firstChunk,
  nextChunk,
  SCTP_HEADER,
  typeBit,
  WALK_END,
} from './chunks.ts'

const sctpShort = reasonNumber['sctp-short']
const sctpCrc = reasonNumber['sctp-crc']
const sctpChunks = reasonNumber['sctp-chunks']
const sctpEmpty = reasonNumber['sctp-empty']

const alone = typeBit(CHUNK_INIT) | typeBit(CHUNK_INIT_ACK) | typeBit(CHUNK_SHUTDOWN_COMPLETE)
const first = typeBit(CHUNK_COOKIE_ECHO) | typeBit(CHUNK_COOKIE_ACK)

/**
 * What holds of a packet by itself: length, checksum, order of the chunks. False: INVALID, with its reason.
 * The checksum is looked at where `verifyChecksum` says (PREROUTING, nf_conntrack_checksum on) and only as
 * far as `packet.checksum` knows it.
 */
export function checkSctp(packet: Packet, reasons: Reasons, verifyChecksum: boolean): boolean {
  if (packet.transportLength < SCTP_HEADER) {
    reasons.add(sctpShort, packet.transportLength)
    return false
  }
  if (verifyChecksum && packet.checksum === CHECKSUM_BAD) {
    reasons.add(sctpCrc, packet.checksumFound, packet.checksumExpected)
    return false
  }
  let offset = firstChunk(packet)
  if (offset === WALK_END) {
    reasons.add(sctpEmpty)
    return false
  }
  let flag = 0
  for (let number = 0; offset >= 0; number++) {
    const type = chunkType(packet, offset)
    const mask = typeBit(type)
    if ((mask & alone) !== 0) flag = 1
    const misplaced = number > 0 && (flag === 1 || (mask & first) !== 0)
    const length = chunkLength(packet, offset)
    if (misplaced || length === 0) {
      reasons.add(sctpChunks, number, type, length, flag)
      return false
    }
    offset = nextChunk(packet, offset)
  }
  return true
}
