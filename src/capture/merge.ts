/** One or several capture files as one stream of records in the order of time. */

import { CaptureReader } from './reader.ts'
import { type CaptureInterface, type CaptureProblem, CaptureRecord } from './record.ts'
import { ChunkSource, type Chunks, type Decompressor } from './source.ts'

/** One of the captures that are merged: a pcap or pcapng file, gzip or not. */
export interface CaptureInput {
  /** What records and problems call it: a path, most often. It need not be unique. */
  readonly name: string
  /** Its bytes, in pieces of any size. */
  readonly chunks: Chunks
}

/** What reading a capture needs of its host. */
export interface CaptureOptions {
  /** Unpacks gzip (RFC 1952); without one, such a file is a `bad-gzip` problem. */
  readonly gunzip?: Decompressor
}

/** A file and, where several are merged, its earliest record that was not given out yet. */
interface MergeInput {
  readonly source: ChunkSource
  readonly reader: CaptureReader
  readonly head: CaptureRecord
}

/**
 * Merges captures by time as `mergecap` does: the file whose next record is the earliest goes first, the
 * first-named one on a tie; within a file the order stays, even where its time runs backwards.
 *
 * ```ts
 * import { createReadStream } from 'node:fs'
 * import { CaptureRecord, MergedCapture } from 'sallyport'
 *
 * const chunks = createReadStream('examples/first-look.pcapng')
 * const capture = new MergedCapture([{ name: 'first-look', chunks }])
 * const record = new CaptureRecord()
 * do {
 *   while (capture.next(record)) console.log(record.frame, record.end - record.start)
 * } while (await capture.fill())
 * ```
 *
 * The bytes of all records given out stay valid until the next `fill()`, whose start may overwrite them:
 * whoever batches records works the batch off when `next` returns false, before filling. Memory is a
 * chunk and a straddling record (16 MiB at most) a file. Nothing throws; problems are listed.
 */
export class MergedCapture {
  /** Over all files; `CaptureRecord.interfaceIndex` points in here. */
  readonly interfaces: readonly CaptureInterface[]
  /** Of all files in the order met: at most 100 a file, and its fatal one. */
  readonly problems: readonly CaptureProblem[]
  /** Names of the files, by `CaptureRecord.file`. */
  readonly names: readonly string[]

  readonly #inputs: readonly MergeInput[]
  /** The reader itself where there is one file: no look-ahead, no copy. */
  readonly #single: CaptureReader | null
  /** Inputs with a head, as a binary heap, the earliest first. */
  readonly #heap: MergeInput[] = []
  /** Inputs that want more bytes before their head is known, or have to be closed. */
  #waiting: MergeInput[]

