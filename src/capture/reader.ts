/** Capture files by their bytes: pcap or pcapng, whatever the size of the chunks they come in. */

import { ByteFeed } from './byte-feed.ts'
import { PCAP_HEADER_LENGTH, PcapParser, sniffPcap } from './pcap.ts'
import { PcapngParser } from './pcapng.ts'
import { BLOCK_SECTION } from './pcapng-format.ts'
import { keptText, ProblemLog } from './problem-log.ts'
import type { CaptureInterface, CaptureProblem, CaptureRecord } from './record.ts'

export interface CaptureReaderOptions {
  /** Number of the file, for records and problems. 0 unless given. */
  readonly file?: number
  /** Lists to append to, where several readers share them. */
  readonly interfaces?: CaptureInterface[]
  readonly problems?: CaptureProblem[]
}

/**
 * Push parser of one capture file; allocates nothing per record and never throws.
 *
 * ```ts
 * const reader = new CaptureReader()
 * const record = new CaptureRecord()
 * for (const chunk of chunks) {
 *   reader.feed(chunk)
 *   while (reader.next(record)) use(record)
 * }
 * reader.end()
 * while (reader.next(record)) use(record) // nothing, but reports a truncated last record
 * ```
 *
 * A record's bytes are a view into the chunk itself. They, and those of the records before, stay valid
 * until the next `feed` (and longer only for who keeps the chunk unchanged and reads no straddling record).
 */
export class CaptureReader {
  /** In the order the file names them; `CaptureRecord.interfaceIndex` points in here. */
  readonly interfaces: readonly CaptureInterface[]
  /** The first 100 of the file, and the fatal one if any. */
  readonly problems: readonly CaptureProblem[]

  readonly #feed = new ByteFeed()
  readonly #log: ProblemLog
  readonly #interfaceList: CaptureInterface[]
  #parser: PcapParser | PcapngParser | null = null
  #format: 'pcap' | 'pcapng' | null = null
  #finished = false
  #failure: { code: 'bad-gzip' | 'read-error'; message: string } | null = null

  constructor(options: CaptureReaderOptions = {}) {
    this.#interfaceList = options.interfaces ?? []
    this.#log = new ProblemLog(options.file ?? 0, options.problems ?? [])
    this.interfaces = this.#interfaceList
    this.problems = this.#log.list
  }

  /** Null until the first bytes told. */
  get format(): 'pcap' | 'pcapng' | null {
    return this.#format
  }

  /** Decimal digits of a second, 0–9, in the time of the last record's interface. */
  get timePrecision(): number {
    return this.#parser === null ? 6 : this.#parser.timePrecision
  }

  /** Problems met beyond those listed. */
  get omittedProblems(): number {
    return this.#log.omitted
  }

  /** Frames read. */
  get frame(): number {
    return this.#parser === null ? 0 : this.#parser.frame
  }

  /** No record will come any more: the end was reached, or a fatal problem. */
  get finished(): boolean {
    return this.#finished
  }

  /**
   * Gives more of the file. Call it when `next` has returned false; sooner it works, but copies what is
   * unread. The chunk must stay unchanged for as long as its records are used.
   */
  feed(chunk: Uint8Array): void {
    this.#feed.feed(chunk)
  }

  /** Says that the file ends here. */
  end(): void {
    this.#feed.end()
  }

  /** Fills `record` with the next frame; false when more input is needed, or none will come. */
  next(record: CaptureRecord): boolean {
    if (this.#parser?.next(record)) return true
    return this.#pause(record)
  }

  /** Says that the file breaks off here for a problem of the stream under it. What was fed before is kept. */
  fail(code: 'bad-gzip' | 'read-error', message: string): void {
    this.#failure = { code, message }
    this.#feed.end()
  }

  #pause(record: CaptureRecord): boolean {
    if (this.#finished) return false
    if (this.#parser === null && this.#sniff()) return this.next(record)
    if (this.#feed.closed) this.#finished = true
    else if (this.#feed.ended) this.#finish()
    return false
  }

  #sniff(): boolean {
    const feed = this.#feed
    if (!feed.need(4)) return false
    const magic = feed.view.getUint32(feed.position, true)
    if (magic === BLOCK_SECTION) {
      this.#format = 'pcapng'
      this.#parser = new PcapngParser(feed, this.#log, this.#interfaceList)
    } else if (sniffPcap(magic) !== null) {
      this.#format = 'pcap'
      if (!feed.need(PCAP_HEADER_LENGTH)) return false
      this.#parser = new PcapParser(feed, this.#log, this.#interfaceList)
    } else {
      this.#log.add('not-a-capture', 0, 0, true, `${nameOf(magic)}; pcap or pcapng expected`)
      feed.close()
      return false
    }
    return true
  }

  #finish(): void {
    this.#finished = true
    const { offset, remaining } = this.#feed
    if (this.#failure !== null) {
      // It explains a record cut short; that needs no report of its own.
      this.#log.add(this.#failure.code, offset + remaining, this.frame, true, this.#failure.message)
    } else if (this.#parser === null || !this.#parser.opened) {
      const message =
        remaining === 0 ? 'the file is empty' : `the file ends inside its header, after ${remaining} bytes`
      this.#log.add('truncated-header', 0, 0, true, message)
    } else if (remaining > 0) {
      const message = `the file ends ${remaining} bytes into a record: ${keptText(this.frame)}`
      this.#log.add('truncated-record', offset, this.frame, false, message)
    }
  }
}

/** What a file is that begins with these four bytes (read in little-endian order), as far as people mix it up. */
function nameOf(magic: number): string {
  if ((magic & 0xffff) === 0x8b1f) return 'gzip data inside, or not unpacked'
  if ((magic & 0xffffff) === 0x685a42) return 'bzip2 data: unpack it first'
  switch (magic) {
    case 0xfd2fb528:
      return 'zstd data: unpack it first'
    case 0x587a37fd:
      return 'xz data: unpack it first'
    case 0x184d2204:
      return 'lz4 data: unpack it first'
    case 0x6f6f6e73:
      return 'a snoop capture: convert it with editcap'
    case 0:
      return 'a file that begins with zeros'
    default:
      return `a file that begins with the bytes ${bytesText(magic)}`
  }
}

/** The four bytes of a little-endian word, in the file's order. */
function bytesText(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 0xff).toString(16).padStart(2, '0')).join(' ')
}
