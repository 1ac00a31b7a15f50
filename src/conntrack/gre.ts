/** GRE: version 1 (PPTP) is told apart by its call id; version 0 is a flow between two addresses. */
import type { Packet } from '../packet/packet.ts'
import { GRE_STREAM_TIMEOUT, GRE_TIMEOUT, STATUS } from './entry.ts'
import type { Handling } from './handling.ts'
import { HANDLED_REFRESH } from './handling.ts'
import type { Settings } from './settings.ts'
import { STATUS_ASSURED, STATUS_CONFIRMED, STATUS_SEEN_REPLY } from './status.ts'

const PPP = 0x880b

/**
 * The call id of a version 1 packet, 0 for one that has none, -1 for version 1 that does not carry PPP (no tuple:
 * INVALID). The key of RFC 2890 is not looked at.
 */
export function greCallId(packet: Packet): number {
  if (packet.transportLength < 4 || packet.transportCaptured < 4) return 0
  const at = packet.transportOffset
  if ((packet.bytes[at + 1]! & 0x07) !== 1) return 0
  if (packet.transportLength < 8 || packet.transportCaptured < 8) return 0
  return packet.view.getUint16(at + 2) === PPP ? packet.view.getUint16(at + 6) : -1
}

/** Tracks a GRE packet: a stream once a reply was seen (nf_conntrack_gre_packet). */
export function trackGre(words: Int32Array, at: number, settings: Settings, handling: Handling): number {
  const status = words[at + STATUS]!
  if ((status & STATUS_CONFIRMED) === 0) {
    words[at + GRE_TIMEOUT] = settings.greTimeout
    words[at + GRE_STREAM_TIMEOUT] = settings.greTimeoutStream
  }
  if ((status & STATUS_SEEN_REPLY) === 0) {
    handling.timeout = words[at + GRE_TIMEOUT]!
    return HANDLED_REFRESH
  }
  handling.timeout = words[at + GRE_STREAM_TIMEOUT]!
  words[at + STATUS] = status | STATUS_ASSURED
  return HANDLED_REFRESH
}
