/** The connections of a run: chosen by a selection, sorted, a page at a time. */
import { PROTOCOL_IPV6_BIT } from '../../src/conntrack/entry.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { stateName, viewTuple } from '../../src/conntrack/view-entry.ts'
import { protocolName } from '../../src/packet/protocol.ts'
import type { FlowOrderQuestion, FlowRow, PacketSpan, SortKey } from '../protocol.ts'
import { reasonOf } from './packet-words.ts'
import { radixSort, type SortWord } from './radix-order.ts'
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

/** Who opened it, and who was asked. */
export function endsOf(flows: Recorder['flows'], flow: number): [client: string, server: string] {
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
  of({ filter, rule, sort, descending, span }: FlowOrderQuestion, chosen: Uint8Array | null): Int32Array {
    const { flows, packets } = this.#recorder
    const key = JSON.stringify([filter, rule, sort, descending, span, flows.count, packets.count])
    if (key === this.#key) return this.#order
    const inSpan = span === null ? null : this.#inSpan(span)
    const order = new Int32Array(flows.count)
    let count = 0
    for (let flow = 0; flow < order.length; flow++) {
      // What came after the selection was made is not in it.
      if (chosen !== null && !chosen[flow]) continue
      if (inSpan !== null && inSpan[flow] === 0) continue
      order[count++] = flow
    }
    const found = order.subarray(0, count)
    // By their first packet where they are alike: sorting is stable, and so is the page.
    if (sort !== 'first') radixSort(found, this.#words(sort), descending)
    else if (descending) found.reverse()
    this.#key = key
    this.#order = found
    return found
  }

  /** One byte a connection: has it a packet in the span? */
  #inSpan({ first, last }: PacketSpan): Uint8Array {
    const { flows, packets } = this.#recorder
    const found = new Uint8Array(flows.count)
    const end = Math.min(last, packets.count)
    for (let at = Math.max(0, first - 1); at < end; at++) {
      const flow = packets.flow.get(at)
      if (flow !== 0) found[flow - 1] = 1
    }
    return found
  }

  #words(sort: Exclude<SortKey, 'first'>): readonly SortWord[] {
    const { flows } = this.#recorder
    const bytes = (flow: number) => flows.bytes.get(flow * 2) + flows.bytes.get(flow * 2 + 1)
    switch (sort) {
      case 'packets':
        return [(flow) => flows.packets.get(flow * 2) + flows.packets.get(flow * 2 + 1)]
      case 'bytes':
        return [(flow) => Math.floor(bytes(flow) / 2 ** 32), (flow) => bytes(flow) >>> 0]
      case 'odd':
        return [(flow) => this.#oddness(flow)]
      case 'state':
        return [(flow) => flows.state.get(flow)]
      case 'tuple':
        return this.#tupleWords()
    }
  }

  /** Dropped before INVALID before merely odd. */
  #oddness(flow: number): number {
    const { blocked, invalid, reason } = this.#recorder.flows
    return blocked.get(flow) * 4 + invalid.get(flow) * 2 + (reason.get(flow) > 0 ? 1 : 0)
  }

  /** By family and protocol, then server, its port, client: services stand together. */
  #tupleWords(): readonly SortWord[] {
    const { protocol, tuples, tuplePorts } = this.#recorder.flows
    const address = (word: number) => (flow: number) => tuples.get(flow * 16 + word)
    return [
      (flow) => protocol.get(flow),
      ...[4, 5, 6, 7].map(address),
      (flow) => tuplePorts.get(flow * 2) & 0xffff,
      ...[0, 1, 2, 3].map(address),
      (flow) => tuplePorts.get(flow * 2) >>> 16,
    ]
  }
}
