/** Link-layer framing around a built IP packet. */
import { type ByteSource, bytesOf, concatBytes } from './byte-source.ts'
import { FAMILY_IPV4, FAMILY_IPV6 } from './packet.ts'

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd

function isIPv6(packet: Uint8Array): boolean {
  return packet[0] !== undefined && packet[0] >> 4 === 6
}

function etherTypeOf(packet: Uint8Array): number {
  return isIPv6(packet) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4
}

function filled(length: number, fill: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(length)
  fill(new DataView(bytes.buffer), bytes)
  return bytes
}

export interface EthernetOptions {
  readonly source?: ByteSource
  readonly destination?: ByteSource
  /** Tags from the outside in; a number is the VLAN of an 802.1Q tag. */
  readonly vlans?: readonly (number | { readonly type: number; readonly id: number })[]
  readonly etherType?: number
  /** Padded with zeros to at least this length; 0 unless given. */
  readonly minimum?: number
}

/** Ethernet II. */
export function ethernet(payload: Uint8Array, options: EthernetOptions = {}): Uint8Array {
  const vlans = options.vlans ?? []
  const header = filled(14 + vlans.length * 4, (view, bytes) => {
    bytes.set(bytesOf(options.destination ?? [2, 0, 0, 0, 0, 2]))
    bytes.set(bytesOf(options.source ?? [2, 0, 0, 0, 0, 1]), 6)
    vlans.forEach((vlan, index) => {
      const tag = typeof vlan === 'number' ? { type: 0x8100, id: vlan } : vlan
      view.setUint16(12 + index * 4, tag.type)
      view.setUint16(14 + index * 4, tag.id)
    })
    view.setUint16(12 + vlans.length * 4, options.etherType ?? etherTypeOf(payload))
  })
  const padding = Math.max(0, (options.minimum ?? 0) - header.length - payload.length)
  return concatBytes([header, payload, new Uint8Array(padding)])
}

export interface CookedOptions {
  /** 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 sent by us. */
  readonly packetType?: number
  readonly etherType?: number
  /** Version 2 only. */
  readonly interfaceIndex?: number
}

/** Linux cooked capture, version 1 (LINKTYPE_LINUX_SLL). */
export function linuxCooked(payload: Uint8Array, options: CookedOptions = {}): Uint8Array {
  const header = filled(16, (view) => {
    view.setUint16(0, options.packetType ?? 0)
    view.setUint16(2, 1)
    view.setUint16(4, 6)
    view.setUint16(14, options.etherType ?? etherTypeOf(payload))
  })
  return concatBytes([header, payload])
}

/** Linux cooked capture, version 2 (LINKTYPE_LINUX_SLL2). */
export function linuxCooked2(payload: Uint8Array, options: CookedOptions = {}): Uint8Array {
  const header = filled(20, (view) => {
    view.setUint16(0, options.etherType ?? etherTypeOf(payload))
    view.setUint32(4, options.interfaceIndex ?? 1)
    view.setUint16(8, 1)
    view.setUint8(10, options.packetType ?? 0)
    view.setUint8(11, 6)
  })
  return concatBytes([header, payload])
}

/** BSD loopback: LINKTYPE_NULL in the byte order of the machine, LINKTYPE_LOOP always big-endian. */
export function bsdLoopback(
  payload: Uint8Array,
  options: { readonly family?: number; readonly littleEndian?: boolean } = {},
): Uint8Array {
  const family = options.family ?? (isIPv6(payload) ? 30 : 2)
  const header = filled(4, (view) => view.setUint32(0, family, options.littleEndian ?? false))
  return concatBytes([header, payload])
}

export interface NflogOptions {
  readonly hook?: number
  readonly mark?: number
  readonly inInterface?: number
  readonly outInterface?: number
  readonly prefix?: string
  /** Byte order of the machine that captured: of the TLVs' headers, not of their values. */
  readonly littleEndian?: boolean
}

/** Netfilter log (LINKTYPE_NFLOG): attributes with type and length, the packet the last of them. */
export function nflog(payload: Uint8Array, options: NflogOptions = {}): Uint8Array {
  const little = options.littleEndian ?? true
  const attribute = (type: number, value: Uint8Array) =>
    filled((4 + value.length + 3) & ~3, (view, bytes) => {
      view.setUint16(0, 4 + value.length, little)
      view.setUint16(2, type, little)
      bytes.set(value, 4)
    })
  const word = (value: number) => filled(4, (view) => view.setInt32(0, value))
  const parts: Uint8Array[] = [Uint8Array.of(isIPv6(payload) ? FAMILY_IPV6 : FAMILY_IPV4, 0, 0, 0)]
  const packetHeader = filled(4, (view) => {
    view.setUint16(0, isIPv6(payload) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4)
    view.setUint8(2, options.hook ?? 0)
  })
  parts.push(attribute(1, packetHeader))
  if (options.prefix !== undefined) parts.push(attribute(10, bytesOf(`${options.prefix}\0`)))
  if (options.mark !== undefined) parts.push(attribute(2, word(options.mark)))
  if (options.inInterface !== undefined) parts.push(attribute(4, word(options.inInterface)))
  if (options.outInterface !== undefined) parts.push(attribute(5, word(options.outInterface)))
  parts.push(attribute(9, payload))
  return concatBytes(parts)
}
