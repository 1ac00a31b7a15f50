/**
 * pcapng (draft-ietf-opsawg-pcapng): a chain of blocks, each with its length in front and behind.
 * A length that cannot be ends the file; what is wrong inside a block costs that block only.
 */

import { DIRECTION_INCOMING, DIRECTION_OUTGOING, DIRECTION_UNKNOWN } from '../packet/packet.ts'
import type { ByteFeed } from './byte-feed.ts'
import { isKnownLinkType, linkTypeName } from './linktype.ts'
import { MAX_CAPTURED } from './pcap.ts'
import {
  BLOCK_CUSTOM,
  BLOCK_CUSTOM_NO_COPY,
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_JOURNAL,
  BLOCK_NAMES,
  BLOCK_PACKET,
  BLOCK_SECRETS,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
  BYTE_ORDER_MAGIC,
  OPTION_PACKET_FLAGS,
} from './pcapng-format.ts'
import { findOption, readInterface, type SectionInterface } from './pcapng-interface.ts'
import { keptText, type ProblemLog } from './problem-log.ts'
import type { CaptureInterface, CaptureRecord } from './record.ts'
import type { TimeScale } from './timestamp.ts'

/** A frame of MAX_CAPTURED and its options. libpcap draws its line at 16 MiB, too. */
const MAX_BLOCK = MAX_CAPTURED + 1024 * 1024

/** Interfaces kept of one file; a section that repeats those of the one before adds none. */
const MAX_INTERFACES = 65_536

/** Block types reported as unknown; a file made to grow this list is cut off. */
const MAX_UNKNOWN_TYPES = 100

/** The shortest block of each kind with fields that are read here. */
const SHORTEST_BLOCK = 12
const SHORTEST_SECTION = 28
const SHORTEST_PACKET = 32
const SHORTEST_SIMPLE_PACKET = 16

export class PcapngParser {
  frame = 0
  /** Whether the file header was read: the first section's. */
  opened = false

  readonly #feed: ByteFeed
  readonly #problems: ProblemLog
  readonly #interfaces: CaptureInterface[]
  readonly #unknownTypes = new Set<number>()
  /** Those of the section, by their number in it; null where the block was unreadable. */
  #section: (SectionInterface | null)[] = []
  #previousSection: (SectionInterface | null)[] = []
  #interfaceCount = 0
  #little = true
  /** Of the last packet; holds its time. */
  #lastScale: TimeScale | null = null

  /** The feed stands at a section header block's first byte. */
  constructor(feed: ByteFeed, problems: ProblemLog, interfaces: CaptureInterface[]) {
    this.#feed = feed
    this.#problems = problems
    this.#interfaces = interfaces
  }

  get timePrecision(): number {
    return this.#lastScale === null ? 6 : this.#lastScale.digits
  }

  /**
   * The way of nearly all records: a little-endian enhanced packet block (4.3), in one piece, nothing odd
   * about it. The rest is `#nextOdd`'s.
   */
  next(record: CaptureRecord): boolean {
    const feed = this.#feed
    const view = feed.view
    const at = feed.position
    if (at + SHORTEST_PACKET > feed.limit || !this.#little) return this.#nextOdd(record)
    const length = view.getInt32(at + 4, true)
    const end = at + length
    const id = view.getInt32(at + 8, true)
    // Signed: what is negative here is odd.
    const captured = view.getInt32(at + 20, true)
    const original = view.getInt32(at + 24, true)
    if (
      view.getInt32(at, true) !== BLOCK_ENHANCED_PACKET ||
      length < SHORTEST_PACKET ||
      (length & 3) !== 0 ||
      length > MAX_BLOCK ||
      end > feed.limit ||
      view.getInt32(end - 4, true) !== length ||
      id < 0 ||
      id >= this.#section.length ||
      captured < 0 ||
      captured > length - SHORTEST_PACKET ||
      original < captured
    ) {
      return this.#nextOdd(record)
    }
    const source = this.#section[id]!
    if (
      source === null ||
      !source.scale.convert(view.getInt32(at + 12, true), view.getInt32(at + 16, true))
    ) {
      return this.#nextOdd(record)
    }
    const start = at + 28
    this.#lastScale = source.scale
    record.frame = ++this.frame
    if (record.view !== view || record.interfaceIndex !== source.index) this.#introduce(record, source)
    record.seconds = source.scale.seconds
    record.nanoseconds = source.scale.nanoseconds
    record.direction = DIRECTION_UNKNOWN
    record.start = start
    record.end = start + captured
    record.originalLength = original
    const options = start + ((captured + 3) & ~3)
    if (options < end - 4) this.#readFlags(record, options, end - 4)
    feed.position = end
    return true
  }

  /**
   * Fills in what all records of this interface and chunk have alike. A record that holds this chunk's view,
   * which is this reader's own, and names the interface has them already.
   */
  #introduce(record: CaptureRecord, source: SectionInterface): void {
    record.bytes = this.#feed.bytes
    record.view = this.#feed.view
    record.file = this.#problems.file
    record.linkType = source.linkType
    record.interfaceIndex = source.index
    if (!source.linkTypeReported) this.#reportLinkType(source)
  }