  /** Reads nothing yet; that begins with `fill()`. */
  constructor(inputs: readonly CaptureInput[], options: CaptureOptions = {}) {
    const interfaces: CaptureInterface[] = []
    const problems: CaptureProblem[] = []
    const gunzip = options.gunzip ?? null
    this.#inputs = inputs.map(({ chunks }, file) => ({
      source: new ChunkSource(chunks, gunzip),
      reader: new CaptureReader({ file, interfaces, problems }),
      head: new CaptureRecord(),
    }))
    this.#waiting = [...this.#inputs]
    this.#single = this.#inputs.length === 1 ? this.#inputs[0]!.reader : null
    this.interfaces = interfaces
    this.problems = problems
    this.names = inputs.map(({ name }) => name)
  }

  /** Bytes taken from the inputs so far, packed where they are gzip: for progress against the size of the files. */
  get bytesRead(): number {
    return this.#inputs.reduce((sum, { source }) => sum + source.bytesRead, 0)
  }

  /** Problems met beyond those listed, in number. */
  get omittedProblems(): number {
    return this.#inputs.reduce((sum, { reader }) => sum + reader.omittedProblems, 0)
  }

  /** Fills `record` with the next packet; false when `fill()` has to come first. */
  next(record: CaptureRecord): boolean {
    return this.#single !== null ? this.#single.next(record) : this.#nextOfMany(record)
  }

  #nextOfMany(record: CaptureRecord): boolean {
    if (this.#waiting.length > 0 || this.#heap.length === 0) return false
    const input = this.#heap[0]!
    copyRecord(input.head, record)
    if (!input.reader.next(input.head)) {
      this.#waiting.push(input)
      const last = this.#heap.pop()!
      if (last === input) return true
      this.#heap[0] = last
    }
    this.#siftDown()
    return true
  }

  /** Gets more input for the files that want it. False when everything was given out. */
  async fill(): Promise<boolean> {
    if (this.#single !== null) {
      if (this.#single.finished) {
        await this.#inputs[0]!.source.close()
        return false
      }
      await refill(this.#inputs[0]!)
      return true
    }
    const waiting = this.#waiting
    for (const input of waiting) {
      // Until its head is known: the others' order depends on it.
      let found = input.reader.next(input.head)
      while (!found && !input.reader.finished) {
        await refill(input)
        found = input.reader.next(input.head)
      }
      if (found) this.#siftUp(input)
      else await input.source.close()
    }
    this.#waiting = []
    return this.#heap.length > 0
  }

  /** Lets the inputs close their files; for who stops before the end. */
  async close(): Promise<void> {
    for (const { source } of this.#inputs) await source.close()
  }

  /** The records as an async iterable of one record that is reused: copy what is to outlive the loop's body. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CaptureRecord, void> {
    const record = new CaptureRecord()
    try {
      do {
        while (this.next(record)) yield record
      } while (await this.fill())
    } finally {
      await this.close()
    }
  }

  #siftUp(input: MergeInput): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(input)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isEarlier(input.head, heap[parent]!.head)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = input
  }

  #siftDown(): void {
    const heap = this.#heap
    const input = heap[0]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!.head, heap[child]!.head)) child++
      if (!isEarlier(heap[child]!.head, input.head)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = input
  }
}

/**
 * Reads one capture from start to end as one record that is reused. Problems go to `onProblem` as they come up;
 * without one they are lost, and `MergedCapture`, which lists them, is the better choice. Nothing throws.
 *
 * ```ts
 * import { createReadStream } from 'node:fs'
 * import { readCapture } from 'sallyport'
 *
 * const chunks = createReadStream('examples/first-look.pcapng')
 * for await (const record of readCapture(chunks)) console.log(record.frame, record.originalLength)
 * ```
 */
export async function* readCapture(
  chunks: Chunks,
  options: CaptureOptions & { readonly onProblem?: (problem: CaptureProblem) => void } = {},
): AsyncGenerator<CaptureRecord, void> {
  const capture = new MergedCapture([{ name: '', chunks }], options)
  let told = 0
  const tell = () => {
    for (; told < capture.problems.length; told++) options.onProblem?.(capture.problems[told]!)
  }
  for await (const record of capture) {
    if (told < capture.problems.length) tell()
    yield record
  }
  tell()
}

async function refill({ source, reader }: MergeInput): Promise<void> {
  const chunk = await source.pull()
  if (chunk !== null) reader.feed(chunk)
  else if (source.failure !== null) reader.fail(source.failure.code, source.failure.message)
  else reader.end()
}

function isEarlier(a: CaptureRecord, b: CaptureRecord): boolean {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds
  if (a.nanoseconds !== b.nanoseconds) return a.nanoseconds < b.nanoseconds
  return a.file < b.file
}

function copyRecord(from: CaptureRecord, to: CaptureRecord): void {
  to.file = from.file
  to.frame = from.frame
  to.seconds = from.seconds
  to.nanoseconds = from.nanoseconds
  to.linkType = from.linkType
  to.interfaceIndex = from.interfaceIndex
  to.direction = from.direction
  if (to.view !== from.view) {
    to.bytes = from.bytes
    to.view = from.view
  }
  to.start = from.start
  to.end = from.end
  to.originalLength = from.originalLength
}
