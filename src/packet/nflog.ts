/**
 * Netfilter log captures (LINKTYPE_NFLOG): a 4-byte header, then attributes of 16-bit length and type in the byte
 * order of the machine that captured, each padded to 4 bytes; their values are in network order.
 */
import type { Packet } from './packet.ts'

// Attribute numbers of linux/netfilter/nfnetlink_log.h.
const PACKET_HEADER = 1
const MARK = 2
const IN_INTERFACE = 4
const OUT_INTERFACE = 5
const PAYLOAD = 9
const PREFIX = 10

/** Where the payload is, left by `nflogHeader`. */
export const nflogPayload = { start: 0, end: 0 }

/**
 * Reads the attributes; false if the frame ends inside them before a payload was found.
 * The payload itself may be shorter than its packet: NFLOG copies as much as it was told to.
 */
export function nflogHeader(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = start + 4
  let found = false
  const little = isLittleEndian(view, at, end)
  while (end - at >= 4) {
    const length = view.getUint16(at, little)
    if (length < 4) return found
    const value = at + 4
    const stop = Math.min(at + length, end)
    switch (view.getUint16(at + 2, little) & 0x7fff) {
      case PACKET_HEADER:
        if (stop - value >= 3) packet.hook = view.getUint8(value + 2)
        break
      case MARK:
        if (stop - value >= 4) packet.mark = view.getInt32(value)
        break
      case IN_INTERFACE:
        if (stop - value >= 4) packet.inInterface = view.getInt32(value)
        break
      case OUT_INTERFACE:
        if (stop - value >= 4) packet.outInterface = view.getInt32(value)
        break
      case PREFIX:
        packet.nflogPrefix = textOf(bytes, value, stop)
        break
      case PAYLOAD:
        nflogPayload.start = value
        nflogPayload.end = stop
        found = true
        break
    }
    at += (length + 3) & ~3
  }
  return found
}

/** Attribute types are small, so the first one shows the order of the file. */
function isLittleEndian(view: DataView, at: number, end: number): boolean {
  if (end - at < 4) return true
  return view.getUint16(at, true) >= 4 && view.getUint16(at + 2, true) < 256
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Where the value of the first attribute of this type begins, or −1. `start` is that of the frame. */
export function findAttribute(bytes: Uint8Array, start: number, end: number, type: number): number {
  let at = start + 4
  const little = end - at < 4 || (word16(bytes, at, true) >= 4 && word16(bytes, at + 2, true) < 256)
  while (end - at >= 4) {
    const length = word16(bytes, at, little)
    if (length < 4) return -1
    if ((word16(bytes, at + 2, little) & 0x7fff) === type) return at + 4
    at += (length + 3) & ~3
  }
  return -1
}

function word16(bytes: Uint8Array, at: number, little: boolean): number {
  const first = bytes[at]!
  const second = bytes[at + 1]!
  return little ? first | (second << 8) : (first << 8) | second
}
