/** What reading costs without tracking: a bare walk of the record headers, and decoding on top of it. */
import { CaptureReader } from '../src/capture/reader.ts'
import { CaptureRecord } from '../src/capture/record.ts'
import { decodeFrame } from '../src/packet/decode.ts'
import { Packet } from '../src/packet/packet.ts'
import { Traffic } from './traffic.ts'

const RECORD_HEADER = 16

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

/** Reads and decodes each record as a replay does, into the same number of packets in turn. */
export class Decoding {
  readonly #reader = new CaptureReader()
  readonly #record = new CaptureRecord()
  readonly #packets = Array.from({ length: 32 }, () => new Packet())

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
      const packet = this.#packets[count++ & 31]!
      packet.file = record.file
      packet.frame = record.frame
      packet.seconds = record.seconds
      packet.nanoseconds = record.nanoseconds
      packet.interfaceIndex = record.interfaceIndex
      packet.direction = record.direction
      packet.frameStart = record.start
      packet.frameEnd = record.end
      packet.frameLength = record.originalLength
      decodeFrame(
        packet,
        record.view,
        record.bytes,
        record.start,
        record.end,
        record.originalLength,
        record.linkType,
      )
      sink ^= packet.source0 ^ packet.sequence ^ packet.sourcePort
    }
    return count
  }
}

export function used(): number {
  return sink
}
