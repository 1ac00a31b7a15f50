/** `--write`: the captured frames again, as pcapng, each with what became of it as a comment. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import type { MergedCapture } from '../capture/merge.ts'
import { pcapngInterface, pcapngPacket, pcapngSection } from '../capture/writer.ts'
import { commentOf } from '../format/comment.ts'
import type { Packet } from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import { unreadable, wrongUse } from './failure.ts'

/** Gathered before it is written. */
const BATCH = 1_048_576

export class CommentedCapture {
  readonly #capture: MergedCapture
  readonly #descriptor: number
  #interfaces = 0
  #blocks: Uint8Array[] = []
  #size = 0

  /** @throws Failure where the file cannot be written, or is one of the inputs. */
  constructor(path: string, capture: MergedCapture) {
    this.#capture = capture
    for (const name of capture.names) {
      if (name !== '-' && isSameFile(name, path)) throw wrongUse(`--write: ${path} is being read`)
    }
    try {
      this.#descriptor = openSync(path, 'w')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'ENOENT') throw wrongUse(`--write: ${path}: there is no such directory`)
      throw unreadable(`--write: ${path}`, error)
    }
    this.#add(pcapngSection('sallyport'))
  }

  write(packet: Packet, record: () => PacketRecord): void {
    const { interfaces } = this.#capture
    while (this.#interfaces < interfaces.length) this.#add(pcapngInterface(interfaces[this.#interfaces++]!))
    this.#add(
      pcapngPacket(
        {
          seconds: packet.seconds,
          nanoseconds: packet.nanoseconds,
          interfaceIndex: packet.interfaceIndex,
          direction: packet.direction,
          bytes: packet.frameBytes,
          start: packet.frameStart,
          end: packet.frameEnd,
          originalLength: packet.frameLength,
        },
        commentOf(record()),
      ),
    )
  }

  close(): void {
    this.#flush()
    closeSync(this.#descriptor)
  }

  #add(block: Uint8Array): void {
    this.#blocks.push(block)
    this.#size += block.length
    if (this.#size > BATCH) this.#flush()
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#blocks)
    this.#blocks = []
    this.#size = 0
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
  }
}

function isSameFile(first: string, second: string): boolean {
  const a = statSync(first, { throwIfNoEntry: false })
  const b = statSync(second, { throwIfNoEntry: false })
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}
