/**
 * Link-layer headers. Each function sets `etherType` (and what else the header tells) and returns the offset of
 * the network header, or −1 if the frame ends before it.
 */
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, type Packet } from './packet.ts'

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_IPV6 = 0x86dd

/** Below this the field is the length of an LLC frame (IEEE 802.3, 3.2.6). */
const LEAST_ETHERTYPE = 0x0600

function isTag(type: number): boolean {
  // 802.1Q; 802.1ad service tag; QinQ before its standard.
  return type === 0x8100 || type === 0x88a8 || type === 0x9100
}

/** Ethernet II with any number of VLAN tags; LLC gets EtherType 0. */
export function ethernetHeader(packet: Packet, view: DataView, start: number, end: number): number {
  if (end - start < 14) return -1
  const type = view.getUint16(start + 12)
  if (type === ETHERTYPE_IPV4) {
    if (packet.etherType !== type) packet.etherType = type
    return start + 14
  }
  return behindTags(packet, view, type, start + 14, end)
}

function behindTags(packet: Packet, view: DataView, first: number, start: number, end: number): number {
  let type = first
  let at = start
  while (isTag(type)) {
    if (end - at < 4) return -1
    type = view.getUint16(at + 2)
    at += 4
  }
  packet.etherType = type < LEAST_ETHERTYPE ? 0 : type
  return at
}

const ARPHRD_NETLINK = 824
const PACKET_OUTGOING = 4

function cookedDirection(type: number): number {
  return type === PACKET_OUTGOING ? DIRECTION_OUTGOING : DIRECTION_INCOMING
}

/** Linux cooked capture v1: packet type, device type, address, protocol; 16 bytes. */
export function cookedHeader(packet: Packet, view: DataView, start: number, end: number): number {
  if (end - start < 16) return -1
  packet.direction = cookedDirection(view.getUint16(start))
  // On a netlink tap the protocol field is a netlink family.
  const type = view.getUint16(start + 2) === ARPHRD_NETLINK ? 0 : view.getUint16(start + 14)
  return behindTags(packet, view, type, start + 16, end)
}

/** Linux cooked capture v2: protocol, interface index, device type, packet type, address; 20 bytes. */
export function cooked2Header(packet: Packet, view: DataView, start: number, end: number): number {
  if (end - start < 20) return -1
  packet.direction = cookedDirection(view.getUint8(start + 10))
  const index = view.getInt32(start + 4)
  if (packet.direction === DIRECTION_OUTGOING) packet.outInterface = index
  else packet.inInterface = index
  const type = view.getUint16(start + 8) === ARPHRD_NETLINK ? 0 : view.getUint16(start)
  return behindTags(packet, view, type, start + 20, end)
}

/**
 * BSD loopback: the protocol family as 32 bits, in the byte order of the machine that captured. Families are
 * small, so the order shows in the number itself. The EtherType of the family stands in for it.
 */
export function loopbackHeader(packet: Packet, view: DataView, start: number, end: number): number {
  if (end - start < 4) return -1
  const big = view.getUint32(start)
  packet.etherType = etherTypeOfFamily(big > 0xffff ? view.getUint32(start, true) : big)
  return start + 4
}

function etherTypeOfFamily(family: number): number {
  switch (family) {
    case 2:
      return ETHERTYPE_IPV4
    case 10: // Linux
    case 24: // NetBSD, OpenBSD
    case 28: // FreeBSD
    case 30: // macOS
      return ETHERTYPE_IPV6
    default:
      return 0
  }
}
