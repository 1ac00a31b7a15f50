/** For tests: a firewall, and packets in words. */
import { Outcome } from '../conntrack/outcome.ts'
import { reasonData } from '../conntrack/reason.ts'
import { Settings } from '../conntrack/settings.ts'
import { ctstateOf, STATUS_ASSURED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import { Tracker, type TrackerOptions } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { EntryView } from '../conntrack/view.ts'
import { tableOf } from '../conntrack/view-entry.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { Firewall } from './firewall.ts'

export interface Seen {
  readonly ctstate: string | null
  readonly reasons: readonly string[]
  /** As the traces of the specification print it: `ESTABLISHED 300 [ASSURED]`, or `none`. */
  readonly entry: string
}

export interface BenchOptions extends TrackerOptions {
  readonly sysctls?: Readonly<Record<string, number>>
}

/** A firewall with a clock that only `wait` moves. */
export class Bench {
  readonly tracker: Tracker
  readonly firewall: Firewall
  readonly outcome = new Outcome()
  #seconds = 1_700_000_000

  constructor(options: BenchOptions = {}) {
    const settings = new Settings(options.linux)
    for (const [name, value] of Object.entries(options.sysctls ?? {})) settings.set(name, value)
    this.tracker = new Tracker({ checksums: 'verify', settings, ...options })
    this.firewall = new Firewall(this.tracker)
  }

  wait(seconds: number): void {
    this.#seconds += seconds
  }

  send(plan: PacketPlan): Seen {
    return this.sendBytes(buildPacket(plan))
  }

  /** `captured`: so many of the bytes are in the capture. */
  sendBytes(bytes: Uint8Array, captured = bytes.length, direction = 0): Seen {
    const { outcome } = this
    const packet = new Packet()
    packet.direction = direction
    packet.seconds = Math.floor(this.#seconds)
    packet.nanoseconds = Math.round((this.#seconds % 1) * 1e9)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, 0, captured, bytes.length)
    const tuple = new Tuple()
    this.firewall.prepare(packet, tuple)
    this.firewall.process(packet, tuple, outcome)
    return {
      ctstate: ctstateOf(outcome.ctinfo),
      reasons: reasonData(outcome.reasons).map((data) => data.code),
      entry: this.entries().map(describe).join(', ') || 'none',
    }
  }

  entries(): EntryView[] {
    this.tracker.setTime(Math.floor(this.#seconds), Math.round((this.#seconds % 1) * 1e9))
    return [...tableOf(this.tracker)]
  }
}

function describe(entry: EntryView): string {
  const words = entry.state === null ? [String(entry.timeout)] : [entry.state, String(entry.timeout)]
  if ((entry.status & STATUS_SEEN_REPLY) === 0) words.push('[UNREPLIED]')
  if ((entry.status & STATUS_ASSURED) !== 0) words.push('[ASSURED]')
  return words.join(' ')
}
