/**
 * Segments that are let through although they do not fit: the endpoints may be out of step with us, and what they say
 * next will tell (RFC 5961).
 */
import type { Packet } from '../../packet/packet.ts'
import { parseSynOptions, SynOptions } from '../../packet/tcp-options.ts'
import { TCP_LAST_ACK, TCP_LAST_END, TCP_LAST_SEQ } from '../entry.ts'
import { ORIGINAL, REPLY } from '../status.ts'
import {
  LAST_EXPECT_CHALLENGE_ACK,
  lastDirection,
  lastFlags,
  lastIndex,
  lastScale,
  lastWindow,
  setLastFlags,
  setLastKind,
  setLastScale,
  setLastWindow,
} from './last.ts'
import {
  END,
  FLAG_BE_LIBERAL,
  FLAG_SACK_PERM,
  FLAG_WINDOW_SCALE,
  MAXEND,
  MAXWIN,
  setSideFlags,
  setSideScale,
  sideAt,
  sideFlags,
} from './side.ts'
import { KIND_ACK, KIND_SYN, KIND_SYNACK, LAST_ACK, SYN_SENT } from './state.ts'

/** Reused: the options of a SYN that is ignored but remembered. */
const ignoredSyn = new SynOptions()

/** A SYN+ACK for a SYN that was ignored: the endpoints really start anew. */
export function answersIgnoredSyn(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  kind: number,
): boolean {
  return (
    kind === KIND_SYNACK &&
    lastIndex(words, at) === KIND_SYN &&
    lastDirection(words, at) !== direction &&
    packet.acknowledgment === words[at + TCP_LAST_END]
  )
}

/** Takes the sequence numbers of the ignored SYN for those of its sender, and waits for the other side's. */
export function resynchronise(words: Int32Array, at: number, direction: number): void {
  const opener = lastDirection(words, at)
  const side = sideAt(at, opener)
  const window = lastWindow(words, at)
  words[side + END] = words[at + TCP_LAST_END]!
  words[side + MAXEND] = words[at + TCP_LAST_END]!
  words[side + MAXWIN] = window === 0 ? 1 : window
  setSideScale(words, at, opener, lastScale(words, at))
  setLastFlags(words, at, lastFlags(words, at) & ~LAST_EXPECT_CHALLENGE_ACK)
  setSideFlags(words, at, opener, lastFlags(words, at))
  const answering = sideAt(at, direction)
  words.fill(0, answering, answering + 4)
  setSideScale(words, at, direction, 0)
  setSideFlags(words, at, direction, sideFlags(words, at, direction) & FLAG_BE_LIBERAL)
}

/** The endpoints may be out of step with us: remember the packet, its answer will tell. */
export function noteIgnored(
  words: Int32Array,
  at: number,
  packet: Packet,
  direction: number,
  kind: number,
  end: number,
  state: number,
): void {
  setLastKind(words, at, direction, kind)
  words[at + TCP_LAST_SEQ] = packet.sequence
  words[at + TCP_LAST_END] = end
  setLastWindow(words, at, packet.window)
  if (kind === KIND_SYN && direction === ORIGINAL) {
    let flags = 0
    let scale = 0
    parseSynOptions(packet, ignoredSyn)
    if (ignoredSyn.windowScale >= 0) {
      flags |= FLAG_WINDOW_SCALE
      scale = ignoredSyn.windowScale
    }
    if (ignoredSyn.sackPermitted) flags |= FLAG_SACK_PERM
    // RFC 5961: in LAST_ACK a SYN is answered by a challenge ACK, which must not pass for the last ACK.
    if (state === LAST_ACK) flags |= LAST_EXPECT_CHALLENGE_ACK
    setLastFlags(words, at, flags)
    setLastScale(words, at, scale)
  }
  if (state === SYN_SENT && kind === KIND_ACK && direction === REPLY) {
    words[at + TCP_LAST_ACK] = packet.acknowledgment
  }
}
