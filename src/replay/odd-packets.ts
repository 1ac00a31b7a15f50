/** The packets out of the ordinary that a report shows: few of each kind, so that one flood does not hide the rest. */
import type { PacketRecord } from './record.ts'

/** Shown of one kind, and in all. */
const PER_KIND = 10
const IN_ALL = 60

export class OddPackets {
  readonly records: PacketRecord[] = []
  /** Those left out included. */
  total = 0
  readonly #byKind = new Map<string, number>()

  /** Adds a packet; `kind` is the code of its most telling reason. */
  add(kind: string, record: () => PacketRecord): void {
    this.total++
    const known = this.#byKind.get(kind) ?? 0
    if (known >= PER_KIND || this.records.length >= IN_ALL) return
    this.#byKind.set(kind, known + 1)
    this.records.push(record())
  }
}
