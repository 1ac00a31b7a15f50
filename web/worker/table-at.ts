/**
 * The state table behind any packet, made of the columns: an entry is what its connection's last packet up to there left it as, unless
 * its time is over by then, or a packet ended it. That is one pass over the packets, so no snapshots of the tracker are kept.
 */

import { PROTOCOL_IPV6_BIT } from '../../src/conntrack/entry.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import type { EntryView } from '../../src/conntrack/view.ts'
import { stateName, viewTuple } from '../../src/conntrack/view-entry.ts'
import { conntrackText } from '../../src/format/conntrack.ts'
import type { TablePage, TableQuestion, TableRow } from '../protocol.ts'
import type { Recorder } from './recorder.ts'

/** References are not kept: `use=` is left out. */
const ITEMS = { timeout: true, state: true, mark: true, use: false }

/** What was answered last, since one moment is asked for page by page. */
interface Moment {
  readonly packet: number
  readonly packets: number
  /** Connections with an entry, the oldest first, each with its last packet's place. */
  readonly flows: Int32Array
  readonly places: Int32Array
}

export class TableAt {
  readonly #recorder: Recorder
  readonly #hz: number
  #moment: Moment | null = null
  readonly #tuple = new Tuple()

  constructor(recorder: Recorder, hz: number) {
    this.#recorder = recorder
    this.#hz = hz
  }

  page({ packet, from, count }: TableQuestion): TablePage {
    const { flows, places } = this.#at(packet)
    const rows: TableRow[] = []
    for (let i = Math.max(0, from); i < Math.min(flows.length, from + count); i++) {
      const flow = flows[i]!
      const place = places[i]!
      const changed =
        place !== packet - 1 ? null : this.#recorder.flows.born.get(flow) === packet ? 'new' : 'updated'
      rows.push({ flow: flow + 1, line: this.#line(flow, place, packet - 1), changed })
    }
    return { packet, total: flows.length, ended: this.#ended(packet), rows }
  }

  #at(packet: number): Moment {
    const { packets, flows } = this.#recorder
    if (this.#moment?.packet === packet && this.#moment.packets === packets.count) return this.#moment
    const lastOf = new Int32Array(flows.count).fill(-1)
    const flowOf = packets.flow.values
    const status = packets.status.values
    for (let place = 0; place < packet; place++) {
      // A packet without an entry, such as an INVALID one, leaves the entry of its connection alone.
      if (status[place] !== 0) lastOf[flowOf[place]! - 1] = place
    }
    const now = packets.ticks.get(packet - 1)
    const found: number[] = []
    for (let flow = 0; flow < lastOf.length; flow++) {
      const place = lastOf[flow]!
      if (place < 0) continue
      const ended = flows.ended.get(flow)
      if (ended !== 0 && ended <= packet) continue
      if (packets.remaining.get(place) > now - packets.ticks.get(place)) found.push(flow)
    }
    const born = flows.born.values
    found.sort((a, b) => born[a]! - born[b]!)
    const kept = Int32Array.from(found)
    this.#moment = {
      packet,
      packets: packets.count,
      flows: kept,
      places: kept.map((flow) => lastOf[flow]!),
    }
    return this.#moment
  }

  /** The entry that the packet took out of the table, as the packet before it left it. */
  #ended(packet: number): string | null {
    const { packets, flows } = this.#recorder
    for (let place = packet - 2, flow = packets.flow.get(packet - 1) - 1; flow >= 0 && place >= 0; place--) {
      if (flows.ended.get(flow) !== packet) return null
      if (packets.flow.get(place) - 1 === flow && packets.status.get(place) !== 0)
        return this.#line(flow, place, packet - 1)
    }
    return null
  }

  /** As it was left at `place`, at the time of another packet. */
  #line(flow: number, place: number, at: number): string {
    return conntrackText(this.#view(flow, place, at), ITEMS, {})
  }

  #view(flow: number, place: number, at: number): EntryView {
    const { packets, flows } = this.#recorder
    const protocol = flows.protocol.get(flow)
    const tupleOf = (side: number) => {
      flows.readTuple(flow, side, this.#tuple)
      return viewTuple(this.#tuple)
    }
    const left = packets.remaining.get(place) - (packets.ticks.get(at) - packets.ticks.get(place))
    const state = packets.state.get(place)
    const zones = flows.zones.get(flow)
    return {
      family: protocol >= PROTOCOL_IPV6_BIT ? 'ipv6' : 'ipv4',
      protocol: protocol & 0xff,
      state: state === 0 ? null : stateName(protocol & 0xff, state - 1),
      timeout: Math.max(0, Math.floor(left / this.#hz)),
      original: tupleOf(0),
      reply: tupleOf(1),
      status: packets.status.get(place),
      mark: packets.mark.get(place),
      zoneOriginal: zones >>> 16,
      zoneReply: zones & 0xffff,
      counters: null,
      start: null,
      stop: null,
      deltaTime: null,
      helper: null,
      gre: null,
      use: 1,
      id: 0,
    }
  }
}
