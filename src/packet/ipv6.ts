/**
 * IPv6 header and extension headers (RFC 8200), with the checks that Linux's ip6_rcv_core makes before any hook,
 * and the walk to the transport header that connection tracking makes (ipv6_skip_exthdr, ipv6_get_l4proto).
 */
import { clearNetwork } from './clear.ts'
import { checkHopByHop, HOP_BY_HOP_BAD, HOP_BY_HOP_CUT, HOP_BY_HOP_GOOD } from './hop-by-hop.ts'
import {
  BAD_HEADER_LENGTH,
  BAD_HOP_BY_HOP,
  BAD_TOTAL_LENGTH,
  BAD_VERSION,
  FAMILY_IPV6,
  ISSUE_CHAIN,
  ISSUE_FRAGMENT,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  type Packet,
} from './packet.ts'
import { decodeTransport } from './transport.ts'

/** A packet of which the payload length still tells: header and 65,535 bytes. */
const LONGEST = 65_575

export const HEADER_HOP_BY_HOP = 0
export const HEADER_ROUTING = 43
export const HEADER_FRAGMENT = 44
export const HEADER_AUTHENTICATION = 51
export const HEADER_NONE = 59
export const HEADER_DESTINATION = 60

/**
 * As `decodeNetwork`, for a packet that has to be IPv6.
 *
 * @param stopAtFragment false walks past a Fragment header, as is done once fragments have been collected
 */
export function decodeIPv6(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
  stopAtFragment = true,
): void {
  clearNetwork(packet, view, bytes, start, end)
  packet.family = FAMILY_IPV6
  const captured = end - start
  const available = wireEnd < 0 ? 0x7fffffff : wireEnd - start
  if (captured < 40) {
    if (available < 40) bad(packet, BAD_HEADER_LENGTH, available, 40)
    else cut(packet, captured)
    return
  }
  decodeFixedHeader(packet, view, start)
  const version = view.getUint8(start) >> 4
  if (version !== 6) {
    bad(packet, BAD_VERSION, version, 6)
    return
  }
  const payload = view.getUint16(start + 4)
  const next = view.getUint8(start + 6)
  packet.protocol = next
  let length = 40 + payload
  let jumbo = -1
  if (payload === 0 && next === HEADER_HOP_BY_HOP) {
    // A jumbogram: its length is in an option, and its frame's until that is read.
    length = wireEnd < 0 ? captured : available
  } else if (payload === 0 && wireEnd >= 0 && available > LONGEST) {
    // Segments merged by offload (BIG TCP) to more than the field can say; kernels after 6.18 leave the option out.
    length = available
  } else if (length > available) {
    packet.length = length
    bad(packet, BAD_TOTAL_LENGTH, length, available)
    return
  }
  if (next === HEADER_HOP_BY_HOP) {
    const capturedEnd = Math.min(end, start + length)
    const result = checkHopByHop(view, start, start + length, capturedEnd)
    if (result === HOP_BY_HOP_BAD || result === HOP_BY_HOP_CUT) {
      packet.length = length
      if (result === HOP_BY_HOP_BAD) bad(packet, BAD_HOP_BY_HOP, 0, 0)
      else cut(packet, captured)
      return
    }
    jumbo = result
  }
  if (jumbo !== HOP_BY_HOP_GOOD && jumbo >= 0) length = 40 + jumbo
  packet.length = length
  packet.capturedEnd = Math.min(end, start + length)
  // A packet with payload length 0 is never taken as a fragment (nf_ct_frag6_gather).
  walkExtensions(
    packet,
    view,
    start + 40,
    start + length,
    packet.capturedEnd,
    stopAtFragment && payload !== 0,
  )
}

/** Traffic class, hop limit and addresses of the 40 bytes at `start`. */
export function decodeFixedHeader(packet: Packet, view: DataView, start: number): void {
  packet.tos = (view.getUint16(start) >> 4) & 0xff
  packet.ttl = view.getUint8(start + 7)
  packet.source0 = view.getInt32(start + 8)
  packet.source1 = view.getInt32(start + 12)
  packet.source2 = view.getInt32(start + 16)
  packet.source3 = view.getInt32(start + 20)
  packet.destination0 = view.getInt32(start + 24)
  packet.destination1 = view.getInt32(start + 28)
  packet.destination2 = view.getInt32(start + 32)
  packet.destination3 = view.getInt32(start + 36)
}

