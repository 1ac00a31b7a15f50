/** Starts a tracker from a saved table: entries as `conntrack -I` would put them there. */
import { parseAddress } from '../packet/address.ts'
import {
  FAMILY_IPV6,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../packet/packet.ts'
import { ticksOf } from './clock.ts'
import {
  BYTES,
  DEADLINE,
  GRE_STREAM_TIMEOUT,
  GRE_TIMEOUT,
  MARK,
  OPEN_REQUESTS,
  PACKETS,
  PROTOCOL_IPV6_BIT,
  STATUS,
  setFlowState,
  UDP_STREAM_TICK,
} from './entry.ts'
import { isKnown } from './era-2.4/tuple.ts'
import { findHelper } from './helper/registry.ts'
import { invertedIcmpType, invertedIcmpv6Type } from './icmp-type.ts'
import { sctpStateNames } from './sctp/table.ts'
import {
  ORIGINAL,
  REPLY,
  STATUS_ACCOUNTED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DST_NAT_DONE,
  STATUS_SRC_NAT,
  STATUS_SRC_NAT_DONE,
} from './status.ts'
import { setLastKind } from './tcp/last.ts'
import { FLAG_BE_LIBERAL, FLAG_SACK_PERM, setSideFlags } from './tcp/side.ts'
import { KIND_NONE, TCP_STATE_NAMES } from './tcp/state.ts'
import type { Tracker } from './tracker.ts'
import { inverseParts, Tuple } from './tuple.ts'
import type { EntryView, TupleView } from './view.ts'

/** What became of an entry that was to be loaded; only 'loaded' entries are in the table. */
export type LoadResult =
  /** It is in the table. */
  | 'loaded'
  /** One of its tuples is in the table already. */
  | 'duplicate'
  /** It could not have been tracked: an address or a state that its protocol does not have. */
  | 'impossible'
  /** Its timeout is not above 0. */
  | 'expired'

/**
 * Puts an entry into the table at the tracker's time. A saved table has no windows and no window scales: those of its
 * TCP entries are not judged (conntrackd does the same with entries of another machine). Where reply and original
 * direction are no mirrors, it is translated. No event is told, the limit of the table is not applied, and nothing throws.
 *
 * ```ts
 * import { loadEntry, parseTable, Tracker } from 'sallyport'
 *
 * const line = 'tcp 6 431999 ESTABLISHED src=10.0.0.2 dst=192.0.2.9 sport=40000 dport=80 ' +
 *   'src=192.0.2.9 dst=10.0.0.2 sport=80 dport=40000 [ASSURED] mark=0 use=1'
 * const tracker = new Tracker()
 * tracker.setTime(1_700_000_000, 0)
 * for (const entry of parseTable(line, 'saved').entries) console.log(loadEntry(tracker, entry))
 * ```
 */
export function loadEntry(tracker: Tracker, view: EntryView): LoadResult {
  if (view.timeout <= 0) return 'expired'
  const tuple = new Tuple()
  const reply = new Tuple()
  if (!fillTuple(tuple, view, view.original) || !fillTuple(reply, view, view.reply)) return 'impossible'
  if (tuple.protocol !== reply.protocol || !hasPartnerType(tuple, reply)) return 'impossible'
  const { table, clock } = tracker
  const isOld = tracker.settings.linux === '2.4'
  if (isOld) {
    if (!couldBeIn24(view)) return 'impossible'
    if (!isKnown(view.protocol))
      for (const direction of [tuple, reply]) direction.ports = direction.inversePorts = 0
  }
  for (const direction of [tuple, reply]) {
    direction.computeHash(table.flowHash)
    if (table.lookup(direction) >= 0) return 'duplicate'
  }
  const state = isOld && view.protocol !== PROTOCOL_TCP ? 0 : stateNumber(view)
  if (state < 0) return 'impossible'

  const number = table.create(tuple)
  const words = table.words(number)
  const at = table.at(number)
  words[at + STATUS] = view.status & 0xffff & ~(STATUS_CONFIRMED | STATUS_SRC_NAT | STATUS_DST_NAT)
  const translation = translationOf(tuple, reply)
  if (translation !== 0) {
    table.setReply(number, reply)
    words[at + STATUS] = words[at + STATUS]! | translation
  }
  words[at + MARK] = view.mark
  if (view.protocol === PROTOCOL_TCP) {
    setLastKind(words, at, ORIGINAL, KIND_NONE)
    // As for a flow that was picked up: what is not known is not judged.
    setSideFlags(words, at, ORIGINAL, FLAG_SACK_PERM | FLAG_BE_LIBERAL)
    setSideFlags(words, at, REPLY, FLAG_SACK_PERM | FLAG_BE_LIBERAL)
  }
  if (view.protocol === PROTOCOL_TCP || view.protocol === PROTOCOL_SCTP) setFlowState(words, at, state)
  // The two seconds after which an answered flow is a stream are not saved: over, as the kernel takes them to be.
  if (view.protocol === PROTOCOL_UDP) words[at + UDP_STREAM_TICK] = (clock.now - 1) | 0
  // How many requests are open is not saved either: one at least, or there would be no entry.
  if (isOld && view.protocol === PROTOCOL_ICMP) words[at + OPEN_REQUESTS] = 1
  if (view.protocol === PROTOCOL_GRE) {
    words[at + GRE_TIMEOUT] = view.gre?.timeout ?? tracker.settings.greTimeout
    words[at + GRE_STREAM_TIMEOUT] = view.gre?.streamTimeout ?? tracker.settings.greTimeoutStream
  }
  if (view.counters !== null) {
    words[at + STATUS] = words[at + STATUS]! | STATUS_ACCOUNTED
    const { original, reply } = view.counters
    words[at + PACKETS] = original.packets
    words[at + PACKETS + 1] = reply.packets
    writeLong(words, at + BYTES, original.bytes)
    writeLong(words, at + BYTES + 2, reply.bytes)
  }
  words[at + DEADLINE] = ticksOf(view.timeout, clock.hz)
  table.confirm(number, tuple.hash, clock.now)
  tracker.census.loaded++
  const helper = view.helper === null ? null : findHelper(view.helper)
  if (helper !== null) {
    tracker.helpers.assign(number, helper)
    tracker.helpers.attach(number).session?.pickUp()
  }
  return 'loaded'
}

/** Linux 2.4 had neither IPv6 nor zones nor simultaneous open. */
function couldBeIn24({ family, state, zoneOriginal, zoneReply }: EntryView): boolean {
  return family === 'ipv4' && state !== 'SYN_SENT2' && (zoneOriginal | zoneReply) === 0
}

function writeLong(words: Int32Array, at: number, value: number): void {
  words[at] = value
  words[at + 1] = Math.floor(value / 0x1_0000_0000)
}

function fillTuple(tuple: Tuple, view: EntryView, direction: TupleView): boolean {
  const source = parseAddress(direction.source)
  const destination = parseAddress(direction.destination)
  if (source === null || destination === null || source.family !== destination.family) return false
  tuple.addresses.set(source.words, 0)
  tuple.addresses.set(destination.words, 4)
  const ipv6 = source.family === FAMILY_IPV6
  tuple.protocol = view.protocol | (ipv6 ? PROTOCOL_IPV6_BIT : 0)
  tuple.ports = partOf(direction)
  tuple.inversePorts = inverseParts(tuple.ports, tuple.protocol)
  tuple.invertible = true
  tuple.zones = (view.zoneOriginal << 16) | view.zoneReply
  return true
}

/** ICMP has its type and identifier in both ends. */
function isIcmp({ protocol }: Tuple): boolean {
  return protocol === PROTOCOL_ICMP || protocol === (PROTOCOL_ICMPV6 | PROTOCOL_IPV6_BIT)
}

/** The answer's type belongs to that of the question. */
function hasPartnerType(tuple: Tuple, reply: Tuple): boolean {
  if (!isIcmp(tuple)) return true
  const type = (tuple.ports >>> 8) & 0xff
  const partner = tuple.protocol === PROTOCOL_ICMP ? invertedIcmpType(type) : invertedIcmpv6Type(type)
  return partner === ((reply.ports >>> 8) & 0xff)
}

/** STATUS_* of the ends that the reply does not mirror; where there are any, both were decided about. */
function translationOf(tuple: Tuple, reply: Tuple): number {
  let bits = 0
  for (let i = 0; i < 4; i++) {
    if (tuple.addresses[i] !== reply.addresses[4 + i]) bits |= STATUS_SRC_NAT
    if (tuple.addresses[4 + i] !== reply.addresses[i]) bits |= STATUS_DST_NAT
  }
  const changed = tuple.inversePorts ^ reply.ports
  if (isIcmp(tuple) ? changed !== 0 : (changed & 0xffff) !== 0) bits |= STATUS_SRC_NAT
  if (!isIcmp(tuple) && changed >>> 16 !== 0) bits |= STATUS_DST_NAT
  return bits === 0 ? 0 : bits | STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE
}

function partOf(tuple: TupleView): number {
  if (tuple.sourcePort !== undefined) return (tuple.sourcePort << 16) | (tuple.destinationPort ?? 0)
  if (tuple.type !== undefined) return ((tuple.id ?? 0) << 16) | (tuple.type << 8) | (tuple.code ?? 0)
  if (tuple.sourceKey !== undefined) return (tuple.sourceKey << 16) | (tuple.destinationKey ?? 0)
  return 0
}

/** State number, 0 for protocols without states, -1 for a state that its protocol does not have. */
function stateNumber(view: EntryView): number {
  if (view.protocol === PROTOCOL_TCP)
    return TCP_STATE_NAMES.indexOf(view.state as (typeof TCP_STATE_NAMES)[number])
  if (view.protocol === PROTOCOL_SCTP) return sctpStateNames.indexOf(view.state ?? '')
  return 0
}
