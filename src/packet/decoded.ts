/** For tests: a raw IP packet, decoded. */
import { decodeNetwork } from './decode.ts'
import { Packet } from './packet.ts'

/** Decodes `bytes`, of which only the first `captured` were recorded. */
export function decoded(bytes: Uint8Array, captured = bytes.length): Packet {
  const packet = new Packet()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  decodeNetwork(packet, view, bytes, 0, captured, bytes.length)
  return packet
}
