/**
 * The window check (tcp_in_window): may this segment be, as far as one in the middle can tell?
 *
 * `sender` is the side that sent the segment, `receiver` the other. A segment is within bounds when
 *
 *     I    seq  <  sender.maxend + 1                     it does not start beyond the receiver's window
 *     II   end  >  sender.end - receiver.maxwin - 1      it does not end before what the receiver could still want
 *     III  sack <  receiver.end + 1                      it does not acknowledge what was never seen
 *     IV   sack >  receiver.end - max(maxwin, 66000) - 1 it does not acknowledge what is long gone
 *
 * (van Rooij, "Real Stateful TCP Packet Filtering in IP Filter", as Linux refines it.) They are tested in the order
 * I, III, II, IV; violations of II and IV are ignored rather than INVALID.
 */
import type { Packet } from '../../packet/packet.ts'
import { TCP_ACK, TCP_RST, TCP_SYN } from '../../packet/packet.ts'
import { highestSack, parseSynOptions, SynOptions } from '../../packet/tcp-options.ts'
import { flowState, STATUS, TCP_LAST_ACK, TCP_LAST_END, TCP_LAST_SEQ } from '../entry.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import { REPLY, STATUS_SEQ_ADJUST } from '../status.ts'
import { lastDirection, lastWindow, retransmissions, setLastWindow, setRetransmissions } from './last.ts'
import { judged } from './sequence.ts'
import {
  after,
  before,
  END,
  FLAG_BE_LIBERAL,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  FLAG_WINDOW_SCALE,
  LEAST_ACK_WINDOW,
  MAXACK,
  MAXEND,
  MAXWIN,
  setSideFlags,
  setSideScale,
  sideAt,
  sideFlags,
  sideScale,
} from './side.ts'
import { KIND_ACK, SYN_RECV, SYN_SENT } from './state.ts'

export const WINDOW_OK = 0
/** Out of bounds, but harmless: the packet passes and changes nothing. */
export const WINDOW_IGNORE = 1
export const WINDOW_INVALID = 2

const seqHigh = reasonNumber['tcp-seq-high']
const ackHigh = reasonNumber['tcp-ack-high']
const seqLow = reasonNumber['tcp-seq-low']
const ackLow = reasonNumber['tcp-ack-low']
const overshoot = reasonNumber['tcp-overshoot']

/** Reused: the options of the SYN being looked at. */
const synOptions = new SynOptions()

/** Takes over a SYN's window scale and SACK permission (tcp_options). Without options nothing changes. */
export function takeSynOptions(words: Int32Array, at: number, direction: number, packet: Packet): void {
  parseSynOptions(packet, synOptions)
  if (!synOptions.present) return
  let flags = sideFlags(words, at, direction) & FLAG_BE_LIBERAL
  if (synOptions.sackPermitted) flags |= FLAG_SACK_PERM
  if (synOptions.windowScale >= 0) flags |= FLAG_WINDOW_SCALE
  setSideFlags(words, at, direction, flags)
  setSideScale(words, at, direction, Math.max(synOptions.windowScale, 0))
}

/**
 * Checks a segment against what both sides sent, and takes over what it says when it is within bounds.
 * `end` is the sequence number behind its last byte; `liberal` is the sysctl tcp_be_liberal.
 * Returns WINDOW_*; what was compared goes to `reasons`.
 */
