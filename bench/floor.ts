/** What reading costs without tracking: a bare walk of the record headers, and decoding on top of it. */
import { CaptureReader } from '../src/capture/reader.ts'
import { CaptureRecord } from '../src/capture/record.ts'
import { decodeRecord } from '../src/packet/decode.ts'
import { Packet } from '../src/packet/packet.ts'
import {
  ACKNOWLEDGMENT,
  CAPTURED_END,
  CHECKSUM,
  DESTINATION,
  DESTINATION_PORT,
  DONT_FRAGMENT,
  ETHER_TYPE,
  FIELDS,
  FRAME,
  FRAME_END,
  FRAME_LENGTH,
  FRAME_START,
  IDENTIFICATION,
  LENGTH,
  NANOSECONDS,
  NETWORK_OFFSET,
  PROTOCOL,
  RECORD_HEADER,
  SECONDS,
  SEQUENCE,
  SOURCE,
  SOURCE_PORT,
  TCP_FLAGS,
  TCP_HEADER_LENGTH,
  TCP_WINDOW,
  TOS,
  TRANSPORT_CAPTURED,
  TRANSPORT_LENGTH,
  TRANSPORT_OFFSET,
  TTL,
} from './fields.ts'
import { Traffic } from './traffic.ts'

/** Everything computed ends up here, so that no loop can be optimised away. */
let sink = 0

/** Reads the four words of each record header in a chunk of whole records. */
export function walk(chunk: Uint8Array): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let at = 0
  let packets = 0
  while (at + RECORD_HEADER <= chunk.length) {
    const length = view.getInt32(at + 8, true)
    sink ^= view.getInt32(at, true) ^ view.getInt32(at + 4, true) ^ view.getInt32(at + 12, true)
    at += RECORD_HEADER + length
    packets++
  }
  return packets
}

/** The same by the capture reader, which checks each header and keeps count. */
export class Reading {
  readonly #reader = new CaptureReader()
  readonly #record = new CaptureRecord()

  constructor() {
    this.#reader.feed(Traffic.fileHeader())
    this.#reader.next(this.#record)
  }

  run(chunk: Uint8Array): number {
    const reader = this.#reader
    const record = this.#record
    reader.feed(chunk)
    let count = 0
    while (reader.next(record)) {
      sink ^= record.start
      count++
    }
    return count
  }
}

/**
 * The floor: one loop that reads and checks the record headers, and decodes Ethernet, IPv4 with its header checksum and
 * TCP into the fields of a `Packet`. Nothing is left out that this traffic needs; whatever
 * else a capture may hold ends the loop.
 */
export class LeanDecoding {
  readonly #fields = new Int32Array(FIELDS)
  #frame = 0

  run(chunk: Uint8Array): number {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const fields = this.#fields
    const limit = chunk.length
    let frame = this.#frame
    let position = 0
    let packets = 0
    while (position + RECORD_HEADER <= limit) {
      const fraction = view.getInt32((position + 4) | 0, true)
      const captured = view.getInt32((position + 8) | 0, true)
      const original = view.getInt32((position + 12) | 0, true)
      const start = (position + RECORD_HEADER) | 0
      const end = (start + captured) | 0
      if (captured < 54 || end > limit || original < captured || fraction < 0 || fraction >= 1_000_000) break
      fields[FRAME] = frame = (frame + 1) | 0
      fields[SECONDS] = view.getInt32(position, true)
      fields[NANOSECONDS] = Math.imul(fraction, 1000)
      fields[FRAME_START] = start
      fields[FRAME_END] = end
      fields[FRAME_LENGTH] = original
      const etherType = view.getUint16((start + 12) | 0)
      if (etherType !== 0x0800) break
      fields[ETHER_TYPE] = etherType
      const network = (start + 14) | 0
      fields[NETWORK_OFFSET] = network
      fields[TRANSPORT_OFFSET] = (network + 20) | 0

      const word0 = view.getInt32(network)
      const length = word0 & 0xffff
      const room = (original - 14) | 0
      if (word0 >>> 24 !== 0x45 || length < 40 || length > room) break
      let sum = (word0 >>> 16) + length
      fields[LENGTH] = length
      fields[TOS] = (word0 >>> 16) & 0xff
      fields[TRANSPORT_LENGTH] = length - 20
      const there = (captured - 14) | 0
      // The lesser of the two without a branch, which padded frames would have mispredicted every other time.
      const padding = (there - length) | 0
      const held = (there - (padding & ~(padding >> 31))) | 0
      fields[CAPTURED_END] = (network + held) | 0
      fields[TRANSPORT_CAPTURED] = (held - 20) | 0
      const word1 = view.getInt32((network + 4) | 0)
      if ((word1 & 0x3fff) !== 0) break
      sum = (sum + (word1 >>> 16) + (word1 & 0xffff)) | 0
      fields[IDENTIFICATION] = word1 >>> 16
      fields[DONT_FRAGMENT] = (word1 >>> 14) & 1
      const word2 = view.getInt32((network + 8) | 0)
      const protocol = (word2 >>> 16) & 0xff
      if (protocol !== 6) break
      sum = (sum + (word2 >>> 16) + (word2 & 0xffff)) | 0
      fields[TTL] = word2 >>> 24
      fields[PROTOCOL] = protocol
      const source = view.getInt32((network + 12) | 0)
      sum = (sum + (source >>> 16) + (source & 0xffff)) | 0
      fields[SOURCE] = source
      const destination = view.getInt32((network + 16) | 0)
      sum = (sum + (destination >>> 16) + (destination & 0xffff)) | 0
      fields[DESTINATION] = destination
      sum = (sum & 0xffff) + (sum >>> 16)
      if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) break

      const ports = view.getInt32((network + 20) | 0)
      fields[SOURCE_PORT] = ports >>> 16
      fields[DESTINATION_PORT] = ports & 0xffff
      fields[SEQUENCE] = view.getInt32((network + 24) | 0)
      fields[ACKNOWLEDGMENT] = view.getInt32((network + 28) | 0)
      const word3 = view.getInt32((network + 32) | 0)
      fields[TCP_HEADER_LENGTH] = (word3 >>> 26) & 0x3c
      fields[TCP_FLAGS] = (word3 >>> 16) & 0xff
      fields[TCP_WINDOW] = word3 & 0xffff
      fields[CHECKSUM] = 0
      position = end
      packets++
    }
    this.#frame = frame
    sink ^= fields[SOURCE]! ^ fields[SEQUENCE]!
    return packets
  }
}

/** Reads and decodes each record as a replay does, into the same number of packets in turn. */
export class Decoding {
  readonly #reader = new CaptureReader()
  readonly #packets = Array.from({ length: 32 }, () => new Packet())

  constructor() {
    this.#reader.feed(Traffic.fileHeader())
    this.#reader.next(this.#packets[0]!.record)
  }

  run(chunk: Uint8Array): number {
    const reader = this.#reader
    const packets = this.#packets
    reader.feed(chunk)
    let count = 0
    for (;;) {
      const packet = packets[count & 31]!
      if (!reader.next(packet.record)) return count
      decodeRecord(packet)
      sink ^= packet.source0 ^ packet.sequence ^ packet.sourcePort
      count++
    }
  }
}

export function used(): number {
  return sink
}
