/** Fragments of a built packet, for IPv4 and IPv6. */
import { concatBytes } from './byte-source.ts'
import { internetChecksum } from './checksum.ts'

export interface FragmentOptions {
  /** IPv6: the Fragment header's identification. IPv4 keeps the packet's own unless given. */
  readonly identification?: number
}

/**
 * One piece of a raw IP packet: `length` payload bytes from `offset` on (a multiple of 8), whatever sense
 * that makes. The payload of IPv6 starts behind the hop-by-hop and routing headers. Bytes beyond the
 * packet are zero.
 */
export function fragmentPiece(
  packet: Uint8Array,
  offset: number,
  length: number,
  moreFragments: boolean,
  options: FragmentOptions = {},
): Uint8Array {
  const six = packet[0]! >> 4 === 6
  const { start, nextHeaderAt } = six
    ? perFragmentPart(packet)
    : { start: (packet[0]! & 15) * 4, nextHeaderAt: 9 }
  const data = new Uint8Array(length)
  data.set(packet.subarray(Math.min(start + offset, packet.length), start + offset + length))
  const header = packet.slice(0, start)
  const offsetField = offset & ~7
  if (six) {
    const fragmentHeader = new DataView(new ArrayBuffer(8))
    fragmentHeader.setUint8(0, header[nextHeaderAt]!)
    fragmentHeader.setUint16(2, offsetField | (moreFragments ? 1 : 0))
    fragmentHeader.setInt32(4, options.identification ?? 1)
    header[nextHeaderAt] = 44
    const bytes = concatBytes([header, new Uint8Array(fragmentHeader.buffer), data])
    new DataView(bytes.buffer).setUint16(4, bytes.length - 40)
    return bytes
  }
  if (offset > 0) blankUncopiedOptions(header)
  const bytes = concatBytes([header, data])
  const view = new DataView(bytes.buffer)
  view.setUint16(2, bytes.length)
  if (options.identification !== undefined) view.setUint16(4, options.identification)
  view.setUint16(6, (view.getUint16(6) & 0x4000) | (moreFragments ? 0x2000 : 0) | (offsetField >> 3))
  view.setUint16(10, 0)
  view.setUint16(10, internetChecksum(view, 0, start))
  return bytes
}

/**
 * Cuts a raw IP packet into fragments: pieces of at most `mtu` bytes each, or payload lengths one by one
 * (the last piece takes what is left). A packet that needs no cut comes back as one whole piece.
 */
export function fragmentPacket(
  packet: Uint8Array,
  mtuOrLengths: number | readonly number[],
  options: FragmentOptions = {},
): Uint8Array[] {
  const six = packet[0]! >> 4 === 6
  const start = six ? perFragmentPart(packet).start : (packet[0]! & 15) * 4
  const total = packet.length - start
  if (typeof mtuOrLengths === 'number' && packet.length <= mtuOrLengths) return [packet]
  const most = typeof mtuOrLengths === 'number' ? (mtuOrLengths - start - (six ? 8 : 0)) & ~7 : 0
  if (typeof mtuOrLengths === 'number' && most < 8) throw new RangeError(`MTU ${mtuOrLengths} is too small`)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < total; ) {
    const wanted = typeof mtuOrLengths === 'number' ? most : (mtuOrLengths[pieces.length] ?? total)
    const length = Math.min(wanted, total - at)
    pieces.push(fragmentPiece(packet, at, length, at + length < total, options))
    if (length <= 0) throw new RangeError('a piece needs a length')
    at += length
  }
  return pieces
}

/** IPv6: what stands in front of the Fragment header (RFC 8200, 4.5): up to hop-by-hop and routing. */
function perFragmentPart(packet: Uint8Array): { start: number; nextHeaderAt: number } {
  let part = { start: 40, nextHeaderAt: 6 }
  let at = 40
  let next = packet[6]!
  while ((next === 0 || next === 43 || next === 60) && at + 8 <= packet.length) {
    const end = at + 8 + packet[at + 1]! * 8
    if (next !== 60) part = { start: end, nextHeaderAt: at }
    next = packet[at]!
    at = end
  }
  return part
}

/** Options without the copied bit become no-operations in later pieces, as Linux does it. */
function blankUncopiedOptions(header: Uint8Array): void {
  for (let at = 20; at < header.length && header[at] !== 0; ) {
    const length = header[at] === 1 ? 1 : Math.max(header[at + 1] ?? 1, 1)
    if ((header[at]! & 0x80) === 0) header.fill(1, at, at + length)
    at += length
  }
}
