/**
 * Bytes to fields: one pass over a captured frame fills a `Packet`.
 *
 * What to know before changing it: nothing here throws, allocates or reads beyond `end`, whatever the bytes say.
 * Three ends are kept apart: the packet's own (its length field), the frame's on the wire (`wireEnd`), and that of
 * the bytes captured (`end`). A packet longer than its frame is malformed; one longer than its capture is only cut.
 */
import { clearNetwork } from './clear.ts'
import type { HeaderCheck } from './header-check.ts'
import { decodeIPv4 } from './ipv4.ts'
import { decodeIPv6 } from './ipv6.ts'
import {
  cooked2Header,
  cookedHeader,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernetHeader,
  loopbackHeader,
} from './link.ts'
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NFLOG,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  LINKTYPE_RAW_12,
  LINKTYPE_RAW_14,
} from './link-type.ts'
import { nflogHeader, nflogPayload } from './nflog.ts'
import {
  BAD_HEADER_LENGTH,
  BAD_VERSION,
  ISSUE_LINK_SHORT,
  ISSUE_LINK_TYPE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NOT_IP,
  type Packet,
} from './packet.ts'
import { decodePlainTcp } from './plain-tcp.ts'

/** `wireEnd` where nothing tells how long the frame was: lengths that overrun the bytes are then cut, not bad. */
export const WIRE_END_UNKNOWN = -1

/**
 * Fills `packet` from a captured frame of `originalLength` bytes, of which `start`–`end` are in `bytes`.
 * `view` shows the same memory as `bytes`. `direction` is overwritten only where the link layer tells it (Linux
 * cooked captures); time, file, frame and interface are the caller's. Never throws where `start`–`end` is within
 * `bytes`: what is wrong is `packet.issue`.
 *
 * @param linkType LINKTYPE_*: 1 Ethernet, 101 raw IP, 113 and 276 Linux cooked, 239 NFLOG
 * @param verifyHeader how the IPv4 header checksum is judged; what is found wrong is an issue
 */
export function decodeFrame(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  originalLength: number,
  linkType: number,
  verifyHeader: HeaderCheck = true,
): void {
  // Small enough to be inlined where frames are read, so that the usual packet costs one call.
  if (linkType === LINKTYPE_ETHERNET && packet.linkType === LINKTYPE_ETHERNET && end - start >= 54) {
    const type = view.getUint16(start + 12)
    const wireEnd = originalLength > end - start ? start + originalLength : end
    if (
      type === ETHERTYPE_IPV4 &&
      decodePlainTcp(packet, view, bytes, start + 14, end, wireEnd, verifyHeader)
    ) {
      packet.etherType = ETHERTYPE_IPV4
      return
    }
  }
  decodeAnyFrame(packet, view, bytes, start, end, originalLength, linkType, verifyHeader)
}

/** Fills `packet` from its own record, as `decodeFrame` does from what it is given. */
export function decodeRecord(packet: Packet, verifyHeader: HeaderCheck = true): void {
  const { view, bytes, start, end, originalLength, linkType } = packet.record
  decodeFrame(packet, view, bytes, start, end, originalLength, linkType, verifyHeader)
}

