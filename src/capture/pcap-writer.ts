/** Classic pcap, version 2.4. */

import { PCAP_HEADER_LENGTH, PCAP_MAGIC_MICRO, PCAP_MAGIC_NANO } from './pcap.ts'
import type { PacketToWrite } from './writer.ts'

export interface PcapFormat {
  readonly precision: 'micro' | 'nano'
  readonly byteOrder: 'little' | 'big'
}

/** The file header. `snapLength` 0 is "no limit" to readers, but tools write 262144. */
export function pcapHeader(format: PcapFormat, linkType: number, snapLength = 262_144): Uint8Array {
  const little = format.byteOrder === 'little'
  const view = new DataView(new ArrayBuffer(PCAP_HEADER_LENGTH))
  view.setUint32(0, format.precision === 'nano' ? PCAP_MAGIC_NANO : PCAP_MAGIC_MICRO, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, 4, little)
  view.setUint32(16, snapLength, little)
  view.setUint32(20, linkType, little)
  return new Uint8Array(view.buffer)
}

/** One record. Seconds have 32 bits; microseconds drop what is finer. */
export function pcapRecord(
  format: PcapFormat,
  packet: Omit<PacketToWrite, 'interfaceIndex' | 'direction'>,
): Uint8Array {
  const little = format.byteOrder === 'little'
  const captured = packet.end - packet.start
  const bytes = new Uint8Array(16 + captured)
  const view = new DataView(bytes.buffer)
  const fraction = format.precision === 'nano' ? packet.nanoseconds : Math.floor(packet.nanoseconds / 1000)
  view.setUint32(0, packet.seconds, little)
  view.setUint32(4, fraction, little)
  view.setUint32(8, captured, little)
  view.setUint32(12, packet.originalLength, little)
  bytes.set(packet.bytes.subarray(packet.start, packet.end), 16)
  return bytes
}
