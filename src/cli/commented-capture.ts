/** `--write`: the captured frames again, as pcapng, each with what became of it as a comment. `-` is standard output. */
import { closeSync, openSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { MergedCapture } from '../capture/merge.ts'
import { CommentedPcapng, frameOf } from '../format/commented-pcapng.ts'
import type { Packet } from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import { unwritable, wrongUse } from './failure.ts'
import { writeAll } from './output.ts'

/** Gathered before it is written. */
const BATCH = 1_048_576

export class CommentedCapture {
  readonly #writer: CommentedPcapng
  readonly #descriptor: number
  readonly #name: string
  #blocks: Uint8Array[] = []
  #size = 0

  /** @throws Failure where the file cannot be written, or is one of the inputs. */
  constructor(path: string, capture: MergedCapture) {
    this.#name = path === '-' ? 'standard output' : path
    this.#descriptor = path === '-' ? standardOutput() : open(path, capture.names)
    this.#writer = new CommentedPcapng(capture.interfaces, (block) => this.#add(block))
  }

  write(packet: Packet, record: () => PacketRecord): void {
    this.#writer.write(frameOf(packet), record())
  }

  /** Writes what was gathered. @throws Failure */
  flush(): void {
    const bytes = Buffer.concat(this.#blocks)
    this.#blocks = []
    this.#size = 0
    writeAll(this.#descriptor, bytes, this.#name)
  }

  /** @throws Failure */
  close(): void {
    this.flush()
    if (this.#descriptor === 1) return
    try {
      closeSync(this.#descriptor)
    } catch (error) {
      // Where a network's file system tells that the space was not enough.
      throw unwritable(this.#name, error)
    }
  }

  #add(block: Uint8Array): void {
    this.#blocks.push(block)
    this.#size += block.length
    if (this.#size > BATCH) this.flush()
  }
}

function standardOutput(): number {
  if (isatty(1)) throw wrongUse('--write -: standard output is a terminal; redirect it, or pipe it')
  return 1
}

function open(path: string, inputs: readonly string[]): number {
  for (const name of inputs) {
    if (name !== '-' && isSameFile(name, path)) throw wrongUse(`--write: ${path} is being read`)
  }
  try {
    return openSync(path, 'w')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT') throw wrongUse(`--write: ${path}: there is no such directory`)
    throw unwritable(`--write: ${path}`, error)
  }
}

function isSameFile(first: string, second: string): boolean {
  const a = statSync(first, { throwIfNoEntry: false })
  const b = statSync(second, { throwIfNoEntry: false })
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}