  #nextOdd(record: CaptureRecord): boolean {
    const feed = this.#feed
    for (;;) {
      if (feed.limit - feed.position < SHORTEST_BLOCK && !feed.need(SHORTEST_BLOCK)) return false
      const type = feed.view.getUint32(feed.position, this.#little)
      if (type === BLOCK_SECTION && !this.#readByteOrder()) return false
      const little = this.#little
      const length = feed.view.getUint32(feed.position + 4, little)
      if (length < SHORTEST_BLOCK || (length & 3) !== 0 || length > MAX_BLOCK)
        return this.#refuseLength(type, length)
      if (feed.limit - feed.position < length && !feed.need(length)) return false
      const at = feed.position
      const trailer = feed.view.getUint32(at + length - 4, little)
      if (trailer !== length)
        return this.#refuse(`a block that begins with length ${length} ends with ${trailer}`)
      const isPacket = type === BLOCK_ENHANCED_PACKET || type === BLOCK_PACKET
      const found = isPacket
        ? this.#readPacket(record, type, at, length)
        : this.#readOther(record, type, at, length)
      if (!feed.closed) feed.position = at + length
      if (found) return true
    }
  }

  /** Enhanced packet block (4.3) and the obsolete packet block (appendix A), which differ in the interface's width. */
  #readPacket(record: CaptureRecord, type: number, at: number, length: number): boolean {
    const view = this.#feed.view
    const little = this.#little
    if (length < SHORTEST_PACKET)
      return this.#skip(`a packet block of ${length} bytes, at least ${SHORTEST_PACKET} expected`)
    const enhanced = type === BLOCK_ENHANCED_PACKET
    const id = enhanced ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little)
    const source = id < this.#section.length ? this.#section[id]! : null
    if (source === null) return this.#skip(`a packet of interface ${id}, which its section does not describe`)
    const captured = view.getUint32(at + 20, little)
    if (captured > length - SHORTEST_PACKET) {
      return this.#skip(
        `a frame of ${captured} bytes in a block that holds ${length - SHORTEST_PACKET} at most`,
      )
    }
    const scale = source.scale
    const inRange = scale.convert(view.getInt32(at + 12, little), view.getInt32(at + 16, little))
    this.#lastScale = scale
    this.#deliver(record, source, at + 28, captured, view.getUint32(at + 24, little))
    if (!inRange) this.#doubt('bad-record', 'a time beyond any calendar: taken as the last second of one')
    const options = at + 28 + ((captured + 3) & ~3)
    const end = at + length - 4
    if (options < end) this.#readFlags(record, options, end)
    return true
  }

  /** Simple packet block (4.4): no time, and what was captured follows from the snap length of interface 0. */
  #readSimplePacket(record: CaptureRecord, at: number, length: number): boolean {
    if (length < SHORTEST_SIMPLE_PACKET) return this.#skip(`a simple packet block of ${length} bytes`)
    const source = this.#section.length > 0 ? this.#section[0]! : null
    if (source === null) return this.#skip('a simple packet, but its section describes no interface')
    const original = this.#feed.view.getUint32(at + 8, this.#little)
    const snapLength = this.#interfaces[source.index]!.snapLength
    const expected = snapLength === 0 ? original : Math.min(original, snapLength)
    const captured = Math.min(expected, length - SHORTEST_SIMPLE_PACKET)
    this.#deliver(record, source, at + 12, captured, original)
    if (captured < expected) {
      this.#doubt(
        'bad-record',
        `a block that holds ${captured} bytes of a frame of ${expected}: taken as cut`,
      )
    }
    return true
  }

  #deliver(
    record: CaptureRecord,
    source: SectionInterface,
    start: number,
    captured: number,
    original: number,
  ): void {
    this.frame++
    record.frame = this.frame
    this.#introduce(record, source)
    // A simple packet has no time: it gets that of the packet before it.
    record.seconds = this.#lastScale === null ? 0 : this.#lastScale.seconds
    record.nanoseconds = this.#lastScale === null ? 0 : this.#lastScale.nanoseconds
    record.direction = DIRECTION_UNKNOWN
    record.start = start
    record.end = start + captured
    record.originalLength = original
    if (original < captured) {
      this.#doubt(
        'bad-record',
        `frame of ${original} bytes of which ${captured} were captured: taken as ${captured}`,
      )
      record.originalLength = captured
    }
  }

  #readFlags(record: CaptureRecord, options: number, end: number): void {
    const view = this.#feed.view
    const at = findOption(view, options, end, this.#little, OPTION_PACKET_FLAGS)
    if (at < 0) {
      this.#doubt('bad-block', 'an option that runs past its block: the frame is kept, the option is not')
      return
    }
    if (at === 0 || view.getUint16(at + 2, this.#little) < 4) return
    const direction = view.getUint32(at + 4, this.#little) & 3
    if (direction === 1) record.direction = DIRECTION_INCOMING
    else if (direction === 2) record.direction = DIRECTION_OUTGOING
  }

  #readOther(record: CaptureRecord, type: number, at: number, length: number): boolean {
    switch (type) {
      case BLOCK_SIMPLE_PACKET:
        return this.#readSimplePacket(record, at, length)
      case BLOCK_INTERFACE:
        this.#readInterface(at, length)
        return false
      case BLOCK_SECTION:
        this.#readSection(at, length)
        return false
      case BLOCK_NAMES:
      case BLOCK_STATISTICS:
      case BLOCK_JOURNAL:
      case BLOCK_SECRETS:
      case BLOCK_CUSTOM:
      case BLOCK_CUSTOM_NO_COPY:
        return false
      default:
        this.#reportUnknown(type)
        return false
    }
  }

  /** The byte order holds from the section header's own length field on. */
  #readByteOrder(): boolean {
    const { view, position } = this.#feed
    const magic = view.getUint32(position + 8, true)
    if (magic === BYTE_ORDER_MAGIC) this.#little = true
    else if (magic === 0x4d3c2b1a) this.#little = false
    else return this.#refuse(`a section header with byte-order mark 0x${magic.toString(16)}`)
    return true
  }

  #readSection(at: number, length: number): void {
    if (length < SHORTEST_SECTION) {
      this.#refuse(`a section header of ${length} bytes, at least ${SHORTEST_SECTION} expected`)
      return
    }
    const major = this.#feed.view.getUint16(at + 12, this.#little)
    const minor = this.#feed.view.getUint16(at + 14, this.#little)
    // 1.2 is 1.0 by another name (draft, 4.1).
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      const message = `pcapng version ${major}.${minor}: 1.0 can be read`
      this.#problems.add('unsupported-version', this.#feed.offset, this.frame, true, message)
      this.#feed.close()
      return
    }
    this.opened = true
    this.#previousSection = this.#section
    this.#section = []
  }

  #readInterface(at: number, length: number): void {
    const number = this.#section.length
    if (number >= MAX_INTERFACES) {
      this.#doubt('bad-block', `more than ${MAX_INTERFACES} interfaces in a section: this one is left out`)
      return
    }
    const earlier = number < this.#previousSection.length ? this.#previousSection[number]! : null
    const read = readInterface(this.#feed.view, this.#feed.bytes, at, length, this.#little)
    if (read === null) {
      this.#doubt('bad-block', `an interface block of ${length} bytes: its packets are left out`)
      this.#section.push(null)
      return
    }
    if (read.problem !== '') this.#doubt('bad-block', read.problem)
    const { name, linkType, snapLength, scale } = read
    const known = earlier === null ? undefined : this.#interfaces[earlier.index]
    // A file made of concatenated captures repeats its interfaces: they stay the same ones.
    const same =
      known !== undefined &&
      known.name === name &&
      known.linkType === linkType &&
      known.snapLength === snapLength &&
      known.timePrecision === scale.digits
    if (!same && this.#interfaceCount >= MAX_INTERFACES) {
      this.#doubt('bad-block', `more than ${MAX_INTERFACES} interfaces: the packets of this one are left out`)
      this.#section.push(null)
      return
    }
    const index = same ? earlier!.index : this.#interfaces.length
    if (!same) {
      const file = this.#problems.file
      this.#interfaces.push({ name, linkType, snapLength, file, timePrecision: scale.digits })
      this.#interfaceCount++
    }
    const linkTypeReported = isKnownLinkType(linkType) || (same && earlier!.linkTypeReported)
    this.#section.push({ index, linkType, scale, linkTypeReported })
  }

  #reportLinkType(source: SectionInterface): void {
    source.linkTypeReported = true
    const name = this.#interfaces[source.index]!.name ?? String(source.index)
    const message = `link type ${source.linkType} (${linkTypeName(source.linkType)}) of interface ${name} is not decoded`
    this.#problems.add('unknown-link-type', this.#feed.offset, this.frame, false, message)
  }

  #reportUnknown(type: number): void {
    if (this.#unknownTypes.has(type) || this.#unknownTypes.size >= MAX_UNKNOWN_TYPES) return
    this.#unknownTypes.add(type)
    this.#doubt('unknown-block', `blocks of type 0x${type.toString(16)} are skipped`)
  }

  #refuseLength(type: number, length: number): false {
    if (type === 0 && length === 0) return this.#refuse('zeros where a block should begin')
    if (length > MAX_BLOCK)
      return this.#refuse(`a block of ${length} bytes, more than the ${MAX_BLOCK} that are believed`)
    return this.#refuse(
      `a block of length ${length}: at least ${SHORTEST_BLOCK} and a multiple of 4 expected`,
    )
  }

  /** Nothing says where the next block would begin, so the file ends here. */
  #refuse(what: string): false {
    const message = `${what}; ${keptText(this.frame)}, the rest of the file is not read`
    this.#problems.add('bad-block', this.#feed.offset, this.frame, true, message)
    this.#feed.close()
    return false
  }

  #skip(what: string): false {
    this.#doubt('bad-record', `${what}: left out`)
    return false
  }

  #doubt(code: 'bad-record' | 'bad-block' | 'unknown-block', message: string): void {
    this.#problems.add(code, this.#feed.offset, this.frame, false, message)
  }
}
