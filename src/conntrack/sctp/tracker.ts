/**
 * SCTP as Linux tracks it (6.18, nf_conntrack_proto_sctp.c): verification tags and chunk types, no more.
 *
 * `checkSctp` (check.ts) comes first.
 *
 * Packets are judged by their length on the wire. Where the capture cut a packet among its chunks, those that
 * were captured are judged and the rest are taken to change nothing, as DATA, which most of them are; the
 * packet then carries the reason `cut-transport`. Where the answer hangs on bytes that are missing (the
 * verification tag, a first packet's first chunk, an initiate tag, a chunk that might have excused a foreign
 * tag) it is HANDLED_UNKNOWN.
 *
 * Reasons hold lengths and tags as numbers in the packet's order of bytes; the kernel's log prints them
 * with their bytes reversed.
 */
import type { Packet } from '../../packet/packet.ts'
import { flowState, SCTP_FLAGS, SCTP_VTAG, STATUS, setFlowState } from '../entry.ts'
import {
  HANDLED_INVALID,
  HANDLED_PASS,
  HANDLED_REFRESH,
  HANDLED_UNKNOWN,
  type Handling,
} from '../handling.ts'
import { type Reasons, reasonNumber } from '../reason.ts'
import { ORIGINAL, REPLY, STATUS_ASSURED } from '../status.ts'
import {
  CHUNK_ABORT,
  CHUNK_COOKIE_ACK,
  CHUNK_COOKIE_ECHO,
  CHUNK_DATA,
  CHUNK_HEADER,
  CHUNK_HEARTBEAT,
  CHUNK_HEARTBEAT_ACK,
  CHUNK_INIT,
  CHUNK_INIT_ACK,
  CHUNK_SHUTDOWN_ACK,
  CHUNK_SHUTDOWN_COMPLETE,
  chunkFlags,
  chunkType,
  chunkTypes,
  firstChunk,
  nextChunk,
  SCTP_HEADER,
  sctpWord,
  TYPES_CUT,
  typeBit,
  WALK_CUT,
} from './chunks.ts'
import { SCTP_CLOSED, SCTP_ESTABLISHED, SCTP_INVALID, SCTP_NONE, sctpNextState } from './table.ts'

const sctpNew = reasonNumber['sctp-new']
const sctpVtag = reasonNumber['sctp-vtag']
const sctpVtagSpecial = reasonNumber['sctp-vtag-special']
const sctpInitTag = reasonNumber['sctp-init-tag']
const sctpState = reasonNumber['sctp-state']
const cutTransport = reasonNumber['cut-transport']

/** Bits of SCTP_FLAGS: an INIT of that direction is pending; a heartbeat came with a foreign tag, and its direction. */
const INIT_PENDING = 0x1 // shifted by the direction
const INIT_PENDING_BOTH = 0x3
const HEARTBEAT_FAILED = 0x4
const HEARTBEAT_DIRECTION_SHIFT = 3

/** What INIT and INIT_ACK carry at least behind the chunk header; the initiate tag comes first. */
const INIT_BODY = 16
const VTAG_OFFSET = 4
const FLAG_T = 0x1

// RFC 9260, 8.4: out of the blue with one of these, the packet is discarded.
const neverFirst = typeBit(CHUNK_ABORT) | typeBit(CHUNK_SHUTDOWN_COMPLETE) | typeBit(CHUNK_COOKIE_ACK)
// RFC 9260, 8.5.1: these have rules of their own for the tag.
const ownTagRule =
  typeBit(CHUNK_INIT) |
  typeBit(CHUNK_ABORT) |
  typeBit(CHUNK_SHUTDOWN_ACK) |
  typeBit(CHUNK_SHUTDOWN_COMPLETE) |
  typeBit(CHUNK_COOKIE_ECHO) |
  typeBit(CHUNK_HEARTBEAT) |
  typeBit(CHUNK_HEARTBEAT_ACK)
/**
 * Judges a packet that passed `checkSctp` and moves the entry on. Changes made ahead of an INVALID stay.
 *
 * `timeouts` are seconds by state number (0 is not used). An entry that is not confirmed starts afresh.
 */