/**
 * Walks from the header `packet.protocol` at `first` to the transport header. `end` is where the packet ends,
 * `capturedEnd` where its bytes do. Every step is at least 8 bytes, so the walk is as bounded as the packet.
 */
export function walkExtensions(
  packet: Packet,
  view: DataView,
  first: number,
  end: number,
  capturedEnd: number,
  stopAtFragment: boolean,
): void {
  let at = first
  let next = packet.protocol
  for (;;) {
    if (next === HEADER_NONE) {
      stop(packet, next, at, end, capturedEnd)
      packet.issue = ISSUE_CHAIN
      return
    }
    if (!isExtension(next)) break
    const present = end - at
    const isFragment = next === HEADER_FRAGMENT
    const needed = !isFragment ? 2 : stopAtFragment ? 8 : 4
    if (present > 0 && capturedEnd - at < Math.min(present, needed)) {
      stop(packet, next, at, end, capturedEnd)
      cut(packet, capturedEnd - packet.networkOffset)
      return
    }
    const field = isFragment && present >= 4 ? view.getUint16(at + 2) : 0
    if (present < needed) {
      // Where fragments are collected, one whose Fragment header is not all there is dropped; but a first piece is let
      // pass, and walked past, before that is noticed (ipv6frag_thdr_truncated in nf_ct_frag6_gather). A Fragment
      // header behind the end, because the one before it lies about its length, is not looked for (find_prev_fhdr).
      const collected = isFragment && stopAtFragment && present >= 0
      if (!collected || present < 4 || (field & 0xfff8) !== 0 || isHeader(view.getUint8(at))) {
        stop(packet, next, at, end, capturedEnd)
        packet.issue = collected ? ISSUE_FRAGMENT : ISSUE_CHAIN
        if (collected) packet.issueDetail = BAD_HEADER_LENGTH
        return
      }
    } else if (isFragment) {
      if (stopAtFragment) {
        fragment(packet, view, at, end, capturedEnd, field)
        return
      }
      if ((field & 0xfff8) !== 0) {
        stop(packet, next, at, end, capturedEnd)
        packet.issue = ISSUE_CHAIN
        return
      }
    }
    const size = extensionLength(next, view.getUint8(at + 1))
    next = view.getUint8(at)
    at += size
  }
  stop(packet, next, at, end, capturedEnd)
  decodeTransport(packet, view, next, packet.transportOffset, packet.transportCaptured)
}

export function isExtension(protocol: number): boolean {
  return (
    protocol === HEADER_HOP_BY_HOP ||
    protocol === HEADER_ROUTING ||
    protocol === HEADER_FRAGMENT ||
    protocol === HEADER_AUTHENTICATION ||
    protocol === HEADER_DESTINATION
  )
}

function isHeader(next: number): boolean {
  return next === HEADER_NONE || isExtension(next)
}

/** Bytes of an extension header, from its length field (RFC 4302, 2.2 counts AH differently). */
export function extensionLength(protocol: number, field: number): number {
  if (protocol === HEADER_FRAGMENT) return 8
  return protocol === HEADER_AUTHENTICATION ? (field + 2) << 2 : (field + 1) << 3
}

/** What begins at `at` is the transport header, or what stands in its place. A header may overrun the packet. */
function stop(packet: Packet, protocol: number, at: number, end: number, capturedEnd: number): void {
  packet.protocol = protocol
  packet.transportOffset = Math.min(at, capturedEnd)
  packet.transportLength = Math.max(end - at, 0)
  packet.transportCaptured = Math.max(capturedEnd - at, 0)
}

function fragment(
  packet: Packet,
  view: DataView,
  at: number,
  end: number,
  capturedEnd: number,
  field: number,
): void {
  packet.issue = ISSUE_FRAGMENT
  packet.fragmentOffset = field & 0xfff8
  packet.moreFragments = (field & 1) !== 0
  packet.identification = view.getInt32(at + 4)
  stop(packet, view.getUint8(at), at + 8, end, capturedEnd)
  const captured = packet.fragmentOffset === 0 ? packet.transportCaptured : 0
  decodeTransport(packet, view, packet.protocol, packet.transportOffset, captured)
}

function bad(packet: Packet, detail: number, found: number, expected: number): void {
  packet.issue = ISSUE_NETWORK_BAD
  packet.issueDetail = detail
  packet.issueFound = found
  packet.issueExpected = expected
}

function cut(packet: Packet, captured: number): void {
  packet.issue = ISSUE_NETWORK_CUT
  packet.issueFound = captured
}
