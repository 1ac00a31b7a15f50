/** TCP as Linux 2.4 tracked it (ip_conntrack_proto_tcp.c): flags and states, nothing of sequence numbers and windows. */
import type { Packet } from '../../packet/packet.ts'
import { TCP_ACK, TCP_RST, TCP_SYN } from '../../packet/packet.ts'
import { DEADLINE, flowState, HANDSHAKE_ACK, STATUS, setFlowState } from '../entry.ts'
import type { Handling } from '../handling.ts'
import { HANDLED_DELETE, HANDLED_INVALID, HANDLED_PASS, HANDLED_REFRESH } from '../handling.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import { ORIGINAL, REPLY, STATUS_ASSURED, STATUS_CONFIRMED, STATUS_SEEN_REPLY } from '../status.ts'
import {
  INVALID,
  NONE,
  SYN_RECV,
  SYN_SENT,
  KIND_SYN as TODAYS_KIND_SYN,
  kindOf as todaysKindOf,
} from '../tcp/state.ts'
import { KIND_SYN, kindOf, nextState } from './state.ts'
import { TCP_SECONDS } from './timeouts.ts'

const reason = {
  short: reasonNumber['tcp-short'],
  truncated: reasonNumber['tcp-truncated'],
  none: reasonNumber['tcp24-no-flags'],
  opened: reasonNumber['tcp24-opened'],
  reopened: reasonNumber['tcp24-reopened'],
  rstDeleted: reasonNumber['tcp-rst-deleted'],
} as const

/** The flags are in byte 13. */
const FLAGS_END = 14

/** First packet of an entry (tcp_new): any but one without RST, SYN, FIN and ACK. False for a packet that is INVALID. */
export function openTcp(words: Int32Array, at: number, packet: Packet, reasons: Reasons): boolean {
  if (packet.transportLength < FLAGS_END) {
    // The kernel read whatever lay in memory behind such a packet.
    reasons.add(reason.short, packet.transportLength)
    return false
  }
  const flags = packet.tcpFlags
  const state = nextState(ORIGINAL, kindOf(flags), NONE)
  if (state === INVALID) {
    reasons.add(reason.none, flags)
    return false
  }
  setFlowState(words, at, state)
  words[at + HANDSHAKE_ACK] = 0
  const kind = todaysKindOf(flags)
  if (kind !== TODAYS_KIND_SYN) reasons.add(reason.opened, kind, state)
  return true
}

/**
 * Tracks one segment of an entry (tcp_packet), the first one included, which `openTcp` has seen. Returns HANDLED_*;
 * SEEN_REPLY is set by the caller afterwards, ASSURED here.
 */
export function trackTcp(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  reasons: Reasons,
  handling: Handling,
): number {
  if (packet.transportLength < FLAGS_END) {
    reasons.add(reason.short, packet.transportLength)
    return HANDLED_INVALID
  }
  // A data offset below 5 was not noticed.
  if (packet.tcpHeaderLength > packet.transportLength) {
    reasons.add(reason.truncated, packet.tcpHeaderLength, packet.transportLength)
    return HANDLED_INVALID
  }
  const flags = packet.tcpFlags
  const kind = kindOf(flags)
  const status = words[at + STATUS]!
  const state = flowState(words, at)
  const next = nextState(direction, kind, state)
  if (next === INVALID) {
    reasons.add(reason.none, flags)
    return HANDLED_INVALID
  }
  setFlowState(words, at, next)
  handling.stateChanged = next !== state

  const synAck = TCP_SYN | TCP_ACK
  if (state === SYN_SENT && direction === REPLY && (flags & synAck) === synAck) {
    words[at + HANDSHAKE_ACK] = packet.sequence + 1
  }
  if ((status & STATUS_SEEN_REPLY) === 0 && (flags & TCP_RST) !== 0) {
    if ((status & STATUS_CONFIRMED) !== 0) {
      reasons.add(reason.rstDeleted)
      return HANDLED_DELETE
    }
    // Its timer was never set: it runs out with the tick after the one that starts it.
    words[at + DEADLINE] = 1
    return HANDLED_PASS
  }
  const completes =
    state === SYN_RECV &&
    direction === ORIGINAL &&
    (flags & synAck) === TCP_ACK &&
    packet.acknowledgment === words[at + HANDSHAKE_ACK]
  if (completes) words[at + STATUS] = status | STATUS_ASSURED
  // The same entry goes on, with what it has seen.
  const isReopened = kind === KIND_SYN && next !== state && state !== SYN_SENT
  if (isReopened) reasons.add(reason.reopened, state, next)
  handling.timeout = TCP_SECONDS[next]!
  return HANDLED_REFRESH
}