function decodeAnyFrame(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  originalLength: number,
  linkType: number,
  verifyHeader: HeaderCheck,
): void {
  const last = packet.linkType
  if (last === LINKTYPE_NFLOG || last === LINKTYPE_LINUX_SLL2) clearLog(packet)
  if (last !== linkType) packet.linkType = linkType
  const wireEnd = originalLength > end - start ? start + originalLength : end
  if (linkType === LINKTYPE_ETHERNET) {
    const at = ethernetHeader(packet, view, start, end)
    if (at >= 0 && packet.etherType === ETHERTYPE_IPV4) {
      decodeIPv4(packet, view, bytes, at, end, wireEnd, verifyHeader)
    } else {
      decodeByEtherType(packet, view, bytes, start, at, end, wireEnd, verifyHeader)
    }
    return
  }
  packet.etherType = 0
  switch (linkType) {
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_12:
    case LINKTYPE_RAW_14:
      decodeNetwork(packet, view, bytes, start, end, wireEnd, verifyHeader)
      break
    case LINKTYPE_IPV4:
      decodeIPv4(packet, view, bytes, start, end, wireEnd, verifyHeader)
      break
    case LINKTYPE_IPV6:
      decodeIPv6(packet, view, bytes, start, end, wireEnd)
      break
    case LINKTYPE_LINUX_SLL:
    case LINKTYPE_LINUX_SLL2:
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: {
      const at = networkStart(packet, view, start, end, linkType)
      decodeByEtherType(packet, view, bytes, start, at, end, wireEnd, verifyHeader)
      if (linkType === LINKTYPE_NULL || linkType === LINKTYPE_LOOP) packet.etherType = 0
      break
    }
    case LINKTYPE_NFLOG:
      if (nflogHeader(packet, view, bytes, start, end)) {
        const { start: first, end: stop } = nflogPayload
        decodeNetwork(packet, view, bytes, first, stop, WIRE_END_UNKNOWN, verifyHeader)
      } else {
        linkShort(packet, view, bytes, start, end)
      }
      break
    default:
      clearNetwork(packet, view, bytes, start, end)
      packet.issue = ISSUE_LINK_TYPE
  }
}

/**
 * Fills the network and transport fields from an IP packet at `start`, of either version. The frame ends on the
 * wire at `wireEnd` (or -1, unknown: lengths that overrun the bytes are then cut, not bad), its captured bytes at `end`.
 * Never throws where `start`–`end` is within `bytes`; an IPv4 header that the stack would drop is `packet.issue`.
 */
export function decodeNetwork(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  verifyHeader: HeaderCheck = true,
): void {
  const version = end > start ? view.getUint8(start) >> 4 : 0
  if (version === 4) {
    decodeIPv4(packet, view, bytes, start, end, wireEnd, verifyHeader)
  } else if (version === 6) {
    decodeIPv6(packet, view, bytes, start, end, wireEnd)
  } else {
    clearNetwork(packet, view, bytes, start, end)
    if (end > start) {
      bad(packet, BAD_VERSION, version)
    } else if (wireEnd >= 0 && wireEnd <= start) {
      bad(packet, BAD_HEADER_LENGTH, 0)
    } else {
      packet.issue = ISSUE_NETWORK_CUT
      packet.issueFound = 0
    }
  }
}

function networkStart(packet: Packet, view: DataView, start: number, end: number, linkType: number): number {
  if (linkType === LINKTYPE_LINUX_SLL) return cookedHeader(packet, view, start, end)
  if (linkType === LINKTYPE_LINUX_SLL2) return cooked2Header(packet, view, start, end)
  return loopbackHeader(packet, view, start, end)
}

/** `at` is where the network header stands, or −1. */
function decodeByEtherType(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  at: number,
  end: number,
  wireEnd: number,
  verifyHeader: HeaderCheck,
): void {
  if (at < 0) {
    packet.etherType = 0
    linkShort(packet, view, bytes, start, end)
  } else if (packet.etherType === ETHERTYPE_IPV4) {
    decodeIPv4(packet, view, bytes, at, end, wireEnd, verifyHeader)
  } else if (packet.etherType === ETHERTYPE_IPV6) {
    decodeIPv6(packet, view, bytes, at, end, wireEnd)
  } else {
    clearNetwork(packet, view, bytes, at, end)
    packet.issue = ISSUE_NOT_IP
  }
}

function linkShort(packet: Packet, view: DataView, bytes: Uint8Array, start: number, end: number): void {
  clearNetwork(packet, view, bytes, start, end)
  packet.issue = ISSUE_LINK_SHORT
  packet.issueFound = end - start
}

function bad(packet: Packet, detail: number, found: number): void {
  packet.issue = ISSUE_NETWORK_BAD
  packet.issueDetail = detail
  packet.issueFound = found
  packet.issueExpected = 0
}

function clearLog(packet: Packet): void {
  packet.hook = -1
  packet.mark = 0
  packet.inInterface = 0
  packet.outInterface = 0
  packet.nflogPrefix = ''
}