export function checkWindow(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  kind: number,
  end: number,
  liberal: boolean,
  reasons: Reasons,
): number {
  const other = direction ^ 1
  const sender = sideAt(at, direction)
  const receiver = sideAt(at, other)
  const flags = packet.tcpFlags
  const hasAck = (flags & TCP_ACK) !== 0
  const isSyn = (flags & TCP_SYN) !== 0

  let sequence = packet.sequence
  let ack = packet.acknowledgment
  let sack = (sideFlags(words, at, other) & FLAG_SACK_PERM) !== 0 ? highestSack(packet, ack) : ack

  if ((words[at + STATUS]! & STATUS_SEQ_ADJUST) !== 0 && judged.adjustment !== null) {
    const raised = judged.adjustment.offset(other, (ack - 1) | 0)
    ack = (ack - raised) | 0
    sack = (sack - raised) | 0
  }

  if (words[sender + MAXWIN] === 0) {
    // Nothing seen from this side yet.
    if (isSyn) {
      openSide(words, at, packet, direction, end)
      if (!hasAck) return WINDOW_OK
    } else {
      // Joined midway.
      const window = (packet.window << sideScale(words, at, direction)) | 0
      words[sender + END] = end
      words[sender + MAXWIN] = window === 0 ? 1 : window
      words[sender + MAXEND] = end + words[sender + MAXWIN]!
      if (words[receiver + MAXWIN] === 0) {
        words[receiver + END] = sack
        words[receiver + MAXEND] = sack
      } else if (sack === ((words[receiver + END]! + 1) | 0)) {
        // The answer to a keep-alive.
        words[receiver + END] = sack
      }
    }
  } else if (isSyn && after(end, words[sender + END]!)) {
    const state = flowState(words, at)
    if (state === SYN_SENT || state === SYN_RECV) {
      // A SYN further on: the connection is opened anew (RFC 9293, 3.5).
      openSide(words, at, packet, direction, end)
      if (direction === REPLY && !hasAck) return WINDOW_OK
    }
  }

  if (!hasAck || ((flags & TCP_RST) !== 0 && ack === 0)) {
    // No ACK, or that of a stack which leaves the field 0 in its RSTs.
    ack = words[receiver + END]!
    sack = ack
  }
  if ((flags & TCP_RST) !== 0 && sequence === 0 && flowState(words, at) === SYN_SENT) {
    // The RST that answers a SYN has sequence 0.
    sequence = words[sender + END]!
    end = sequence
  }

  const senderWindow = words[sender + MAXWIN]!
  const receiverWindow = words[receiver + MAXWIN]!
  const receiverEnd = words[receiver + END]!
  const upper = (words[sender + MAXEND]! + 1) | 0
  const lower = (words[sender + END]! - receiverWindow - 1) | 0
  const ackUpper = (receiverEnd + 1) | 0
  const ackLower =
    (receiverEnd - (senderWindow >>> 0 > LEAST_ACK_WINDOW ? senderWindow : LEAST_ACK_WINDOW) - 1) | 0

  const seqIsHigh = !before(sequence, upper) // I violated
  const ackIsHigh = !before(sack, ackUpper) // III
  const endIsLow = receiverWindow !== 0 && !after(end, lower) // II
  const ackIsLow = !after(sack, ackLower) // IV
  if (seqIsHigh || ackIsHigh || endIsLow || ackIsLow) {
    const lenient = liberal || (sideFlags(words, at, direction) & FLAG_BE_LIBERAL) !== 0
    if (seqIsHigh) {
      const over = (end - words[sender + MAXEND]! + 1) >>> 0
      if (receiverWindow !== 0 && !endIsLow && !ackIsLow && over <= receiverWindow >>> 0 && !ackIsHigh) {
        words[sender + END] = end
        setSideFlags(words, at, direction, sideFlags(words, at, direction) | FLAG_DATA_UNACKNOWLEDGED)
        if (lenient) return WINDOW_OK
        reasons.add(overshoot, over, sequence >>> 0, upper >>> 0)
        return WINDOW_IGNORE
      }
      if (lenient) return WINDOW_OK
      reasons.add(seqHigh, sequence >>> 0, end >>> 0, upper >>> 0)
      return WINDOW_INVALID
    }
    if (lenient) return WINDOW_OK
    if (ackIsHigh) {
      reasons.add(ackHigh, sack >>> 0, ackUpper >>> 0)
      return WINDOW_INVALID
    }
    if (endIsLow) reasons.add(seqLow, end >>> 0, lower >>> 0)
    else reasons.add(ackLow, sack >>> 0, ackLower >>> 0)
    return WINDOW_IGNORE
  }

  // Within bounds: learn from it.
  const window = isSyn ? packet.window : (packet.window << sideScale(words, at, direction)) | 0
  const advertised = (window + (sack - ack)) | 0
  if (advertised >>> 0 > senderWindow >>> 0) words[sender + MAXWIN] = advertised
  let senderFlags = sideFlags(words, at, direction)
  if (after(end, words[sender + END]!)) {
    words[sender + END] = end
    senderFlags |= FLAG_DATA_UNACKNOWLEDGED
  }
  if (hasAck) {
    if ((senderFlags & FLAG_MAXACK_SET) === 0) {
      words[sender + MAXACK] = ack
      senderFlags |= FLAG_MAXACK_SET
    } else if (after(ack, words[sender + MAXACK]!)) {
      words[sender + MAXACK] = ack
    }
  }
  setSideFlags(words, at, direction, senderFlags)
  if (receiverWindow !== 0 && after(end, words[sender + MAXEND]!)) {
    words[receiver + MAXWIN] = receiverWindow + (end - words[sender + MAXEND]!)
  }
  if (after((sack + window) | 0, (words[receiver + MAXEND]! - 1) | 0)) {
    words[receiver + MAXEND] = window === 0 ? sack + 1 : sack + window
  }
  if (ack === words[receiver + END]!) {
    setSideFlags(words, at, other, sideFlags(words, at, other) & ~FLAG_DATA_UNACKNOWLEDGED)
  }
  if (kind === KIND_ACK) countRetransmission(words, at, direction, sequence, ack, end, packet.window)
  return WINDOW_OK
}

/** First SYN of a side: its numbers start here. */
function openSide(words: Int32Array, at: number, packet: Packet, direction: number, end: number): void {
  const side = sideAt(at, direction)
  words[side + END] = end
  words[side + MAXEND] = end
  words[side + MAXWIN] = packet.window === 0 ? 1 : packet.window
  takeSynOptions(words, at, direction, packet)
  if (direction !== REPLY) return
  const both = sideFlags(words, at, 0) & sideFlags(words, at, 1)
  if ((both & FLAG_WINDOW_SCALE) === 0) {
    // Window scaling counts only when both sides offer it (RFC 7323, 2.2).
    setSideScale(words, at, 0, 0)
    setSideScale(words, at, 1, 0)
  }
}

/** The same pure ACK again: the other side seems not to answer. */
function countRetransmission(
  words: Int32Array,
  at: number,
  direction: number,
  sequence: number,
  ack: number,
  end: number,
  window: number,
): void {
  if (
    lastDirection(words, at) === direction &&
    words[at + TCP_LAST_SEQ] === sequence &&
    words[at + TCP_LAST_ACK] === ack &&
    words[at + TCP_LAST_END] === end &&
    lastWindow(words, at) === window
  ) {
    setRetransmissions(words, at, retransmissions(words, at) + 1)
    return
  }
  words[at + TCP_LAST_SEQ] = sequence
  words[at + TCP_LAST_ACK] = ack
  words[at + TCP_LAST_END] = end
  setLastWindow(words, at, window)
  setRetransmissions(words, at, 0)
}
