/** Classic pcap (draft-ietf-opsawg-pcap), with the variants that libpcap reads. */

import { DIRECTION_UNKNOWN } from '../packet/packet.ts'
import type { ByteFeed } from './byte-feed.ts'
import { isKnownLinkType, linkTypeName } from './linktype.ts'
import { keptText, type ProblemLog } from './problem-log.ts'
import type { CaptureInterface, CaptureRecord } from './record.ts'
import { smallInteger } from './timestamp.ts'

/**
 * Longest frame believed, 16 MiB. tcpdump and Wireshark draw the line at 256 KiB, which captures of
 * offloaded segments may exceed (IPv6 jumbograms of BIG TCP); the line only keeps a lying length from claiming memory.
 */
export const MAX_CAPTURED = 16 * 1024 * 1024

export const PCAP_MAGIC_MICRO = 0xa1b2c3d4
export const PCAP_MAGIC_NANO = 0xa1b23c4d
/** Kuznetzov's patched libpcap: eight more bytes in each record header. */
export const PCAP_MAGIC_MODIFIED = 0xa1b2cd34
export const PCAP_HEADER_LENGTH = 24

/** Whether the first four bytes, read in little-endian order, begin a pcap file; if so, in which byte order. */
export function sniffPcap(magic: number): 'little' | 'big' | null {
  switch (magic) {
    case PCAP_MAGIC_MICRO:
    case PCAP_MAGIC_NANO:
    case PCAP_MAGIC_MODIFIED:
      return 'little'
    case 0xd4c3b2a1:
    case 0x4d3cb2a1:
    case 0x34cdb2a1:
      return 'big'
    default:
      return null
  }
}

// Order of the two lengths in a record header, by the file's version (libpcap, sf-pcap.c).
const CAPTURED_FIRST = 0
const ORIGINAL_FIRST = 1 // before 2.3
const SMALLER_IS_CAPTURED = 2 // 2.3: writers disagreed

export class PcapParser {
  frame = 0
  readonly timePrecision: number
  /** The file header was read, or there would be no parser. */
  readonly opened = true

  readonly #feed: ByteFeed
  readonly #problems: ProblemLog
  readonly #little: boolean
  readonly #headerLength: number
  readonly #nanosecondsPerUnit: number
  readonly #unitsPerSecond: number
  readonly #lengthOrder: number
  /** Longest frame that `next` takes itself: none where the byte order or that of the lengths is another. */
  readonly #plainLimit: number
  readonly #linkType: number
  readonly #interfaceIndex: number
  #linkTypeReported: boolean

  /** The feed stands at the file header, in one piece; afterwards at the first record. */
  constructor(feed: ByteFeed, problems: ProblemLog, interfaces: CaptureInterface[]) {
    const { view, position } = feed
    const little = sniffPcap(view.getUint32(position, true)) === 'little'
    const magic = view.getUint32(position, little)
    const major = view.getUint16(position + 4, little)
    const minor = view.getUint16(position + 6, little)
    const nano = magic === PCAP_MAGIC_NANO
    this.#feed = feed
    this.#problems = problems
    this.#little = little
    this.#headerLength = magic === PCAP_MAGIC_MODIFIED ? 24 : 16
    this.#nanosecondsPerUnit = nano ? 1 : 1000
    this.#unitsPerSecond = nano ? 1_000_000_000 : 1_000_000
    this.timePrecision = nano ? 9 : 6
    this.#lengthOrder = minor < 3 ? ORIGINAL_FIRST : minor === 3 ? SMALLER_IS_CAPTURED : CAPTURED_FIRST
    this.#plainLimit = little && this.#lengthOrder === CAPTURED_FIRST ? MAX_CAPTURED : 0
    // Above the 26 bits of the link type: whether frames end in a check sequence, and its length.
    this.#linkType = view.getUint32(position + 20, little) & 0x03ff_ffff
    this.#linkTypeReported = isKnownLinkType(this.#linkType)
    this.#interfaceIndex = interfaces.length
    if (major !== 2 || minor > 4) {
      const message = `pcap version ${major}.${minor}: 2.0 to 2.4 can be read`
      problems.add('unsupported-version', feed.offset + 4, 0, true, message)
      feed.close()
      return
    }
    interfaces.push({
      name: null,
      linkType: this.#linkType,
      snapLength: view.getUint32(position + 16, little),
      file: problems.file,
      timePrecision: this.timePrecision,
    })
    feed.position = position + PCAP_HEADER_LENGTH
  }

