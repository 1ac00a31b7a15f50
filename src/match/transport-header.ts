/** What a test needs of the transport header, and what becomes of a packet that has less. */
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'

/**
 * Whether the first `bytes` of the transport header are there. A packet that lacks them is dropped by the match itself,
 * as skb_header_pointer fails; of one that was cut by the capture nobody knows: `passage.stop` tells which.
 */
export function hasHeader(passage: Passage, bytes: number): boolean {
  const { packet } = passage
  if (packet.transportCaptured >= bytes) return true
  passage.stop = packet.transportLength < bytes ? STOP_HOTDROP : STOP_UNKNOWN
  return false
}
