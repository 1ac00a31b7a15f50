/** UDP and UDP-Lite (nf_conntrack_proto_udp.c): lengths, checksums, and when a flow is a stream. */
import type { Packet } from '../packet/packet.ts'
import { CHECKSUM_BAD } from '../packet/packet.ts'
import { STATUS, UDP_STREAM_TICK } from './entry.ts'
import type { Handling } from './handling.ts'
import { HANDLED_REFRESH } from './handling.ts'
import type { Reasons } from './reason.ts'
import { reasonNumber } from './reason.ts'
import type { Settings } from './settings.ts'
import { STATUS_ASSURED, STATUS_CONFIRMED, STATUS_NAT_CLASH, STATUS_SEEN_REPLY } from './status.ts'

/** A reply this long after the first packet makes a stream of it. */
const STREAM_SECONDS = 2

const udpShort = reasonNumber['udp-short']
const udpLength = reasonNumber['udp-length']
const udpChecksum = reasonNumber['udp-checksum']
const udpliteShort = reasonNumber['udplite-short']
const udpliteCoverage = reasonNumber['udplite-coverage']
const udpliteMissing = reasonNumber['udplite-checksum-missing']
const udpliteChecksum = reasonNumber['udplite-checksum']

/** Header checks (udp_error). False for a packet that is INVALID. */
export function checkUdp(packet: Packet, reasons: Reasons): boolean {
  const length = packet.transportLength
  if (length < 8) {
    reasons.add(udpShort, length)
    return false
  }
  // A length field below the bytes present is fine: the rest is padding.
  if (packet.udpLength > length || packet.udpLength < 8) {
    reasons.add(udpLength, packet.udpLength, length)
    return false
  }
  if (packet.checksum === CHECKSUM_BAD) {
    reasons.add(udpChecksum, packet.checksumFound, packet.checksumExpected)
    return false
  }
  return true
}

/** Header checks (udplite_error). Unlike UDP, a checksum is required. */
export function checkUdplite(packet: Packet, reasons: Reasons): boolean {
  const length = packet.transportLength
  if (length < 8) {
    reasons.add(udpliteShort, length)
    return false
  }
  const coverage = packet.udpLength === 0 ? length : packet.udpLength
  if (coverage < 8 || coverage > length) {
    reasons.add(udpliteCoverage, packet.udpLength, length)
    return false
  }
  // Asked before, and independently of, whether checksums are verified at all.
  if (packet.transportCaptured >= 8 && packet.view.getUint16(packet.transportOffset + 6) === 0) {
    reasons.add(udpliteMissing)
    return false
  }
  if (packet.checksum === CHECKSUM_BAD) {
    reasons.add(udpliteChecksum, packet.checksumFound, packet.checksumExpected)
    return false
  }
  return true
}

/** Tracks a datagram; `now` in ticks, `hz` ticks a second. */
export function trackUdp(
  words: Int32Array,
  at: number,
  now: number,
  hz: number,
  settings: Settings,
  handling: Handling,
): number {
  const status = words[at + STATUS]!
  if ((status & STATUS_CONFIRMED) === 0) words[at + UDP_STREAM_TICK] = now + STREAM_SECONDS * hz
  handling.timeout = settings.udpTimeout
  if ((status & STATUS_SEEN_REPLY) !== 0 && ((now - words[at + UDP_STREAM_TICK]!) | 0) > 0) {
    handling.timeout = settings.udpTimeoutStream
    if ((status & STATUS_NAT_CLASH) === 0) words[at + STATUS] = status | STATUS_ASSURED
  }
  return HANDLED_REFRESH
}

/** UDP-Lite knows no two seconds: any packet after a reply makes a stream. */
export function trackUdplite(words: Int32Array, at: number, settings: Settings, handling: Handling): number {
  const status = words[at + STATUS]!
  handling.timeout = settings.udpTimeout
  if ((status & STATUS_SEEN_REPLY) !== 0) {
    handling.timeout = settings.udpTimeoutStream
    if ((status & STATUS_NAT_CLASH) === 0) words[at + STATUS] = status | STATUS_ASSURED
  }
  return HANDLED_REFRESH
}
