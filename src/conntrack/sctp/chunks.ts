/**
 * The chunks of an SCTP packet (RFC 9260, 3.2): type, flags, length with its four header bytes, padded to 4.
 *
 * A chunk is named by the offset of its header from the common header. The walk asks for no more than Linux
 * does (`for_each_sctp_chunk`): four bytes of header, whatever the length field claims. It is bounded, as
 * each step but one with length 0, which ends it, goes on by at least four bytes.
 */
import type { Packet } from '../../packet/packet.ts'

/** Length of the common header: ports, verification tag, checksum. */
export const SCTP_HEADER = 12
export const CHUNK_HEADER = 4

export const CHUNK_DATA = 0
export const CHUNK_INIT = 1
export const CHUNK_INIT_ACK = 2
export const CHUNK_HEARTBEAT = 4
export const CHUNK_HEARTBEAT_ACK = 5
export const CHUNK_ABORT = 6
export const CHUNK_SHUTDOWN = 7
export const CHUNK_SHUTDOWN_ACK = 8
export const CHUNK_ERROR = 9
export const CHUNK_COOKIE_ECHO = 10
export const CHUNK_COOKIE_ACK = 11
export const CHUNK_SHUTDOWN_COMPLETE = 14

/** No further chunk. */
export const WALK_END = -1
/** There is a further chunk, but its header was not captured. */
export const WALK_CUT = -2

function chunkAt(packet: Packet, offset: number): number {
  if (offset + CHUNK_HEADER > packet.transportLength) return WALK_END
  return offset + CHUNK_HEADER > packet.transportCaptured ? WALK_CUT : offset
}

/** Offset of the first chunk, or WALK_END, WALK_CUT. */
export function firstChunk(packet: Packet): number {
  return chunkAt(packet, SCTP_HEADER)
}

/** Offset of the chunk behind the one at `offset`, or WALK_END, WALK_CUT. */
export function nextChunk(packet: Packet, offset: number): number {
  const length = chunkLength(packet, offset)
  return length === 0 ? WALK_END : chunkAt(packet, offset + ((length + 3) & ~3))
}

export function chunkType(packet: Packet, offset: number): number {
  return packet.bytes[packet.transportOffset + offset]!
}

export function chunkFlags(packet: Packet, offset: number): number {
  return packet.bytes[packet.transportOffset + offset + 1]!
}

/** The length field as it stands, 0–65535. */
export function chunkLength(packet: Packet, offset: number): number {
  const at = packet.transportOffset + offset + 2
  return (packet.bytes[at]! << 8) | packet.bytes[at + 1]!
}

/** Four bytes of the packet, from an offset that was captured, as an int32. */
export function sctpWord(packet: Packet, offset: number): number {
  return packet.view.getInt32(packet.transportOffset + offset)
}

/** A bit for each type that trackers ask for; 0 for the others. */
export function typeBit(type: number): number {
  return type < 16 ? 1 << type : 0
}

/** Bit of `chunkTypes`: the walk ran into what was not captured. */
export const TYPES_CUT = 1 << 16

/** The types of all captured chunks as `typeBit`s, and TYPES_CUT. */
export function chunkTypes(packet: Packet): number {
  let types = 0
  let offset = firstChunk(packet)
  while (offset >= 0) {
    types |= typeBit(chunkType(packet, offset))
    offset = nextChunk(packet, offset)
  }
  return offset === WALK_CUT ? types | TYPES_CUT : types
}
