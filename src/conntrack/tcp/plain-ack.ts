/**
 * The segment that nearly every segment is: an ACK, with or without data, within the windows of an established and
 * assured connection, and not seen before. What tracker.ts and window.ts do with it, in one function that reads each
 * word once: plain-ack.test.ts holds the two to each other.
 */
import type { Packet } from '../../packet/packet.ts'
import { CHECKSUM_BAD, TCP_ACK, TCP_CWR, TCP_ECE, TCP_PSH } from '../../packet/packet.ts'
import { highestSack } from '../../packet/tcp-options.ts'
import {
  FLOW,
  FLOW_LAST_DIRECTION_SHIFT,
  FLOW_LAST_INDEX_SHIFT,
  FLOW_SCALE_SHIFT,
  FLOW_STATE_MASK,
  FLOW_STATE_SHIFT,
  STATUS,
  TCP_LAST,
  TCP_LAST_ACK,
  TCP_LAST_END,
  TCP_LAST_SEQ,
} from '../entry.ts'
import type { Settings } from '../settings.ts'
import { TIMEOUT_UNACKNOWLEDGED } from '../settings.ts'
import { STATUS_ASSURED, STATUS_CONFIRMED, STATUS_SEEN_REPLY, STATUS_SEQ_ADJUST } from '../status.ts'
import {
  after,
  before,
  END,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  MAXACK,
  MAXEND,
  MAXWIN,
  sideAt,
} from './side.ts'
import { ESTABLISHED, KIND_ACK } from './state.ts'
import { LEAST_ACK_WINDOW } from './window.ts'

/** The segment is the general way's; nothing was changed. */
export const NOT_PLAIN = -1

const SETTLED = STATUS_CONFIRMED | STATUS_SEEN_REPLY | STATUS_ASSURED
/** Flags that make no difference. */
const WHATEVER = TCP_PSH | TCP_ECE | TCP_CWR
/** FLAG_DATA_UNACKNOWLEDGED of either side. */
const EITHER_UNACKNOWLEDGED = FLAG_DATA_UNACKNOWLEDGED | (FLAG_DATA_UNACKNOWLEDGED << 8)

/** `checkTcp` and `trackTcp` for such a segment: the lifetime in seconds of the refresh, or NOT_PLAIN. */
export function trackPlainAck(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  settings: Settings,
): number {
  const flow = words[at + FLOW]!
  const status = words[at + STATUS]!
  const { window, tcpHeaderLength, transportLength } = packet
  if (
    (packet.tcpFlags & ~WHATEVER) !== TCP_ACK ||
    ((flow >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK) !== ESTABLISHED ||
    (status & (SETTLED | STATUS_SEQ_ADJUST)) !== SETTLED ||
    tcpHeaderLength < 20 ||
    tcpHeaderLength > transportLength ||
    packet.checksum === CHECKSUM_BAD ||
    window === 0
  ) {
    return NOT_PLAIN
  }
  const sequence = packet.sequence
  const ack = packet.acknowledgment
  const end = (sequence + transportLength - tcpHeaderLength) | 0
  const sender = sideAt(at, direction)
  const receiver = sideAt(at, direction ^ 1)
  const senderEnd = words[sender + END]!
  const senderMaxEnd = words[sender + MAXEND]!
  const senderWindow = words[sender + MAXWIN]!
  const receiverEnd = words[receiver + END]!
  const receiverMaxEnd = words[receiver + MAXEND]!
  const receiverWindow = words[receiver + MAXWIN]!
  const ackWindow = senderWindow >>> 0 > LEAST_ACK_WINDOW ? senderWindow : LEAST_ACK_WINDOW
  if (
    senderWindow === 0 ||
    receiverWindow === 0 ||
    !before(sequence, (senderMaxEnd + 1) | 0) ||
    !before(ack, (receiverEnd + 1) | 0) ||
    !after(end, (senderEnd - receiverWindow - 1) | 0) ||
    !after(ack, (receiverEnd - ackWindow - 1) | 0)
  ) {
    return NOT_PLAIN
  }
  const shift = direction << 3
  const otherShift = shift ^ 8
  if (
    tcpHeaderLength !== 20 &&
    (flow & (FLAG_SACK_PERM << otherShift)) !== 0 &&
    highestSack(packet, ack) !== ack
  ) {
    return NOT_PLAIN
  }
  const last = words[at + TCP_LAST]!
  if (
    settings.tcpMaxRetrans === 0 ||
    (words[at + TCP_LAST_SEQ] === sequence &&
      words[at + TCP_LAST_END] === end &&
      words[at + TCP_LAST_ACK] === ack &&
      (last & 0xffff) === window &&
      ((flow >>> FLOW_LAST_DIRECTION_SHIFT) & 1) === direction)
  ) {
    return NOT_PLAIN
  }

  const scaled = window << ((flow >>> (FLOW_SCALE_SHIFT + (direction << 2))) & 0xf)
  let learned =
    (flow & 0x0fff_ffff) | (direction << FLOW_LAST_DIRECTION_SHIFT) | (KIND_ACK << FLOW_LAST_INDEX_SHIFT)
  if (scaled >>> 0 > senderWindow >>> 0) words[sender + MAXWIN] = scaled
  if (after(end, senderEnd)) {
    words[sender + END] = end
    learned |= FLAG_DATA_UNACKNOWLEDGED << shift
  }
  if ((flow & (FLAG_MAXACK_SET << shift)) === 0 || after(ack, words[sender + MAXACK]!)) {
    words[sender + MAXACK] = ack
    learned |= FLAG_MAXACK_SET << shift
  }
  if (after(end, senderMaxEnd)) words[receiver + MAXWIN] = (receiverWindow + end - senderMaxEnd) | 0
  if (after((ack + scaled) | 0, (receiverMaxEnd - 1) | 0)) words[receiver + MAXEND] = (ack + scaled) | 0
  if (ack === receiverEnd) learned &= ~(FLAG_DATA_UNACKNOWLEDGED << otherShift)
  words[at + FLOW] = learned
  words[at + TCP_LAST_SEQ] = sequence
  words[at + TCP_LAST_ACK] = ack
  words[at + TCP_LAST_END] = end
  words[at + TCP_LAST] = (last & 0xff00_0000) | window

  const timeout = settings.tcp[ESTABLISHED]!
  const unacknowledged = settings.tcp[TIMEOUT_UNACKNOWLEDGED]!
  return (learned & EITHER_UNACKNOWLEDGED) !== 0 && timeout > unacknowledged ? unacknowledged : timeout
}
