import { internetChecksum } from '../../src/packet/checksum.ts'

const EXTENSIONS = new Set([0, 43, 51, 60])
const FRAGMENT = 44

/**
 * The packet with its fragment identification changed by `salt`: pieces that an earlier run of the same case left in
 * the kernel then wait for others. Whole packets come back as they are.
 */
export function saltFragment(packet: Uint8Array, salt: number): Uint8Array {
  if (packet[0]! >> 4 === 6) return saltSix(packet, salt)
  const header = (packet[0]! & 15) * 4
  const fragment = packet.length >= 20 && ((packet[6]! & 0x3f) | packet[7]!) !== 0
  if (packet[0]! >> 4 !== 4 || !fragment || header < 20 || packet.length < header) return packet
  if (internetChecksum(new DataView(packet.buffer, packet.byteOffset), 0, header) !== 0) return packet
  const bytes = packet.slice()
  const view = new DataView(bytes.buffer)
  view.setUint16(4, view.getUint16(4) ^ salt)
  view.setUint16(10, 0)
  view.setUint16(10, internetChecksum(view, 0, header))
  return bytes
}

function saltSix(packet: Uint8Array, salt: number): Uint8Array {
  let next = packet[6]
  let at = 40
  while (next !== undefined && EXTENSIONS.has(next) && at + 8 <= packet.length) {
    const length = next === 51 ? (packet[at + 1]! + 2) * 4 : (packet[at + 1]! + 1) * 8
    next = packet[at]
    at += length
  }
  if (next !== FRAGMENT || at + 8 > packet.length) return packet
  const bytes = packet.slice()
  const view = new DataView(bytes.buffer)
  view.setInt32(at + 4, view.getInt32(at + 4) ^ salt)
  return bytes
}
