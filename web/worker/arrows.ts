/** The packets of one connection, in their order, as the arrows of a sequence diagram. */
import { STATUS_CONFIRMED } from '../../src/conntrack/status.ts'
import { stateName } from '../../src/conntrack/view-entry.ts'
import { PROTOCOL_TCP } from '../../src/packet/packet.ts'
import type { Arrow, ArrowPage, ArrowsQuestion } from '../protocol.ts'
import { flowRow } from './flow-list.ts'
import { SIDE_NEITHER } from './packet-columns.ts'
import { ctstateAt, isOddReason, labelOf, reasonOf, verdictAt } from './packet-words.ts'
import type { Recorder } from './recorder.ts'

const ACK = 0x10

/** The connection that was asked for last. */
interface Chosen {
  readonly flow: number
  readonly packets: number
  /** Places of its packets in the columns. */
  readonly places: Int32Array
  /** First sequence number of each side; null where none was seen. */
  readonly bases: readonly [number | null, number | null]
}

export class Arrows {
  readonly #recorder: Recorder
  readonly #hz: number
  #chosen: Chosen | null = null

  constructor(recorder: Recorder, hz: number) {
    this.#recorder = recorder
    this.#hz = hz
  }

  page({ flow, from, count }: ArrowsQuestion): ArrowPage {
    const chosen = this.#choose(flow - 1)
    const shown = chosen.places.subarray(Math.max(0, from), from + count)
    return {
      row: flowRow(this.#recorder, flow - 1),
      total: chosen.places.length,
      arrows: Array.from(shown, (at) => this.#arrow(at, chosen)),
    }
  }

  #choose(flow: number): Chosen {
    const { packets, flows } = this.#recorder
    if (this.#chosen?.flow === flow && this.#chosen.packets === packets.count) return this.#chosen
    const places: number[] = []
    const last = flows.last.get(flow)
    for (let at = flows.first.get(flow) - 1; at < last; at++)
      if (packets.flow.get(at) === flow + 1) places.push(at)
    const bases: [number | null, number | null] = [null, null]
    for (const at of places) {
      const side = packets.side.get(at)
      if (side === SIDE_NEITHER || packets.protocol.get(at) !== PROTOCOL_TCP) continue
      if (bases[side as 0 | 1] === null) bases[side as 0 | 1] = packets.sequence.get(at)
      if (bases[0] !== null && bases[1] !== null) break
    }
    this.#chosen = { flow, packets: packets.count, places: Int32Array.from(places), bases }
    return this.#chosen
  }

  #arrow(at: number, { places, bases }: Chosen): Arrow {
    const recorder = this.#recorder
    const { packets } = recorder
    const side = packets.side.get(at) as 0 | 1 | 2
    const protocol = packets.protocol.get(at)
    const isTcp = protocol === PROTOCOL_TCP && side !== SIDE_NEITHER
    const relative = (number: number, base: number | null) => (base === null ? number : (number - base) >>> 0)
    const first = places[0]!
    const state = packets.state.get(at)
    const reason = packets.reason.get(at)
    const decider = packets.decider.get(at)
    const own = side === 1 ? 1 : 0
    return {
      packet: at + 1,
      after:
        packets.seconds.get(at) -
        packets.seconds.get(first) +
        (packets.nanoseconds.get(at) - packets.nanoseconds.get(first)) / 1e9,
      side,
      label: labelOf(recorder, at),
      sequence: isTcp ? relative(packets.sequence.get(at), bases[own]) : null,
      acknowledgment:
        isTcp && (packets.tcpFlags.get(at) & ACK) !== 0
          ? relative(packets.acknowledgment.get(at), bases[own ^ 1] ?? null)
          : null,
      payload: packets.payload.get(at),
      window: isTcp ? packets.window.get(at) : null,
      ctstate: ctstateAt(recorder, at),
      verdict: verdictAt(recorder, at),
      decidedBy: decider === 0 ? null : recorder.rules.nameOf(decider - 1),
      reason: reasonOf(reason),
      odd: isOddReason(reason),
      state: state === 0 ? null : stateName(protocol, state - 1),
      timeout:
        (packets.status.get(at) & STATUS_CONFIRMED) === 0
          ? null
          : Math.max(0, Math.floor(packets.remaining.get(at) / this.#hz)),
    }
  }
}
