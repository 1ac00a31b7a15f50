/** Which tracker judges a packet, and how much of its header that tracker must see. */
import type { Packet } from '../packet/packet.ts'
import {
  FAMILY_IPV4,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { STATUS } from './entry.ts'
import { trackGre } from './gre.ts'
import type { Handling } from './handling.ts'
import { HANDLED_INVALID, HANDLED_REFRESH } from './handling.ts'
import { isIcmpRequest, isIcmpv6Request } from './icmp-type.ts'
import type { Reasons } from './reason.ts'
import { reasonNumber } from './reason.ts'
import { checkSctp } from './sctp/check.ts'
import { trackSctp } from './sctp/tracker.ts'
import type { Settings } from './settings.ts'
import { STATUS_CONFIRMED } from './status.ts'
import { checkTcp, trackTcp } from './tcp/tracker.ts'
import { checkUdp, checkUdplite, trackUdp, trackUdplite } from './udp.ts'

const wrongFamily = reasonNumber['wrong-family']
const icmpNotQuery = reasonNumber['icmp-not-query']

/** Transport bytes a protocol's tracker reads; where the capture has fewer, the packet cannot be judged. */
export function headerLength(protocol: number): number {
  switch (protocol) {
    case PROTOCOL_TCP:
      return 20
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
    case PROTOCOL_GRE:
      return 8
    case PROTOCOL_SCTP:
      return 12
    default:
      return 0
  }
}

/** Does the tracker look at this protocol's checksum? (ICMP's is looked at before.) */
export function hasCheckedChecksum(protocol: number): boolean {
  return (
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_UDPLITE ||
    protocol === PROTOCOL_SCTP
  )
}

/** Judges a packet of an entry: HANDLED_*, see handling.ts. */
export function handleProtocol(
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
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return checkTcp(packet, reasons)
        ? trackTcp(words, at, packet, direction, now, hz, settings, reasons, handling)
        : HANDLED_INVALID
    case PROTOCOL_UDP:
      return checkUdp(packet, reasons) ? trackUdp(words, at, now, hz, settings, handling) : HANDLED_INVALID
    case PROTOCOL_UDPLITE:
      return checkUdplite(packet, reasons) ? trackUdplite(words, at, settings, handling) : HANDLED_INVALID
    case PROTOCOL_SCTP: {
      if (!checkSctp(packet, reasons, true)) return HANDLED_INVALID
      const confirmed = (words[at + STATUS]! & STATUS_CONFIRMED) !== 0
      return trackSctp(words, at, packet, direction, confirmed, settings.sctp, reasons, handling)
    }
    case PROTOCOL_GRE:
      return trackGre(words, at, settings, handling)
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return trackIcmp(words, at, packet, settings, reasons, handling)
    default:
      handling.timeout = settings.genericTimeout
      return HANDLED_REFRESH
  }
}

/** Queries and their replies; errors were judged before (nf_conntrack_icmp_packet, nf_conntrack_icmpv6_packet). */
function trackIcmp(
  words: Int32Array,
  at: number,
  packet: Packet,
  settings: Settings,
  reasons: Reasons,
  handling: Handling,
): number {
  const ipv4 = packet.family === FAMILY_IPV4
  if (ipv4 !== (packet.protocol === PROTOCOL_ICMP)) {
    reasons.add(wrongFamily)
    return HANDLED_INVALID
  }
  const isRequest = ipv4 ? isIcmpRequest(packet.icmpType) : isIcmpv6Request(packet.icmpType)
  if ((words[at + STATUS]! & STATUS_CONFIRMED) === 0 && !isRequest) {
    reasons.add(icmpNotQuery, packet.icmpType)
    return HANDLED_INVALID
  }
  handling.timeout = ipv4 ? settings.icmpTimeout : settings.icmpv6Timeout
  return HANDLED_REFRESH
}
