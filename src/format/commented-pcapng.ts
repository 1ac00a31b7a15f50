/** Packets as pcapng, each with what became of it as a comment: what `replay --write` writes, block by block. */

import type { CaptureInterface } from '../capture/record.ts'
import { type PacketToWrite, pcapngInterface, pcapngPacket, pcapngSection } from '../capture/writer.ts'
import type { Packet } from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import { commentOf } from './comment.ts'

export class CommentedPcapng {
  readonly #interfaces: readonly CaptureInterface[]
  readonly #add: (block: Uint8Array) => void
  #known = 0

  /** `interfaces` may grow from packet to packet. `add` is called with each block, in their order. */
  constructor(interfaces: readonly CaptureInterface[], add: (block: Uint8Array) => void) {
    this.#interfaces = interfaces
    this.#add = add
    add(pcapngSection('sallyport'))
  }

  write(frame: PacketToWrite, record: PacketRecord): void {
    while (this.#known < this.#interfaces.length) this.#add(pcapngInterface(this.#interfaces[this.#known++]!))
    this.#add(pcapngPacket(frame, commentOf(record)))
  }
}

/** As it was captured. */
export function frameOf(packet: Packet): PacketToWrite {
  return {
    seconds: packet.seconds,
    nanoseconds: packet.nanoseconds,
    interfaceIndex: packet.interfaceIndex,
    direction: packet.direction,
    bytes: packet.frameBytes,
    start: packet.frameStart,
    end: packet.frameEnd,
    originalLength: packet.frameLength,
  }
}
