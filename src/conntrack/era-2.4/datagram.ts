/** UDP and ICMP queries as Linux 2.4 tracked them (ip_conntrack_proto_udp.c, ip_conntrack_proto_icmp.c). */
import type { Packet } from '../../packet/packet.ts'
import { OPEN_REQUESTS, STATUS } from '../entry.ts'
import type { Handling } from '../handling.ts'
import { HANDLED_DELETE, HANDLED_PASS, HANDLED_REFRESH } from '../handling.ts'
import { isIcmpRequest } from '../icmp-type.ts'
import type { Reasons } from '../reason.ts'
import { reasonNumber } from '../reason.ts'
import { ORIGINAL, STATUS_ASSURED, STATUS_SEEN_REPLY } from '../status.ts'
import { ICMP_SECONDS, UDP_SECONDS, UDP_STREAM_SECONDS } from './timeouts.ts'

const reason = {
  notQuery: reasonNumber['icmp-not-query'],
  answered: reasonNumber['icmp24-answered'],
} as const

/** A stream from the first packet after the first reply on, whichever way that goes. Length and checksum are not looked at. */
export function trackUdp(words: Int32Array, at: number, handling: Handling): number {
  const status = words[at + STATUS]!
  const isStream = (status & STATUS_SEEN_REPLY) !== 0
  if (isStream) words[at + STATUS] = status | STATUS_ASSURED
  handling.timeout = isStream ? UDP_STREAM_SECONDS : UDP_SECONDS
  return HANDLED_REFRESH
}

/** First packet of an entry (icmp_new): a request. False for a packet that is INVALID. */
export function openIcmp(packet: Packet, reasons: Reasons): boolean {
  if (isIcmpRequest(packet.icmpType)) return true
  reasons.add(reason.notQuery, packet.icmpType)
  return false
}

/** Requests are counted, answers taken off; with the last one the entry goes (icmp_packet). */
export function trackIcmp(
  words: Int32Array,
  at: number,
  direction: number,
  reasons: Reasons,
  handling: Handling,
): number {
  if (direction === ORIGINAL) {
    words[at + OPEN_REQUESTS] = words[at + OPEN_REQUESTS]! + 1
    handling.timeout = ICMP_SECONDS
    return HANDLED_REFRESH
  }
  const left = words[at + OPEN_REQUESTS]! - 1
  words[at + OPEN_REQUESTS] = left
  if (left !== 0) return HANDLED_PASS
  reasons.add(reason.answered)
  return HANDLED_DELETE
}