export function trackSctp(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  confirmed: boolean,
  timeouts: Int32Array,
  reasons: Reasons,
  handling: Handling,
): number {
  if (packet.transportCaptured < SCTP_HEADER) return unknown(packet, SCTP_HEADER, reasons)
  const vtag = sctpWord(packet, VTAG_OFFSET)
  const types = chunkTypes(packet)
  const cut = (types & TYPES_CUT) !== 0

  if (!confirmed) {
    const answer = beginSctp(words, at, packet, vtag, reasons)
    if (answer !== HANDLED_REFRESH) return answer
  }
  const expected = words[at + SCTP_VTAG + direction]!
  if ((types & ownTagRule) === 0 && vtag !== expected) {
    if (cut) return unknown(packet, packet.transportLength, reasons)
    reasons.add(sctpVtag, vtag >>> 0, expected >>> 0, direction)
    return HANDLED_INVALID
  }
  const before = flowState(words, at)
  const answer = stepChunks(words, at, packet, vtag, direction, confirmed, types, reasons)
  // Every change of state is told, as with TCP (observed with conntrack -E).
  handling.stateChanged = flowState(words, at) !== before
  if (cut && answer !== HANDLED_INVALID && answer !== HANDLED_UNKNOWN) {
    reasons.add(cutTransport, packet.transportCaptured, packet.transportLength)
  }
  handling.timeout = timeouts[flowState(words, at)]!
  return answer
}

function unknown(packet: Packet, needed: number, reasons: Reasons): number {
  reasons.add(cutTransport, packet.transportCaptured, needed)
  return HANDLED_UNKNOWN
}

/** The first packet of a flow (`sctp_new`): HANDLED_REFRESH lets it go on. */
function beginSctp(words: Int32Array, at: number, packet: Packet, vtag: number, reasons: Reasons): number {
  if (firstChunk(packet) === WALK_CUT) return unknown(packet, SCTP_HEADER + CHUNK_HEADER, reasons)
  words[at + SCTP_VTAG + ORIGINAL] = 0
  words[at + SCTP_VTAG + REPLY] = 0
  words[at + SCTP_FLAGS] = 0
  setFlowState(words, at, SCTP_NONE)

  for (let offset = firstChunk(packet); offset >= 0; offset = nextChunk(packet, offset)) {
    const type = chunkType(packet, offset)
    const next = sctpNextState(ORIGINAL, type, SCTP_NONE)
    const initBad =
      type === CHUNK_INIT && (vtag !== 0 || offset + CHUNK_HEADER + INIT_BODY > packet.transportLength)
    if ((typeBit(type) & neverFirst) !== 0 || next === SCTP_NONE || next === SCTP_INVALID || initBad) {
      reasons.add(sctpNew, type)
      return HANDLED_INVALID
    }
    if (type === CHUNK_INIT) {
      if (offset + CHUNK_HEADER + 4 > packet.transportCaptured) {
        return unknown(packet, offset + CHUNK_HEADER + 4, reasons)
      }
      words[at + SCTP_VTAG + REPLY] = sctpWord(packet, offset + CHUNK_HEADER)
    } else if (type === CHUNK_HEARTBEAT) {
      words[at + SCTP_VTAG + ORIGINAL] = vtag
    } else if (type === CHUNK_SHUTDOWN_ACK) {
      words[at + SCTP_VTAG + REPLY] = vtag
    }
  }
  return HANDLED_REFRESH
}

function stepChunks(
  words: Int32Array,
  at: number,
  packet: Packet,
  vtag: number,
  direction: number,
  confirmed: boolean,
  types: number,
  reasons: Reasons,
): number {
  // A packet that must not prolong the entry.
  let ignored = false
  for (let offset = firstChunk(packet); offset >= 0; offset = nextChunk(packet, offset)) {
    const type = chunkType(packet, offset)
    if (type === CHUNK_HEARTBEAT || type === CHUNK_HEARTBEAT_ACK) {
      const answer = matchHeartbeat(words, at, vtag, direction, type, types, ignored, reasons)
      if (answer === HANDLED_INVALID) return answer
      if (answer === HANDLED_PASS) {
        ignored = true
        continue
      }
    } else if (!matchTag(words, at, packet, vtag, direction, offset, reasons)) {
      return HANDLED_INVALID
    }

    const before = flowState(words, at)
    const after = sctpNextState(direction, type, before)
    if (after === SCTP_INVALID) {
      reasons.add(sctpState, before, direction, type)
      return HANDLED_INVALID
    }
    if (type === CHUNK_INIT || type === CHUNK_INIT_ACK) {
      const answer = recordInit(words, at, packet, direction, confirmed, offset, reasons)
      if (answer !== HANDLED_REFRESH) return answer
    }
    // A repeated INIT does not prolong the entry, or a client that reuses its port kept it for ever.
    if (type === CHUNK_INIT && before === SCTP_CLOSED && after === SCTP_CLOSED && confirmed) ignored = true

    setFlowState(words, at, after)
    if (after === SCTP_ESTABLISHED && before !== SCTP_ESTABLISHED) {
      words[at + STATUS] = words[at + STATUS]! | STATUS_ASSURED
    }
  }
  return ignored ? HANDLED_PASS : HANDLED_REFRESH
}

