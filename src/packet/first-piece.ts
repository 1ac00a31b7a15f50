/** Does the first piece of an IPv6 datagram hold all of its headers (RFC 8200, 4.5; ipv6frag_thdr_truncated)? */
import { extensionLength, HEADER_FRAGMENT, HEADER_NONE, isExtension } from './ipv6.ts'
import { type Packet, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from './packet.ts'

/**
 * False if the piece at offset 0 ends inside its transport header. Like the kernel it is content with a chain that
 * leads nowhere; and with headers that the capture lacks.
 */
export function firstPieceIsWhole(packet: Packet): boolean {
  if (packet.fragmentOffset !== 0) return true
  const view = packet.view
  const end = packet.transportOffset + packet.transportLength
  const capturedEnd = packet.transportOffset + packet.transportCaptured
  let at = packet.transportOffset
  let next = packet.protocol
  while (next === HEADER_NONE || isExtension(next)) {
    const needed = next === HEADER_FRAGMENT ? 4 : 2
    if (next === HEADER_NONE || capturedEnd - at < needed) return true
    if (next === HEADER_FRAGMENT && (view.getUint16(at + 2) & 0xfff8) !== 0) return true
    const size = extensionLength(next, view.getUint8(at + 1))
    next = view.getUint8(at)
    at += size
  }
  return at + transportHeader(next) <= end
}

/** 1 for protocols whose header is not known: at least something of it has to be there. */
function transportHeader(protocol: number): number {
  if (protocol === PROTOCOL_TCP) return 20
  return protocol === PROTOCOL_UDP || protocol === PROTOCOL_ICMPV6 ? 8 : 1
}
