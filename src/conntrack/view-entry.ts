/** Entries of the table as plain data: for output only, everything here allocates. */
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
import {
  FAMILY_IPV6,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import {
  BYTES,
  DEADLINE,
  flowState,
  GRE_STREAM_TIMEOUT,
  GRE_TIMEOUT,
  ID,
  MARK,
  PACKETS,
  PACKETS_HIGH,
  PROTOCOL,
  PROTOCOL_IPV6_BIT,
  SCTP_VTAG,
  STATUS,
  ZONES,
} from './entry.ts'
import { isKnown } from './era-2.4/tuple.ts'
import type { Expectation } from './expectation.ts'
import { sctpStateNames } from './sctp/table.ts'
import { ORIGINAL, REPLY, STATUS_ACCOUNTED } from './status.ts'
import type { StateTable } from './table.ts'
import { TCP_STATE_NAMES } from './tcp/state.ts'
import type { Tracker } from './tracker.ts'
import { Tuple } from './tuple.ts'
import type { CounterView, EntryView, ExpectationView, TupleView } from './view.ts'

/** Status bits that Linux knows; above them stand our own. */
const STATUS_MASK = 0xffff

/** TCP or SCTP state as Linux prints it; null for protocols without. */
export function stateName(protocol: number, state: number): string | null {
  if (protocol === PROTOCOL_TCP) return TCP_STATE_NAMES[state] ?? null
  return protocol === PROTOCOL_SCTP ? (sctpStateNames[state] ?? null) : null
}

/**
 * One direction of a flow as data; `ports` is its protocol part.
 */
function tupleView(protocol: number, source: string, destination: string, ports: number): TupleView {
  const first = ports >>> 16
  const last = ports & 0xffff
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
    case PROTOCOL_SCTP:
      return { source, destination, sourcePort: first, destinationPort: last }
    case PROTOCOL_GRE:
      return { source, destination, sourceKey: first, destinationKey: last }
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return { source, destination, type: (ports >>> 8) & 0xff, code: last & 0xff, id: first }
    default:
      return { source, destination }
  }
}

const scratch = new Tuple()

function directionView(table: StateTable, number: number, direction: number): TupleView {
  table.readTuple(number, direction, scratch)
  return viewTuple(scratch)
}

/** A tuple as data. */
export function viewTuple({ addresses, ports, protocol }: Tuple): TupleView {
  const ipv6 = protocol >= PROTOCOL_IPV6_BIT
  return tupleView(protocol & 0xff, addressText(addresses, ipv6, 0), addressText(addresses, ipv6, 4), ports)
}

function addressText(addresses: Int32Array, ipv6: boolean, at: number): string {
  return ipv6
    ? formatIPv6(addresses[at]!, addresses[at + 1]!, addresses[at + 2]!, addresses[at + 3]!)
    : formatIPv4(addresses[at]!)
}

/** An entry as it stands at tick `now` (modulo 2^32, see Clock). */
export function viewEntry(tracker: Tracker, number: number, now: number): EntryView {
  const { table, clock } = tracker
  const words = table.words(number)
  const at = table.at(number)
  const protocol = words[at + PROTOCOL]! & 0xff
  const ipv6 = words[at + PROTOCOL]! >= PROTOCOL_IPV6_BIT
  const status = words[at + STATUS]!
  const remaining = (words[at + DEADLINE]! - now) | 0
  const attachment = tracker.helpers.attachments.get(number)
  const stamped = attachment?.stamped === true
  // What had no tracker in Linux 2.4 has neither state nor ports in its table.
  const isBare = tracker.settings.linux === '2.4' && !isKnown(protocol)
  const original = directionView(table, number, ORIGINAL)
  const reply = directionView(table, number, REPLY)
  return {
    family: ipv6 ? 'ipv6' : 'ipv4',
    protocol,
    state: isBare ? null : stateName(protocol, flowState(words, at)),
    timeout: remaining > 0 ? Math.floor(remaining / clock.hz) : 0,
    original: isBare ? bareTuple(original) : original,
    reply: isBare ? bareTuple(reply) : reply,
    status: status & STATUS_MASK,
    mark: words[at + MARK]! >>> 0,
    zoneOriginal: words[at + ZONES]! >>> 16,
    zoneReply: words[at + ZONES]! & 0xffff,
    counters:
      (status & STATUS_ACCOUNTED) === 0
        ? null
        : { original: counterView(words, at, 0), reply: counterView(words, at, REPLY) },
    start: stamped ? { seconds: attachment.startSeconds, nanoseconds: attachment.startNanoseconds } : null,
    stop: null,
    deltaTime: stamped ? Math.max(0, Math.floor(elapsed(tracker, now) - startTime(attachment))) : null,
    helper: attachment?.helper?.name ?? null,
    gre:
      protocol === PROTOCOL_GRE && !isBare
        ? { timeout: words[at + GRE_TIMEOUT]!, streamTimeout: words[at + GRE_STREAM_TIMEOUT]! }
        : null,
    ...(protocol === PROTOCOL_SCTP && !isBare
      ? { tags: { original: words[at + SCTP_VTAG]! >>> 0, reply: words[at + SCTP_VTAG + 1]! >>> 0 } }
      : {}),
    use: 1 + (attachment?.children ?? 0),
    id: words[at + ID]! >>> 0,
  }
}

