/** The fixed part of the transport header, as far as it is there. */
import { clearMessage, clearTransport } from './clear.ts'
import {
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './packet.ts'

/**
 * Fills `protocol` and the transport fields from `captured` bytes at `at`. What is not there stays 0: `transportLength` and
 * `transportCaptured` say whether the packet or the capture lacks it.
 */
export function decodeTransport(
  packet: Packet,
  view: DataView,
  protocol: number,
  at: number,
  captured: number,
): void {
  if (protocol === PROTOCOL_TCP && captured >= 20) {
    const ports = view.getInt32(at)
    packet.sourcePort = ports >>> 16
    packet.destinationPort = ports & 0xffff
    packet.sequence = view.getInt32(at + 4)
    packet.acknowledgment = view.getInt32(at + 8)
    const word = view.getInt32(at + 12)
    packet.tcpHeaderLength = (word >>> 26) & 0x3c
    packet.tcpFlags = (word >>> 16) & 0xff
    packet.window = word & 0xffff
    if (packet.protocol !== PROTOCOL_TCP) clearMessage(packet)
    packet.protocol = PROTOCOL_TCP
    return
  }
  packet.protocol = protocol
  clearTransport(packet)
  if (captured < 4) return
  switch (protocol) {
    case PROTOCOL_TCP:
      decodePorts(packet, view, at)
      if (captured >= 8) packet.sequence = view.getInt32(at + 4)
      if (captured >= 12) packet.acknowledgment = view.getInt32(at + 8)
      if (captured >= 13) packet.tcpHeaderLength = (view.getUint8(at + 12) >> 2) & 0x3c
      if (captured >= 14) packet.tcpFlags = view.getUint8(at + 13)
      if (captured >= 16) packet.window = view.getUint16(at + 14)
      break
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
      decodePorts(packet, view, at)
      if (captured >= 6) packet.udpLength = view.getUint16(at + 4)
      break
    case PROTOCOL_SCTP:
      decodePorts(packet, view, at)
      break
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      packet.icmpType = view.getUint8(at)
      packet.icmpCode = view.getUint8(at + 1)
      if (captured >= 6) packet.icmpId = view.getUint16(at + 4)
      break
  }
}

function decodePorts(packet: Packet, view: DataView, at: number): void {
  const ports = view.getInt32(at)
  packet.sourcePort = ports >>> 16
  packet.destinationPort = ports & 0xffff
}
