/**
 * The TCP tracker (nf_conntrack_tcp_packet): which state a segment moves its connection to, and whether the segment
 * may be at all. Read state.ts (the table) and window.ts (the bounds) first; the cases here are those in which Linux
 * does something else than the table says.
 */
import type { Packet } from '../../packet/packet.ts'
import { CHECKSUM_BAD, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from '../../packet/packet.ts'
import {
  DEADLINE,
  FLOW,
  flowState,
  STATUS,
  setFlowState,
  TCP_LAST,
  TCP_LAST_ACK,
  TCP_LAST_END,
  TCP_LAST_SEQ,
} from '../entry.ts'
import type { Handling } from '../handling.ts'
import {
  HANDLED_DELETE,
  HANDLED_INVALID,
  HANDLED_PASS,
  HANDLED_REFRESH,
  HANDLED_REPEAT,
} from '../handling.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import type { Settings } from '../settings.ts'
import {
  ORIGINAL,
  REPLY,
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_FIXED_TIMEOUT,
  STATUS_SEEN_REPLY,
} from '../status.ts'
import { answersIgnoredSyn, noteIgnored, resynchronise } from './ignored.ts'
import {
  LAST_EXPECT_CHALLENGE_ACK,
  LAST_SIMULTANEOUS_OPEN,
  lastDirection,
  lastFlags,
  lastIndex,
  lastWindow,
  retransmissions,
  setLastFlags,
  setLastKind,
} from './last.ts'
import {
  answersLast,
  isClosing,
  judgeReset,
  RESET_IN_WINDOW,
  RESET_INVALID,
  RESET_KEEPS_STATE,
} from './reset.ts'
import {
  END,
  FLAG_BE_LIBERAL,
  FLAG_CLOSE_INIT,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_SACK_PERM,
  MAXEND,
  MAXWIN,
  setSideFlags,
  sideAt,
  sideFlags,
} from './side.ts'
import {
  CLOSE,
  ESTABLISHED,
  FIN_WAIT,
  IGNORE,
  INVALID,
  KIND_ACK,
  KIND_FIN,
  KIND_NONE,
  KIND_RST,
  KIND_SYN,
  kindOf,
  LAST_ACK,
  NONE,
  nextState,
  SYN_RECV,
  SYN_SENT,
  SYN_SENT2,
  TIME_WAIT,
  TIMEOUT_MAX_RETRANS,
  TIMEOUT_UNACKNOWLEDGED,
} from './state.ts'
import { checkWindow, takeSynOptions, WINDOW_IGNORE, WINDOW_INVALID } from './window.ts'

const reason = {
  short: reasonNumber['tcp-short'],
  truncated: reasonNumber['tcp-truncated'],
  checksum: reasonNumber['tcp-checksum'],
  flags: reasonNumber['tcp-flags'],
  new: reasonNumber['tcp-new'],
  notLoose: reasonNumber['tcp-not-loose'],
  state: reasonNumber['tcp-state'],
  rstDeleted: reasonNumber['tcp-rst-deleted'],
  responseTimeout: reasonNumber['tcp-response-timeout'],
  ignored: reasonNumber['tcp-ignored'],
  challengeAck: reasonNumber['tcp-challenge-ack'],
  pickedUp: reasonNumber['tcp-picked-up'],
  reopened: reasonNumber['tcp-reopened'],
  resynchronised: reasonNumber['tcp-resynchronised'],
  simultaneousOpen: reasonNumber['tcp-simultaneous-open'],
  retransmitted: reasonNumber['tcp-retransmitted'],
} as const

/**
 * The flag combinations that may be (tcp_valid_flags), over FIN, SYN, RST, ACK, URG: bit n of the word stands for
 * combination n with PSH, ECE, CWR removed; ACK and URG moved down to bits 3 and 4.
 */
const validFlags = (() => {
  const combinations = [
    TCP_SYN,
    TCP_SYN | TCP_URG,
    TCP_SYN | TCP_ACK,
    TCP_RST,
    TCP_RST | TCP_ACK,
    TCP_FIN | TCP_ACK,
    TCP_FIN | TCP_ACK | TCP_URG,
    TCP_ACK,
    TCP_ACK | TCP_URG,
  ]
  let word = 0
  for (const flags of combinations) word |= 1 << compactFlags(flags)
  return word
})()

function compactFlags(flags: number): number {
  return (flags & 0x07) | ((flags & 0x30) >>> 1)
}

/**
 * The checks ahead of everything (tcp_error). The caller has seen to it that the header was captured, and has the
 * checksum verified where the kernel would. Returns false for a packet that is INVALID.
 */
export function checkTcp(packet: Packet, reasons: Reasons): boolean {
  if (packet.transportLength < 20) {
    reasons.add(reason.short, packet.transportLength)
    return false
  }
  if (packet.tcpHeaderLength < 20 || packet.tcpHeaderLength > packet.transportLength) {
    reasons.add(reason.truncated, packet.tcpHeaderLength, packet.transportLength)
    return false
  }
  if (packet.checksum === CHECKSUM_BAD) {
    reasons.add(reason.checksum, packet.checksumFound, packet.checksumExpected)
    return false
  }
  if (((validFlags >>> compactFlags(packet.tcpFlags)) & 1) === 0) {
    reasons.add(reason.flags, packet.tcpFlags)
    return false
  }
  return true
}

/**
 * Tracks one segment of an entry. `now` is the clock in ticks, `hz` its ticks a second. Returns HANDLED_*, the
 * lifetime of a refresh in `handling`; SEEN_REPLY is set by the caller afterwards, ASSURED here.
 */
export function trackTcp(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  now: number,
  hz: number,
  settings: Settings,
  reasons: Reasons,
  handling: Handling,
): number {
  const flags = packet.tcpFlags
  const kind = kindOf(flags)
  const sequence = packet.sequence
  const end =
    (sequence +
      packet.transportLength -
      packet.tcpHeaderLength +
      ((flags & TCP_SYN) >>> 1) +
      (flags & TCP_FIN)) |
    0

  if (
    (words[at + STATUS]! & STATUS_CONFIRMED) === 0 &&
    !openFlow(words, at, packet, kind, end, settings, reasons)
  ) {
    return HANDLED_INVALID
  }

  const state = flowState(words, at)
  const status = words[at + STATUS]!
  /** The table's column: the state, or SYN_SENT after a resynchronisation. */
  let column = state
  let next = nextState(direction, kind, state)

  if (next === SYN_SENT && (state === TIME_WAIT || state === CLOSE)) {
    // (A) Reopening, if the connection was closed in order or by this side's RST.
    const closed = ((sideFlags(words, at, ORIGINAL) | sideFlags(words, at, REPLY)) & FLAG_CLOSE_INIT) !== 0
    if (closed || (lastDirection(words, at) === direction && lastIndex(words, at) === KIND_RST)) {
      reasons.add(reason.reopened, state)
      return HANDLED_REPEAT
    }
    next = IGNORE
  }

  if (next === IGNORE) {
    // (B)
    if (!answersIgnoredSyn(words, at, packet, direction, kind)) {
      noteIgnored(words, at, packet, direction, kind, end, state)
      reasons.add(reason.ignored, kind, direction, state)
      return HANDLED_PASS
    }
    resynchronise(words, at, direction)
    reasons.add(reason.resynchronised, state)
    column = SYN_SENT
    next = SYN_RECV
  } else if (next === INVALID) {
    // (C)
    reasons.add(reason.state, kind, direction, state)
    return HANDLED_INVALID
  }

  let judgeWindow = true
  if (next === TIME_WAIT) {
    // (D) Not the last ACK of the close, but the challenge ACK to a stray SYN.
    if (
      state === LAST_ACK &&
      kind === KIND_ACK &&
      lastDirection(words, at) !== direction &&
      lastIndex(words, at) === KIND_SYN &&
      (lastFlags(words, at) & LAST_EXPECT_CHALLENGE_ACK) !== 0
    ) {
      setLastFlags(words, at, lastFlags(words, at) & ~LAST_EXPECT_CHALLENGE_ACK)
      reasons.add(reason.challengeAck)
      return HANDLED_PASS
    }
  } else if (next === SYN_SENT2) {
    // (E)
    if (state !== SYN_SENT2) reasons.add(reason.simultaneousOpen)
    setLastFlags(words, at, lastFlags(words, at) | LAST_SIMULTANEOUS_OPEN)
  } else if (next === SYN_RECV) {
    // (F) Simultaneous open: the reply's ACK completes it.
    if (direction === REPLY && kind === KIND_ACK && (lastFlags(words, at) & LAST_SIMULTANEOUS_OPEN) !== 0) {
      next = ESTABLISHED
    }
  } else if (next === CLOSE && kind === KIND_RST && !isClosing(column)) {
    // (G)
    const judged = judgeReset(words, at, packet, direction, state, status, settings, reasons)
    if (judged === RESET_INVALID) return HANDLED_INVALID
    if (judged === RESET_KEEPS_STATE) next = column
    judgeWindow =
      judged === RESET_IN_WINDOW || !answersLast(words, at, packet, direction, column, status, judged)
  } else if (next === CLOSE && kind === KIND_RST) {
    judgeWindow = false
  }

  if (judgeWindow) {
    const result = checkWindow(words, at, packet, direction, kind, end, settings.tcpBeLiberal !== 0, reasons)
    if (result === WINDOW_IGNORE) return HANDLED_PASS
    if (result === WINDOW_INVALID) {
      lowerTimeout(words, at, direction, kind, now, hz, settings, reasons)
      return HANDLED_INVALID
    }
  }

  return commit(words, at, direction, kind, column, next, status, settings, reasons, handling)
}

/** First packet of an entry (tcp_new). */
function openFlow(
  words: Int32Array,
  at: number,
  packet: Packet,
  kind: number,
  end: number,
  settings: Settings,
  reasons: Reasons,
): boolean {
  if (nextState(ORIGINAL, kind, NONE) === INVALID) {
    reasons.add(reason.new, packet.tcpFlags)
    return false
  }
  if (kind === KIND_ACK && settings.tcpLoose === 0) {
    reasons.add(reason.notLoose)
    return false
  }
  const original = sideAt(at, ORIGINAL)
  // Original and reply; a call of `fill` takes longer.
  for (let i = 0; i < 8; i++) words[original + i] = 0
  words[at + FLOW] = 0
  words[at + TCP_LAST_SEQ] = 0
  words[at + TCP_LAST_ACK] = 0
  words[at + TCP_LAST_END] = 0
  words[at + TCP_LAST] = 0
  const window = packet.window === 0 ? 1 : packet.window
  words[original + END] = end
  words[original + MAXWIN] = window
  if (kind === KIND_SYN) {
    words[original + MAXEND] = end
    takeSynOptions(words, at, ORIGINAL, packet)
  } else {
    // Picked up in mid-stream: what was agreed at the start is not known, so windows are not judged.
    words[original + MAXEND] = end + window
    setSideFlags(words, at, ORIGINAL, FLAG_SACK_PERM | FLAG_BE_LIBERAL)
    setSideFlags(words, at, REPLY, FLAG_SACK_PERM | FLAG_BE_LIBERAL)
    reasons.add(reason.pickedUp, packet.sequence >>> 0, packet.acknowledgment >>> 0)
  }
  setLastKind(words, at, ORIGINAL, KIND_NONE)
  return true
}

/** A FIN or RST out of window that answers another: the connection is ending all the same (nf_tcp_handle_invalid). */
function lowerTimeout(
  words: Int32Array,
  at: number,
  direction: number,
  kind: number,
  now: number,
  hz: number,
  settings: Settings,
  reasons: Reasons,
): void {
  const status = words[at + STATUS]!
  if ((status & STATUS_ASSURED) === 0 || (status & STATUS_FIXED_TIMEOUT) !== 0) return
  if (kind !== KIND_RST && kind !== KIND_FIN) return
  const index = lastIndex(words, at)
  if (lastDirection(words, at) !== direction && (index === KIND_FIN || index === KIND_RST)) {
    const remaining = (words[at + DEADLINE]! - now) | 0
    const lowered = settings.tcp[TIMEOUT_UNACKNOWLEDGED]! * hz
    if (remaining < 120 * hz || remaining <= lowered) return
    words[at + DEADLINE] = now + lowered
    reasons.add(
      reason.responseTimeout,
      kind,
      direction,
      index,
      lowered,
      settings.tcp[TIMEOUT_UNACKNOWLEDGED]!,
    )
    return
  }
  setLastKind(words, at, direction, kind)
}

function commit(
  words: Int32Array,
  at: number,
  direction: number,
  kind: number,
  column: number,
  next: number,
  status: number,
  settings: Settings,
  reasons: Reasons,
  handling: Handling,
): number {
  setLastKind(words, at, direction, kind)
  setFlowState(words, at, next)
  handling.stateChanged = column !== next
  if (next === FIN_WAIT && column !== next) {
    setSideFlags(words, at, direction, sideFlags(words, at, direction) | FLAG_CLOSE_INIT)
  }

  const timeouts = settings.tcp
  let timeout = timeouts[next]!
  const unacknowledged = timeouts[TIMEOUT_UNACKNOWLEDGED]!
  const stuck = timeouts[TIMEOUT_MAX_RETRANS]!
  if (retransmissions(words, at) >= settings.tcpMaxRetrans && timeout > stuck) {
    timeout = stuck
    reasons.add(reason.retransmitted, retransmissions(words, at), stuck)
  } else if (kind === KIND_RST) {
    timeout = timeouts[CLOSE]!
  } else if ((words[at + FLOW]! & BOTH_UNACKNOWLEDGED) !== 0 && timeout > unacknowledged) {
    timeout = unacknowledged
  } else if (lastWindow(words, at) === 0 && timeout > stuck) {
    timeout = stuck
  }

  if ((status & STATUS_SEEN_REPLY) === 0) {
    if (kind === KIND_RST) {
      reasons.add(reason.rstDeleted)
      return HANDLED_DELETE
    }
    // A SYN again does not prolong an unanswered attempt.
    if (kind === KIND_SYN && column === SYN_SENT) return HANDLED_PASS
    if (next === ESTABLISHED && timeout > unacknowledged) timeout = unacknowledged
  } else if (
    (status & STATUS_ASSURED) === 0 &&
    (column === SYN_RECV || column === ESTABLISHED) &&
    next === ESTABLISHED
  ) {
    words[at + STATUS] = words[at + STATUS]! | STATUS_ASSURED
  }
  handling.timeout = timeout
  return HANDLED_REFRESH
}

/** FLAG_DATA_UNACKNOWLEDGED of either side. */
const BOTH_UNACKNOWLEDGED = FLAG_DATA_UNACKNOWLEDGED | (FLAG_DATA_UNACKNOWLEDGED << 8)
