/** The last segment seen, inside an entry's words: what retransmissions and ignored packets are told by. */
import { FLOW, FLOW_LAST_DIRECTION_SHIFT, FLOW_LAST_INDEX_SHIFT, TCP_LAST } from '../entry.ts'

/** Flags kept of an ignored SYN; the first two are FLAG_WINDOW_SCALE and FLAG_SACK_PERM. */
export const LAST_EXPECT_CHALLENGE_ACK = 0x40
export const LAST_SIMULTANEOUS_OPEN = 0x80

export function lastDirection(words: Int32Array, at: number): number {
  return (words[at + FLOW]! >>> FLOW_LAST_DIRECTION_SHIFT) & 1
}

/** KIND_* of the last packet that counted, KIND_NONE at first. */
export function lastIndex(words: Int32Array, at: number): number {
  return words[at + FLOW]! >>> FLOW_LAST_INDEX_SHIFT
}

export function setLastKind(words: Int32Array, at: number, direction: number, kind: number): void {
  words[at + FLOW] =
    (words[at + FLOW]! & 0x0fffffff) |
    (direction << FLOW_LAST_DIRECTION_SHIFT) |
    (kind << FLOW_LAST_INDEX_SHIFT)
}

/** Unscaled window of the last segment. */
export function lastWindow(words: Int32Array, at: number): number {
  return words[at + TCP_LAST]! & 0xffff
}

export function setLastWindow(words: Int32Array, at: number, window: number): void {
  words[at + TCP_LAST] = (words[at + TCP_LAST]! & ~0xffff) | window
}

/** How often the last pure ACK was seen again; eight bits that wrap. */
export function retransmissions(words: Int32Array, at: number): number {
  return (words[at + TCP_LAST]! >>> 16) & 0xff
}

export function setRetransmissions(words: Int32Array, at: number, count: number): void {
  words[at + TCP_LAST] = (words[at + TCP_LAST]! & ~(0xff << 16)) | ((count & 0xff) << 16)
}

export function lastScale(words: Int32Array, at: number): number {
  return (words[at + TCP_LAST]! >>> 24) & 0xf
}

/** The flags' four bits stand together: 0x01, 0x02, 0x40, 0x80. */
export function lastFlags(words: Int32Array, at: number): number {
  const bits = words[at + TCP_LAST]! >>> 28
  return (bits & 3) | ((bits & 0xc) << 4)
}

export function setLastFlags(words: Int32Array, at: number, flags: number): void {
  words[at + TCP_LAST] = (words[at + TCP_LAST]! & 0x0fffffff) | ((flags & 3) << 28) | ((flags & 0xc0) << 24)
}

export function setLastScale(words: Int32Array, at: number, scale: number): void {
  words[at + TCP_LAST] = (words[at + TCP_LAST]! & ~(0xf << 24)) | (scale << 24)
}