/** The tag rules of single chunks, heartbeats apart (RFC 9260, 8.5.1). */
function matchTag(
  words: Int32Array,
  at: number,
  packet: Packet,
  vtag: number,
  direction: number,
  offset: number,
  reasons: Reasons,
): boolean {
  const type = chunkType(packet, offset)
  let expected = vtag
  if (type === CHUNK_INIT) expected = 0
  else if (type === CHUNK_COOKIE_ECHO) expected = words[at + SCTP_VTAG + direction]!
  else if (type === CHUNK_ABORT || type === CHUNK_SHUTDOWN_COMPLETE) {
    // T: the sender had no tag of its own peer and reflects the one it got.
    const reflected = (chunkFlags(packet, offset) & FLAG_T) !== 0
    expected = words[at + SCTP_VTAG + (reflected ? 1 - direction : direction)]!
  } else if (type === CHUNK_COOKIE_ACK) {
    words[at + SCTP_FLAGS] = words[at + SCTP_FLAGS]! & ~INIT_PENDING_BOTH
  }
  if (vtag === expected) return true
  reasons.add(sctpVtagSpecial, type, vtag >>> 0, expected >>> 0)
  return false
}

/** HANDLED_REFRESH: the tag fits, go on. HANDLED_PASS: a foreign tag, remembered, the chunk steps nothing. */
function matchHeartbeat(
  words: Int32Array,
  at: number,
  vtag: number,
  direction: number,
  type: number,
  types: number,
  ignored: boolean,
  reasons: Reasons,
): number {
  const own = at + SCTP_VTAG + direction
  const expected = words[own]!
  const flags = words[at + SCTP_FLAGS]!
  if (expected === 0) {
    words[own] = vtag
    return HANDLED_REFRESH
  }
  if (vtag === expected) {
    words[at + SCTP_FLAGS] = flags & ~HEARTBEAT_FAILED
    return HANDLED_REFRESH
  }
  const failedDirection = (flags >>> HEARTBEAT_DIRECTION_SHIFT) & 1
  const unanswered = (flags & HEARTBEAT_FAILED) !== 0 && failedDirection !== direction
  const barred = (types & typeBit(CHUNK_DATA)) !== 0 || ignored
  if (barred || (type === CHUNK_HEARTBEAT_ACK && !unanswered)) {
    reasons.add(sctpVtagSpecial, type, vtag >>> 0, expected >>> 0)
    return HANDLED_INVALID
  }
  if (type === CHUNK_HEARTBEAT) {
    words[at + SCTP_FLAGS] =
      (flags & INIT_PENDING_BOTH) | HEARTBEAT_FAILED | (direction << HEARTBEAT_DIRECTION_SHIFT)
    return HANDLED_PASS
  }
  // The peer answered the foreign tag: the association was restarted, and its tags are learned again.
  words[at + SCTP_FLAGS] = flags & ~HEARTBEAT_FAILED
  words[own] = vtag
  words[at + SCTP_VTAG + (1 - direction)] = 0
  return HANDLED_REFRESH
}

/** Takes the tag that the sender wants to see in packets to itself. */
function recordInit(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  confirmed: boolean,
  offset: number,
  reasons: Reasons,
): number {
  const type = chunkType(packet, offset)
  const body = offset + CHUNK_HEADER
  if (body + INIT_BODY > packet.transportLength) {
    reasons.add(sctpInitTag, type)
    return HANDLED_INVALID
  }
  if (body + 4 > packet.transportCaptured) return unknown(packet, body + 4, reasons)
  const tag = sctpWord(packet, body)
  const other = 1 - direction
  const known = words[at + SCTP_VTAG + other]!
  let flags = words[at + SCTP_FLAGS]!
  const bothPending = (flags & INIT_PENDING_BOTH) === INIT_PENDING_BOTH
  if (type === CHUNK_INIT) {
    if (!confirmed || tag !== known) {
      if (bothPending) flags &= ~(INIT_PENDING << other)
      words[at + SCTP_FLAGS] = flags | (INIT_PENDING << direction)
    }
  } else {
    const unasked = (flags & (INIT_PENDING << other)) === 0 && known !== 0
    // With INITs crossing, either side's tag is known already from its INIT.
    if ((unasked || bothPending) && tag !== known) {
      reasons.add(sctpInitTag, type)
      return HANDLED_INVALID
    }
  }
  words[at + SCTP_VTAG + other] = tag
  return HANDLED_REFRESH
}
