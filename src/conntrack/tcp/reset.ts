/** Resets: forged ones are the oldest way to end somebody else's connection (RFC 5961, 3). */
import type { Packet } from '../../packet/packet.ts'
import { TCP_LAST_ACK, TCP_LAST_END } from '../entry.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import type { Settings } from '../settings.ts'
import { REPLY, STATUS_ASSURED, STATUS_SEEN_REPLY } from '../status.ts'
import { lastDirection, lastIndex } from './last.ts'
import { before, FLAG_MAXACK_SET, MAXACK, sideAt, sideFlags } from './side.ts'
import { CLOSE, ESTABLISHED, FIN_WAIT, KIND_ACK, KIND_SYN, SYN_SENT } from './state.ts'

const rst = reasonNumber['tcp-rst']
const rstDoubted = reasonNumber['tcp-rst-doubted']

/** FIN_WAIT to CLOSE: a reset there ends nothing that was not ending. */
export function isClosing(state: number): boolean {
  return state >= FIN_WAIT && state <= CLOSE
}

export const RESET_INVALID = 0
/** Only the window check decides. */
export const RESET_IN_WINDOW = 1
/** Nothing against it so far. */
export const RESET_POSSIBLE = 2
/** Not exactly what the peer expects: it will answer with a challenge ACK (RFC 5961, 3.2). */
export const RESET_KEEPS_STATE = 3

/** May this RST be? Judged against the highest ACK that its receiver sent. */
export function judgeReset(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  state: number,
  status: number,
  settings: Settings,
  reasons: Reasons,
): number {
  const other = direction ^ 1
  if ((sideFlags(words, at, other) & FLAG_MAXACK_SET) === 0 || lastIndex(words, at) === KIND_SYN) {
    return RESET_POSSIBLE
  }
  const sequence = packet.sequence
  const maxAck = words[sideAt(at, other) + MAXACK]!
  const established = state === ESTABLISHED && (status & STATUS_ASSURED) !== 0
  if (sequence === 0 && !established) return RESET_IN_WINDOW
  if (before(sequence, maxAck) && settings.tcpIgnoreInvalidRst === 0) {
    reasons.add(rst, sequence >>> 0, maxAck >>> 0)
    return RESET_INVALID
  }
  if (!established || sequence === maxAck) return RESET_IN_WINDOW
  if (
    lastIndex(words, at) === KIND_ACK &&
    lastDirection(words, at) === direction &&
    sequence === words[at + TCP_LAST_END]
  ) {
    // Right behind the data that was just seen.
    return RESET_IN_WINDOW
  }
  reasons.add(rstDoubted, sequence >>> 0, maxAck >>> 0, state)
  return RESET_KEEPS_STATE
}

/** An RST that answers the very last packet needs no window check. */
export function answersLast(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  column: number,
  status: number,
  judged: number,
): boolean {
  if (judged === RESET_IN_WINDOW) return false
  const index = lastIndex(words, at)
  if (packet.acknowledgment === words[at + TCP_LAST_END]) {
    if ((status & STATUS_SEEN_REPLY) !== 0 && index === KIND_SYN && lastDirection(words, at) !== direction) {
      return true
    }
    if ((status & STATUS_ASSURED) === 0 && index === KIND_ACK) return true
  }
  // Provoked by the challenge ACK to a SYN.
  return (
    column === SYN_SENT &&
    index === KIND_ACK &&
    lastDirection(words, at) === REPLY &&
    packet.sequence === words[at + TCP_LAST_ACK]
  )
}