  /**
   * The way of nearly all records: little-endian, in one piece, nothing odd about them, not the first of a
   * chunk. The rest is `#nextOdd`'s, which alone would take twice the time (Node 20: 15 ns a record, not 7).
   */
  next(record: CaptureRecord): boolean {
    const view = this.#feed.view
    const feed = this.#feed
    const position = feed.position
    const start = position + this.#headerLength
    // A record that holds this chunk's view, which is this reader's own, has what all of them have alike.
    if (start > feed.limit || record.view !== view) return this.#nextOdd(record)
    // Signed: what is negative here is odd.
    const fraction = view.getInt32(position + 4, true)
    const captured = view.getInt32(position + 8, true)
    const original = view.getInt32(position + 12, true)
    const end = start + captured
    if (
      captured <= 0 ||
      captured > this.#plainLimit ||
      end > feed.limit ||
      original < captured ||
      fraction < 0 ||
      fraction >= this.#unitsPerSecond
    ) {
      return this.#nextOdd(record)
    }
    record.frame = ++this.frame
    record.seconds = view.getInt32(position, true) >>> 0
    record.nanoseconds = Math.imul(fraction, this.#nanosecondsPerUnit)
    record.start = start
    record.end = end
    record.originalLength = original
    // What was decoded from the record's last frame may have said it.
    record.direction = DIRECTION_UNKNOWN
    feed.position = end
    return true
  }

  #nextOdd(record: CaptureRecord): boolean {
    const feed = this.#feed
    const little = this.#little
    const headerLength = this.#headerLength
    if (!feed.need(headerLength)) return false
    const { view, position } = feed
    let seconds = view.getUint32(position, little)
    let fraction = view.getUint32(position + 4, little)
    let captured = view.getUint32(position + 8, little)
    let original = view.getUint32(position + 12, little)
    if (
      this.#lengthOrder === ORIGINAL_FIRST ||
      (this.#lengthOrder === SMALLER_IS_CAPTURED && captured > original)
    ) {
      const first = captured
      captured = original
      original = first
    }
    if (captured > MAX_CAPTURED) {
      return this.#refuse(`a record of ${captured} bytes, more than the ${MAX_CAPTURED} that are believed`)
    }
    // Sixteen zeros would pass for an empty frame of 1970, for ever: a preallocated file, or a hole in one.
    if (original === 0 && captured === 0 && seconds === 0 && fraction === 0) {
      return this.#refuse('zeros where a record should begin')
    }
    if (!feed.need(headerLength + captured)) return false
    this.frame++
    if (original < captured) {
      this.#doubt(`frame of ${original} bytes of which ${captured} were captured: taken as ${captured}`)
      original = captured
    }
    if (fraction >= this.#unitsPerSecond) {
      this.#doubt(`${fraction} parts of a second, below ${this.#unitsPerSecond} expected: carried over`)
      seconds = smallInteger(seconds + Math.floor(fraction / this.#unitsPerSecond))
      fraction %= this.#unitsPerSecond
    }
    if (!this.#linkTypeReported) this.#reportLinkType()
    record.bytes = feed.bytes
    record.view = feed.view
    record.file = this.#problems.file
    record.linkType = this.#linkType
    record.interfaceIndex = this.#interfaceIndex
    record.direction = DIRECTION_UNKNOWN
    record.frame = this.frame
    record.seconds = seconds
    record.nanoseconds = fraction * this.#nanosecondsPerUnit
    record.start = feed.position + headerLength
    record.end = record.start + captured
    record.originalLength = original
    feed.position = record.end
    return true
  }

  /** A record that cannot be: nothing says where the next one would begin, so the file ends here. */
  #refuse(what: string): false {
    const message = `${what}; ${keptText(this.frame)}, the rest of the file is not read`
    this.#problems.add('bad-record', this.#feed.offset, this.frame, true, message)
    this.#feed.close()
    return false
  }

  #doubt(what: string): void {
    this.#problems.add('bad-record', this.#feed.offset, this.frame, false, what)
  }

  #reportLinkType(): void {
    this.#linkTypeReported = true
    const message = `link type ${this.#linkType} (${linkTypeName(this.#linkType)}) is not decoded`
    this.#problems.add('unknown-link-type', this.#feed.offset, this.frame, false, message)
  }
}
