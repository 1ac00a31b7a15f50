/** What the programs of the examples share: a pcapng file of packets, one every 7 ms. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pcapngInterface, pcapngPacket, pcapngSection } from '../src/capture/writer.ts'
import { buildPacket, type PacketPlan } from '../src/packet/build.ts'
import { type EthernetOptions, ethernet } from '../src/packet/build-link.ts'
import { LINKTYPE_ETHERNET } from '../src/packet/link-type.ts'

/** 14 November 2023, 22:13:20 UTC. */
const START = 1_700_000_000

export class ExampleCapture {
  readonly #blocks: Uint8Array[]
  #milliseconds = 0

  constructor(application: string, interfaces: readonly string[]) {
    this.#blocks = [
      pcapngSection(application),
      ...interfaces.map((name) =>
        pcapngInterface({ name, linkType: LINKTYPE_ETHERNET, snapLength: 262_144 }),
      ),
    ]
  }

  /** Appends a packet, in the capture's interface of this number. */
  add(plan: PacketPlan, interfaceIndex = 0, link: EthernetOptions = {}): void {
    const bytes = ethernet(buildPacket(plan), link)
    this.#blocks.push(
      pcapngPacket({
        seconds: START + Math.floor(this.#milliseconds / 1000),
        nanoseconds: (this.#milliseconds % 1000) * 1_000_000,
        interfaceIndex,
        direction: 0,
        bytes,
        start: 0,
        end: bytes.length,
        originalLength: bytes.length,
      }),
    )
    this.pass(7)
  }

  pass(milliseconds: number): void {
    this.#milliseconds += milliseconds
  }

  /** The capture file's bytes. */
  get bytes(): Uint8Array {
    const file = new Uint8Array(this.#blocks.reduce((sum, block) => sum + block.length, 0))
    let at = 0
    for (const block of this.#blocks) {
      file.set(block, at)
      at += block.length
    }
    return file
  }

  /** Writes the file beside the program that is run, if that is the one of this URL. */
  writeBeside(url: string): void {
    const self = fileURLToPath(url)
    if (process.argv[1] === self) writeFileSync(self.replace(/\.ts$/, '.pcapng'), this.bytes)
  }
}
