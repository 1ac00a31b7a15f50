/** The connections of a run: chosen by a selection, sorted, a page at a time. */
import { PROTOCOL_IPV6_BIT } from '../../src/conntrack/entry.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { stateName, viewTuple } from '../../src/conntrack/view-entry.ts'
import { protocolName } from '../../src/packet/protocol.ts'
import type { FlowRow, FlowsQuestion, SortKey } from '../protocol.ts'
import { reasonOf } from './packet-words.ts'
import type { Recorder } from './recorder.ts'

const tuple = new Tuple()

/** `flow` from 0; the row's numbers are from 1. */
export function flowRow({ flows, histories }: Recorder, flow: number): FlowRow {
  const protocol = flows.protocol.get(flow)
  const [client, server] = endsOf(flows, flow)
  const state = flows.state.get(flow)
  const pair = (column: { get(index: number): number }): [number, number] => [
    column.get(flow * 2),
    column.get(flow * 2 + 1),
  ]
  const name = protocolName(protocol & 0xff)
  return {
    flow: flow + 1,
    protocol: name === 'unknown' ? `protocol ${protocol & 0xff}` : name,
    client,
    server,
    state: state === 0 ? null : stateName(protocol & 0xff, state - 1),
    packets: pair(flows.packets),
    bytes: pair(flows.bytes),
    history: histories.text(flows.history.get(flow)),
    invalid: flows.invalid.get(flow),
    blocked: flows.blocked.get(flow),
    reason: reasonOf(flows.reason.get(flow)),
    first: flows.first.get(flow),
    last: flows.last.get(flow),
    telling: flows.telling.get(flow) || flows.first.get(flow),
  }
}

function endsOf(flows: Recorder['flows'], flow: number): [client: string, server: string] {
  flows.readTuple(flow, 0, tuple)
  const { source, destination, sourcePort, destinationPort, id } = viewTuple(tuple)
  const isV6 = flows.protocol.get(flow) >= PROTOCOL_IPV6_BIT
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : `${isV6 ? `[${address}]` : address}:${port}`
  return [end(source, sourcePort ?? id), end(destination, destinationPort)]
}

/** Keeps the order that was asked for last: it is asked for page by page. */
export class FlowOrder {
  readonly #recorder: Recorder
  #key = ''
  #order = new Int32Array(0)

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  /** `chosen`: one byte a connection, not 0 where it is selected; null for all. */
  of({ filter, sort, descending }: FlowsQuestion, chosen: Uint8Array | null): Int32Array {
    const { flows, packets } = this.#recorder
    const key = JSON.stringify([filter, sort, descending, flows.count, packets.count])
    if (key === this.#key) return this.#order
    const all = Int32Array.from({ length: flows.count }, (_, flow) => flow)
    const order = chosen === null ? all : all.filter((flow) => chosen[flow] !== 0)
    const compare = this.#comparison(sort)
    // By their first packet where they are alike: sorting is stable, and so is the page.
    if (sort !== 'first') order.sort(descending ? (a, b) => compare(b, a) : compare)
    else if (descending) order.reverse()
    this.#key = key
    this.#order = order
    return order
  }

  #comparison(sort: SortKey): (a: number, b: number) => number {
    const { flows } = this.#recorder
    const sum = (column: { get(index: number): number }, flow: number) =>
      column.get(flow * 2) + column.get(flow * 2 + 1)
    switch (sort) {
      case 'packets':
        return (a, b) => sum(flows.packets, a) - sum(flows.packets, b)
      case 'bytes':
        return (a, b) => sum(flows.bytes, a) - sum(flows.bytes, b)
      case 'odd':
        return (a, b) => this.#oddness(a) - this.#oddness(b)
      case 'state':
        return (a, b) => flows.state.get(a) - flows.state.get(b)
      case 'tuple':
        return (a, b) => this.#compareTuples(a, b)
      case 'first':
        return (a, b) => a - b
    }
  }

  /** Dropped before INVALID before merely odd. */
  #oddness(flow: number): number {
    const { blocked, invalid, reason } = this.#recorder.flows
    return blocked.get(flow) * 4 + invalid.get(flow) * 2 + (reason.get(flow) > 0 ? 1 : 0)
  }

  /** By family and protocol, then server, its port, client: services stand together. */
  #compareTuples(a: number, b: number): number {
    const { protocol, tuples, tuplePorts } = this.#recorder.flows
    const difference = protocol.get(a) - protocol.get(b)
    if (difference !== 0) return difference
    for (const word of [4, 5, 6, 7]) {
      const order = (tuples.get(a * 16 + word) >>> 0) - (tuples.get(b * 16 + word) >>> 0)
      if (order !== 0) return order
    }
    const port = (tuplePorts.get(a * 2) & 0xffff) - (tuplePorts.get(b * 2) & 0xffff)
    if (port !== 0) return port
    for (const word of [0, 1, 2, 3]) {
      const order = (tuples.get(a * 16 + word) >>> 0) - (tuples.get(b * 16 + word) >>> 0)
      if (order !== 0) return order
    }
    return (tuplePorts.get(a * 2) >>> 16) - (tuplePorts.get(b * 2) >>> 16)
  }
}
