/** The way of the packets that are shown through the rules, as lines below them. */
import type { Firewall } from '../firewall/firewall.ts'
import { traceLines } from '../format/trace-text.ts'
import { TraceRecorder } from '../replay/trace.ts'

/** Listens to a firewall's walks; `lines` are those of the packet that went through it last. */
export class PacketTrace {
  readonly #recorder: TraceRecorder

  constructor(firewall: Firewall) {
    this.#recorder = new TraceRecorder(firewall)
  }

  lines(): string[] {
    return traceLines(this.#recorder.steps)
  }
}
