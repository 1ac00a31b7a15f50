/**
 * pcapng in little-endian order with nanoseconds, block by block: a section header, an interface
 * description for each interface (before its first packet), then the packets.
 */

import { DIRECTION_INCOMING, DIRECTION_OUTGOING } from '../packet/packet.ts'
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_SECTION,
  BYTE_ORDER_MAGIC,
  OPTION_APPLICATION,
  OPTION_COMMENT,
  OPTION_INTERFACE_NAME,
  OPTION_PACKET_FLAGS,
  OPTION_TIME_RESOLUTION,
} from './pcapng-format.ts'
import type { CaptureInterface, CaptureRecord } from './record.ts'
import { writeNanosecondStamp } from './timestamp.ts'
import { encodeUtf8 } from './utf8.ts'

/** What is written of a packet; a `CaptureRecord` is one. */
export type PacketToWrite = Pick<
  CaptureRecord,
  'seconds' | 'nanoseconds' | 'interfaceIndex' | 'direction' | 'bytes' | 'start' | 'end' | 'originalLength'
>

/**
 * First block of a file (pcapng, Section Header Block). `application` is what Wireshark shows as the capturing program;
 * it is cut at 65,535 bytes of UTF-8.
 */
export function pcapngSection(application?: string): Uint8Array {
  const name = application === undefined ? null : optionText(application)
  const block = new Block(BLOCK_SECTION, 16, name === null ? 0 : optionSize(name.length))
  block.view.setUint32(8, BYTE_ORDER_MAGIC, true)
  block.view.setUint16(12, 1, true)
  // Section length: not stated, -1.
  block.view.setInt32(16, -1, true)
  block.view.setInt32(20, -1, true)
  if (name !== null) block.option(OPTION_APPLICATION, name)
  return block.finish()
}

/**
 * Interface Description Block, for time stamps in nanoseconds. Interfaces count from 0 in the order they are written:
 * `interfaceIndex` of the packets. `linkType` is LINKTYPE_*, `snapLength` bytes, 0 for no limit.
 */
export function pcapngInterface({
  name,
  linkType,
  snapLength,
}: Pick<CaptureInterface, 'name' | 'linkType' | 'snapLength'>): Uint8Array {
  const text = name === null ? null : optionText(name)
  const block = new Block(BLOCK_INTERFACE, 8, optionSize(1) + (text === null ? 0 : optionSize(text.length)))
  block.view.setUint16(8, linkType, true)
  block.view.setUint32(12, snapLength, true)
  if (text !== null) block.option(OPTION_INTERFACE_NAME, text)
  block.option(OPTION_TIME_RESOLUTION, Uint8Array.of(9))
  return block.finish()
}

/**
 * A packet (Enhanced Packet Block), with a comment if given: Wireshark shows it and filters by `frame.comment`. Comments
 * are cut at 65,535 bytes of UTF-8. Times before 1970 or after 2554 saturate.
 */
export function pcapngPacket(packet: PacketToWrite, comment?: string): Uint8Array {
  const captured = packet.end - packet.start
  const padded = (captured + 3) & ~3
  const text = comment === undefined ? null : optionText(comment)
  const direction =
    packet.direction === DIRECTION_INCOMING ? 1 : packet.direction === DIRECTION_OUTGOING ? 2 : 0
  const options = (text === null ? 0 : optionSize(text.length)) + (direction === 0 ? 0 : optionSize(4))
  const block = new Block(BLOCK_ENHANCED_PACKET, 20 + padded, options)
  block.view.setUint32(8, packet.interfaceIndex, true)
  writeNanosecondStamp(block.view, 12, packet.seconds, packet.nanoseconds)
  block.view.setUint32(20, captured, true)
  block.view.setUint32(24, packet.originalLength, true)
  block.bytes.set(packet.bytes.subarray(packet.start, packet.end), 28)
  if (direction !== 0) block.option(OPTION_PACKET_FLAGS, Uint8Array.of(direction, 0, 0, 0))
  if (text !== null) block.option(OPTION_COMMENT, text)
  return block.finish()
}

/** One block: type, length, fixed part, options, length. */
class Block {
  readonly bytes: Uint8Array
  readonly view: DataView
  #optionAt: number

  constructor(type: number, fixed: number, options: number) {
    // Where there are options, an end marker follows them.
    this.bytes = new Uint8Array(12 + fixed + (options === 0 ? 0 : options + 4))
    this.view = new DataView(this.bytes.buffer)
    this.view.setUint32(0, type, true)
    this.#optionAt = 8 + fixed
  }

  option(code: number, value: Uint8Array): void {
    this.view.setUint16(this.#optionAt, code, true)
    this.view.setUint16(this.#optionAt + 2, value.length, true)
    this.bytes.set(value, this.#optionAt + 4)
    this.#optionAt += optionSize(value.length)
  }

  finish(): Uint8Array {
    this.view.setUint32(4, this.bytes.length, true)
    this.view.setUint32(this.bytes.length - 4, this.bytes.length, true)
    return this.bytes
  }
}

function optionSize(length: number): number {
  return 4 + ((length + 3) & ~3)
}

/** An option's length has 16 bits; a longer text is cut between two characters. */
function optionText(text: string): Uint8Array {
  const bytes = encodeUtf8(text)
  let end = Math.min(bytes.length, 0xffff)
  if (end < bytes.length) while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}
