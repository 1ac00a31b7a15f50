/** The way of the packets that are shown through the rules, and what LOG and TRACE write about them. */
import type { Firewall } from '../firewall/firewall.ts'
import { KernelTrace } from '../format/kernel-trace.ts'
import { logLine } from '../format/log-line.ts'
import type { PacketRecord } from '../replay/record.ts'
import { TraceRecorder } from '../replay/trace.ts'

/** Listens to a firewall; what it adds is about the packet that went through last. */
export class PacketTrace {
  readonly #rules: TraceRecorder | null
  readonly #kernel: KernelTrace | null
  #log: string[] = []

  constructor(firewall: Firewall, form: 'rules' | 'kernel' | null) {
    this.#rules = form === 'rules' ? new TraceRecorder(firewall) : null
    this.#kernel = form === 'kernel' ? new KernelTrace(firewall) : null
    firewall.onNote = (passage, note) => {
      if (note.kind === 'log') this.#log.push(logLine(note, passage, firewall.host.interfaces))
    }
  }

  /** Ahead of the next packet. */
  clear(): void {
    if (this.#log.length > 0) this.#log = []
  }

  /** Adds what there is to a record. */
  addTo(record: PacketRecord): void {
    if (this.#log.length > 0) record.log = this.#log
    if (this.#rules !== null) record.trace = this.#rules.steps
  }

  /** The lines of `-j TRACE`, where they were asked for. */
  get kernelLines(): readonly string[] | null {
    return this.#kernel?.lines ?? null
  }
}