function bareTuple({ source, destination }: TupleView): TupleView {
  return { source, destination }
}

function counterView(words: Int32Array, at: number, direction: number): CounterView {
  const high = (words[at + PACKETS_HIGH]! >>> (direction === REPLY ? 0 : 16)) & 0xffff
  return {
    packets: high * 0x1_0000_0000 + (words[at + PACKETS + direction]! >>> 0),
    bytes:
      (words[at + BYTES + direction * 2 + 1]! >>> 0) * 0x1_0000_0000 +
      (words[at + BYTES + direction * 2]! >>> 0),
  }
}

/** Seconds since 1970 at tick `now`. */
function elapsed(tracker: Tracker, now: number): number {
  const { clock } = tracker
  return clock.seconds + clock.nanoseconds / 1e9 + ((now - clock.now) | 0) / clock.hz
}

function startTime(attachment: { startSeconds: number; startNanoseconds: number }): number {
  return attachment.startSeconds + attachment.startNanoseconds / 1e9
}

/** The entries alive at the tracker's time, oldest first. */
export function* livingEntries(tracker: Tracker): Generator<number> {
  const { table, clock } = tracker
  const numbers: number[] = []
  for (let number = 0; number < table.entries.limit; number++) {
    if (table.isAlive(number, clock.now)) numbers.push(number)
  }
  numbers.sort((a, b) => tracker.id(a) - tracker.id(b))
  yield* numbers
}

/** The state table as it stands at the tracker's time: every living entry, oldest first, each made when asked for. */
export function* tableOf(tracker: Tracker): Generator<EntryView> {
  for (const number of livingEntries(tracker)) yield viewEntry(tracker, number, tracker.clock.now)
}

/** The expectations as they stand at the tracker's time, oldest first. */
export function* expectationsOf(tracker: Tracker): Generator<ExpectationView> {
  const { expectations } = tracker.helpers
  expectations.expire(tracker.clock.now)
  for (const expectation of expectations.values()) yield viewExpectation(tracker, expectation)
}

/** An expectation as it stands at the tracker's time. */
function viewExpectation(tracker: Tracker, expectation: Expectation): ExpectationView {
  const { tuple, mask, deadline } = expectation
  const ipv6 = tuple.family === FAMILY_IPV6
  const text = (words: readonly [number, number, number, number]): string =>
    ipv6 ? formatIPv6(...words) : formatIPv4(words[0])
  const remaining =
    deadline === null ? null : Math.floor(((deadline - tracker.clock.now) | 0) / tracker.clock.hz)
  return {
    family: ipv6 ? 'ipv6' : 'ipv4',
    protocol: tuple.protocol,
    timeout: remaining,
    source: text(tuple.source),
    destination: text(tuple.destination),
    sourcePort: tuple.sourcePort,
    destinationPort: tuple.destinationPort,
    maskSource: text(mask.source),
    maskDestination: text([-1, -1, -1, -1]),
    maskSourcePort: mask.sourcePort,
    maskDestinationPort: 0xffff,
    master: viewEntry(tracker, expectation.master, tracker.clock.now).original,
    flags: expectation.flags,
    class: expectation.class,
    helper: expectation.helper,
    zone: expectation.zone,
  }
}
