/** What the columns know of a packet's connection, so that its explanation needs fewer runs. */
import { ORIGINAL, REPLY } from '../../src/conntrack/status.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { flowTupleOf, isInverse } from '../../src/replay/flow-tuple.ts'
import { FlowTuples } from '../../src/replay/flow-tuples.ts'
import type { KnownConnection } from '../../src/run/explainer.ts'
import { SIDE_NEITHER } from './packet-columns.ts'
import type { Recorder } from './recorder.ts'

/**
 * Null where the runs have to find out: for a packet of no connection, for one that is only about it (an ICMP error), and for
 * translated connections, whose packets go by more than these tuples. `packet` from 1.
 */
export function knownConnection({ packets, flows }: Recorder, packet: number): KnownConnection | null {
  const flow = packets.flow.get(packet - 1) - 1
  if (flow < 0 || packets.side.get(packet - 1) === SIDE_NEITHER) return null
  const original = new Tuple()
  const reply = new Tuple()
  flows.readTuple(flow, 0, original)
  flows.readTuple(flow, 1, reply)
  if (!original.invertible || !isInverse(flowTupleOf(original), reply)) return null
  const tuples = new FlowTuples()
  tuples.add(original, ORIGINAL)
  tuples.add(reply, REPLY)
  let last = packet
  // Connections before and after it may have had the same addresses and ports.
  for (let other = 0; other < flows.count; other++) {
    const isAlike = flows.sameTuple(flow * 2, other * 2) || flows.sameTuple(flow * 2, other * 2 + 1)
    if (isAlike) last = Math.max(last, flows.last.get(other))
  }
  return { tuples, last }
}
