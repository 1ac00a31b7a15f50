/** A run of captures. */
import type { Outcome } from '../../src/conntrack/outcome.ts'
import type { Packet } from '../../src/packet/packet.ts'
import type { PacketRecord } from '../../src/replay/record.ts'
import type { Replay, ReplayObserver } from '../../src/replay/replay.ts'
import type { Run } from '../../src/run/run.ts'
import type { SourceRun } from './source.ts'

export class CaptureRun implements SourceRun {
  readonly #run: Run
  #replay: Replay | null = null
  onRules = () => {}

  constructor(run: Run) {
    this.#run = run
  }

  get tracker() {
    return this.#run.tracker
  }

  get firewall() {
    return this.#run.firewall
  }

  get names(): readonly string[] {
    return this.#run.capture.names
  }

  get interfaces() {
    return this.#run.capture.interfaces
  }

  get size(): number | null {
    return this.#run.size
  }

  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord {
    return this.#run.recordOf(packet, outcome, number)
  }

  async each(observer: ReplayObserver): Promise<void> {
    this.#replay = await this.#run.each(observer)
  }

  assumptions(): readonly string[] {
    return this.#assumptions().map(({ sentence }) => sentence)
  }

  #assumptions() {
    return this.#replay === null ? [] : this.#run.assumptionsOf(this.#replay)
  }

  whyEmpty(): string {
    const problem = this.#assumptions().find(({ code }) => code === 'capture-problem')
    return problem?.sentence ?? 'there is no packet in it'
  }

  played(): null {
    return null
  }
}
