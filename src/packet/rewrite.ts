/**
 * Fields of headers written in place, with the checksums that follow from them: what DSCP, TOS, ECN, TTL, HL, TCPMSS and
 * TCPOPTSTRIP do. A checksum that was wrong stays wrong. The packet's fields and bytes change together; its bytes have to
 * be its own (`Passage.writable`).
 */
import { adjustChecksum, adjustChecksum32 } from './adjust.ts'
import { FAMILY_IPV4, type Packet } from './packet.ts'

/** Byte 12 of the TCP header: data offset; 13: flags; 16: checksum. */
const TCP_WORD = 12
const TCP_CHECKSUM = 16
const OPTION_MSS = 2
const OPTION_NOP = 1
const MSS_SIZE = 4

/** Sets the TOS byte or traffic class, 0–255. */
export function setTos(packet: Packet, tos: number): void {
  const { view, networkOffset: at } = packet
  if (packet.family === FAMILY_IPV4) {
    // Not by RFC 1624, equation 3: the two differ in which zero they leave (ipv4_change_dsfield).
    let check = view.getUint16(at + 10) + view.getUint8(at + 1)
    if (check >= 0xffff) check = (check + 1) & 0xffff
    check -= tos
    view.setUint16(at + 10, check < 0 ? check - 1 : check)
    view.setUint8(at + 1, tos)
  } else view.setUint16(at, (view.getUint16(at) & 0xf00f) | (tos << 4))
  packet.tos = tos
}

/** Sets TTL or hop limit, 0–255. */
export function setTtl(packet: Packet, ttl: number): void {
  const { view, networkOffset: at } = packet
  if (packet.family === FAMILY_IPV4) {
    adjustChecksum(view, at + 10, packet.ttl << 8, ttl << 8)
    view.setUint8(at + 8, ttl)
  } else view.setUint8(at + 7, ttl)
  packet.ttl = ttl
}

/** Sets the flags of TCP; the first 18 bytes of its header have to be there. */
export function setTcpFlags(packet: Packet, flags: number): void {
  const { view, transportOffset: at } = packet
  const before = view.getUint16(at + TCP_WORD)
  const after = (before & 0xff00) | flags
  view.setUint16(at + TCP_WORD, after)
  adjustChecksum(view, at + TCP_CHECKSUM, before, after)
  packet.tcpFlags = flags
}

/** Bytes that Linux takes an option to have where it looks for one; a length of 0 counts as 1. */
function optionStep(view: DataView, at: number): number {
  return view.getUint8(at) <= OPTION_NOP ? 1 : Math.max(view.getUint8(at + 1), 1)
}

/**
 * Where the option MSS of TCP stands in `bytes`, or -1. Looked for behind the end of the list too (tcpmss_mangle_packet).
 * All of the header has to be there.
 */
export function findMss(packet: Packet): number {
  const { view, transportOffset: start } = packet
  const last = start + packet.tcpHeaderLength - MSS_SIZE
  for (let at = start + 20; at <= last; at += optionStep(view, at)) {
    if (view.getUint8(at) === OPTION_MSS && view.getUint8(at + 1) === MSS_SIZE) return at
  }
  return -1
}

/** Sets the value of the option at `at`. Where that is odd, Linux leaves a wrong checksum, and so does this. */
export function setMss(packet: Packet, at: number, mss: number): void {
  const { view, transportOffset } = packet
  adjustChecksum(view, transportOffset + TCP_CHECKSUM, view.getUint16(at + 2), mss)
  view.setUint16(at + 2, mss)
}

/** Puts the option MSS in front of the others; 4 bytes behind the packet have to be free, and the header below 60. */
export function addMss(packet: Packet, mss: number): void {
  const { view, bytes, networkOffset, transportOffset: start } = packet
  bytes.copyWithin(start + 20 + MSS_SIZE, start + 20, packet.capturedEnd)
  const checksum = start + TCP_CHECKSUM
  const option = (OPTION_MSS << 24) | (MSS_SIZE << 16) | mss
  adjustChecksum(view, checksum, packet.transportLength, packet.transportLength + MSS_SIZE)
  view.setInt32(start + 20, option)
  adjustChecksum32(view, checksum, 0, option)
  const before = view.getUint16(start + TCP_WORD)
  const after = before + (1 << 12)
  view.setUint16(start + TCP_WORD, after)
  adjustChecksum(view, checksum, before, after)
  if (packet.family === FAMILY_IPV4) {
    const length = view.getUint16(networkOffset + 2)
    adjustChecksum(view, networkOffset + 10, length, length + MSS_SIZE)
    view.setUint16(networkOffset + 2, length + MSS_SIZE)
  } else view.setUint16(networkOffset + 4, view.getUint16(networkOffset + 4) + MSS_SIZE)
  packet.tcpHeaderLength += MSS_SIZE
  packet.length += MSS_SIZE
  packet.transportLength += MSS_SIZE
  packet.transportCaptured += MSS_SIZE
  packet.capturedEnd += MSS_SIZE
}

/**
 * Replaces options of TCP by padding, byte for byte (tcpoptstrip_mangle_packet). All of the header has to be there.
 *
 * @param kinds an entry for each kind of option, not 0 for those to replace
 */
export function stripOptions(packet: Packet, kinds: Uint8Array): void {
  const { view, bytes, transportOffset: start } = packet
  const end = start + packet.tcpHeaderLength
  for (let at = start + 20; at < end - 1; ) {
    const next = at + optionStep(view, at)
    if (next > end) break
    if (kinds[bytes[at]!] !== 0) {
      for (; at < next; at++) {
        const shift = ((at - start) & 1) === 0 ? 8 : 0
        adjustChecksum(view, start + TCP_CHECKSUM, bytes[at]! << shift, OPTION_NOP << shift)
        bytes[at] = OPTION_NOP
      }
    }
    at = next
  }
}
