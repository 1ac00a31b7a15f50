/**
 * The hop-by-hop options header (RFC 8200, 4.3) as the stack checks it on input: a packet that fails is dropped
 * before any hook (ipv6_parse_hopopts, ip6_parse_tlv).
 */

export const HOP_BY_HOP_GOOD = -1
export const HOP_BY_HOP_BAD = -2
/** The capture does not hold all of it. */
export const HOP_BY_HOP_CUT = -3

const PAD1 = 0
const PADN = 1
const ROUTER_ALERT = 5
const JUMBO = 0xc2

/** The sysctl max_hbh_opts_number: padding does not count. */
const MOST_OPTIONS = 8
/** Padding in a row beyond what alignment to 8 can need. */
const MOST_PADDING = 7

/**
 * HOP_BY_HOP_*, or the payload length of a jumbogram. The IPv6 header is at `start`, the packet ends at `end` and
 * its captured bytes at `capturedEnd`.
 */
export function checkHopByHop(view: DataView, start: number, end: number, capturedEnd: number): number {
  const first = start + 40
  if (end - first < 8) return HOP_BY_HOP_BAD
  if (capturedEnd - first < 2) return HOP_BY_HOP_CUT
  const stop = first + ((view.getUint8(first + 1) + 1) << 3)
  if (stop > end) return HOP_BY_HOP_BAD
  let jumbo = HOP_BY_HOP_GOOD
  let padding = 0
  let options = 0
  // Options that were captured are judged even where later ones were not.
  const known = Math.min(stop, capturedEnd)
  for (let at = first + 2; at < stop; ) {
    if (at >= known) return HOP_BY_HOP_CUT
    const type = view.getUint8(at)
    if (type === PAD1) {
      if (++padding > MOST_PADDING) return HOP_BY_HOP_BAD
      at++
      continue
    }
    if (stop - at < 2) return HOP_BY_HOP_BAD
    if (known - at < 2) return HOP_BY_HOP_CUT
    const length = view.getUint8(at + 1) + 2
    if (length > stop - at) return HOP_BY_HOP_BAD
    if (length > known - at) return HOP_BY_HOP_CUT
    if (type === PADN) {
      padding += length
      if (padding > MOST_PADDING || !isZero(view, at + 2, at + length)) return HOP_BY_HOP_BAD
    } else {
      padding = 0
      if (++options > MOST_OPTIONS) return HOP_BY_HOP_BAD
      if (type === JUMBO) {
        jumbo = jumboLength(view, start, at, length, end)
        if (jumbo < 0) return HOP_BY_HOP_BAD
      } else if (type === ROUTER_ALERT) {
        if (length !== 4) return HOP_BY_HOP_BAD
      } else if (type >> 6 !== 0) {
        // The two top bits of an unknown option: discard the packet, with or without an answer (RFC 8200, 4.2).
        return HOP_BY_HOP_BAD
      }
    }
    at += length
  }
  return jumbo
}

function isZero(view: DataView, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (view.getUint8(i) !== 0) return false
  return true
}

/** RFC 2675: only where the payload length is 0, for more than 65,535 bytes, at 4n + 2 of the packet. */
function jumboLength(view: DataView, start: number, at: number, length: number, end: number): number {
  if (length !== 6 || ((at - start) & 3) !== 2) return HOP_BY_HOP_BAD
  const payload = view.getUint32(at + 2)
  if (payload <= 65_535 || view.getUint16(start + 4) !== 0 || payload > end - start - 40)
    return HOP_BY_HOP_BAD
  return payload
}
