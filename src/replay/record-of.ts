/** From the engine's numbers to the record of a packet: for output only, everything here allocates. */

import type { CaptureInterface } from '../capture/record.ts'
import { DEADLINE, flowState, MARK, PORTS, PROTOCOL, STATUS, ZONES } from '../conntrack/entry.ts'
import { Outcome } from '../conntrack/outcome.ts'
import { type ReasonData, reasonData } from '../conntrack/reason.ts'
import {
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_NONE,
  ctstateOf,
  STATUS_ASSURED,
  STATUS_DST_NAT,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
} from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { EntryView, TupleView } from '../conntrack/view.ts'
import { stateName, viewEntry } from '../conntrack/view-entry.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
import { LINKTYPE_NFLOG } from '../packet/link-type.ts'
import {
  DIRECTION_INCOMING,
  DIRECTION_OUTGOING,
  FAMILY_IPV4,
  FAMILY_NONE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { formatTcpFlags } from '../packet/tcp-flags.ts'
import { hooks } from '../ruleset/tables.ts'
import { addDecision, isFiltered } from './decision-of.ts'
import {
  type DecidedBy,
  decidedByNobody,
  type PacketRecord,
  type RecordEntry,
  type RecordTuple,
} from './record.ts'

/** Time digits where the capture does not say. */
const USUAL_PRECISION = 6

const tcpFlagTexts: readonly string[] = Array.from({ length: 256 }, (_, flags) => formatTcpFlags(flags))

interface Captures {
  readonly names: readonly string[]
  readonly interfaces: readonly CaptureInterface[]
}

export interface RecordSource extends Captures {
  readonly tracker: Tracker
  /** Through which the packet just went; its rules fill verdict, decidedBy and egress. */
  readonly firewall?: Firewall
}

/**
 * What happened to a packet as data, from what `Firewall.process` filled; `number` counts packets over the run, from 1.
 * `source` is a `Replay`'s capture and tracker, or `{ names: [], interfaces: [], tracker }`. Never throws.
 */
export function recordOf(
  source: RecordSource,
  packet: Packet,
  outcome: Outcome,
  number: number,
): PacketRecord {
  const record = isWholeTcp(packet)
    ? tcpRecord(source, packet, outcome, number)
    : anyRecord(source, packet, outcome, number)
  if (outcome.entry >= 0) record.entry = entryOf(source.tracker, packet, outcome, record)
  const { firewall } = source
  if (firewall !== undefined && isFiltered(firewall, packet)) addDecision(record, firewall, addressingOf)
  return record
}

/** What a packet is, of which nobody said anything yet. */
export function plainRecord(packet: Packet, number: number): PacketRecord {
  return anyRecord(nowhere, packet, new Outcome(), number)
}

const nowhere = { names: [], interfaces: [] }

/** Addresses and ports of a packet as it is now. */
export function addressingOf(packet: Packet): RecordTuple {
  const seen: Partial<PacketRecord> = {}
  describe(seen as PacketRecord, packet)
  return addressing(seen as PacketRecord)
}

/** The packet that nearly every packet is. */
function isWholeTcp(packet: Packet): boolean {
  return (
    packet.protocol === PROTOCOL_TCP &&
    packet.issue === ISSUE_NONE &&
    packet.transportCaptured >= 20 &&
    packet.linkType !== LINKTYPE_NFLOG
  )
}

/** All fields in one literal: objects of one shape, which are made and read in half the time of ones that grow. */
function tcpRecord(source: Captures, packet: Packet, outcome: Outcome, number: number): PacketRecord {
  const from = source.interfaces[packet.interfaceIndex]
  const verdict = verdictOf(outcome)
  const sourceText = addressText(packet, packet.source0, packet.source1, packet.source2, packet.source3)
  const destinationText = addressText(
    packet,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  )
  const { sourcePort, destinationPort } = packet
  return {
    packet: number,
    file: source.names[packet.file] ?? '',
    frame: packet.frame,
    time: timeText(packet.seconds, packet.nanoseconds, from?.timePrecision ?? USUAL_PRECISION),
    interface: from?.name ?? null,
    hook: hookOf(packet),
    family: packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6',
    protocol: 'tcp',
    source: sourceText,
    sourcePort,
    destination: destinationText,
    destinationPort,
    tcpFlags: tcpFlagTexts[packet.tcpFlags]!,
    sequence: packet.sequence >>> 0,
    acknowledgment: packet.acknowledgment >>> 0,
    window: packet.window,
    length: packet.length,
    ctstate: ctstateOf(outcome.ctinfo),
    reasons: outcome.reasons.count === 0 ? noReasons : reasonData(outcome.reasons),
    verdict,
    decidedBy: decidedBy(outcome),
    egress:
      verdict === 'ACCEPT'
        ? {
            interface: null,
            source: sourceText,
            sourcePort,
            destination: destinationText,
            destinationPort,
          }
        : null,
    entry: null,
  }
}

function anyRecord(source: Captures, packet: Packet, outcome: Outcome, number: number): PacketRecord {
  const from = source.interfaces[packet.interfaceIndex]
  const record: PacketRecord = {
    packet: number,
    file: source.names[packet.file] ?? '',
    frame: packet.frame,
    time: timeText(packet.seconds, packet.nanoseconds, from?.timePrecision ?? USUAL_PRECISION),
    interface: from?.name ?? null,
    hook: packet.family === FAMILY_NONE ? null : hookOf(packet),
    family: null,
    ctstate: ctstateOf(outcome.ctinfo),
    reasons: reasonData(outcome.reasons),
    verdict: packet.family === FAMILY_NONE && outcome.droppedBy === 0 ? null : verdictOf(outcome),
    decidedBy: decidedBy(outcome),
    egress: null,
    entry: null,
  }
  if (packet.linkType === LINKTYPE_NFLOG) addLogged(record, packet)
  if (packet.family === FAMILY_NONE) return record
  describe(record, packet)
  if (record.verdict === 'ACCEPT' && record.source !== undefined)
    record.egress = { interface: null, ...addressing(record) }
  return record
}

/** Null for what was held back or not judged: nobody decided anything. */
function verdictOf(outcome: Outcome): 'ACCEPT' | 'DROP' | null {
  if (outcome.droppedBy !== 0) return 'DROP'
  return outcome.ctinfo === CTINFO_NONE ? null : 'ACCEPT'
}

function addressText(packet: Packet, a: number, b: number, c: number, d: number): string {
  return packet.family === FAMILY_IPV4 ? formatIPv4(a) : formatIPv6(a, b, c, d)
}

function addLogged(record: PacketRecord, packet: Packet): void {
  if (packet.mark !== 0) record.mark = packet.mark >>> 0
  if (packet.nflogPrefix !== '') record.prefix = packet.nflogPrefix
  if (packet.inInterface !== 0) record.inInterface = packet.inInterface
  if (packet.outInterface !== 0) record.outInterface = packet.outInterface
}

function describe(record: PacketRecord, packet: Packet): void {
  record.family = packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
  if (!hasAddresses(packet)) return
  record.protocol = protocolName(packet.protocol)
  if (record.protocol === 'unknown') record.protocolNumber = packet.protocol
  record.source = addressText(packet, packet.source0, packet.source1, packet.source2, packet.source3)
  record.destination = addressText(
    packet,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  )
  record.length = packet.length
  // A later fragment carries no transport header.
  if (packet.fragmentOffset !== 0 && packet.largestFragment === 0) return
  const captured = packet.transportCaptured
  switch (packet.protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
    case PROTOCOL_SCTP:
      if (captured < 4) return
      record.sourcePort = packet.sourcePort
      record.destinationPort = packet.destinationPort
      if (packet.protocol !== PROTOCOL_TCP || captured < 20) return
      record.tcpFlags = tcpFlagTexts[packet.tcpFlags]!
      record.sequence = packet.sequence >>> 0
      record.acknowledgment = packet.acknowledgment >>> 0
      record.window = packet.window
      return
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      if (captured < 8) return
      record.type = packet.icmpType
      record.code = packet.icmpCode
      record.id = packet.icmpId
  }
}

/** Of a header that ends ahead of its addresses nothing was read. */
function hasAddresses(packet: Packet): boolean {
  if (packet.issue !== ISSUE_NETWORK_CUT && packet.issue !== ISSUE_NETWORK_BAD) return true
  const fixedHeader = packet.family === FAMILY_IPV4 ? 20 : 40
  return packet.frameEnd - packet.networkOffset >= fixedHeader
}

const addresses = new Int32Array(8)

/**
 * The packet's entry. Nearly always one of its tuples is the packet's own, whose texts are there already: for 300,000
 * records a second (see bench/) none of it goes by way of an EntryView.
 */
function entryOf(tracker: Tracker, packet: Packet, outcome: Outcome, record: PacketRecord): RecordEntry {
  const number = outcome.entry
  const { table, clock } = tracker
  const words = table.words(number)
  const at = table.at(number)
  const protocol = words[at + PROTOCOL]! & 0xff
  const ports = words[at + PORTS]!
  const reply = outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY
  table.readAddresses(number, addresses)
  if (
    record.sourcePort === undefined ||
    (words[at + STATUS]! & (STATUS_SRC_NAT | STATUS_DST_NAT)) !== 0 ||
    protocol !== packet.protocol ||
    ports !== (reply ? swapped(packet) : straight(packet)) ||
    !sameAddresses(packet, reply ? 4 : 0)
  ) {
    return recordEntry(viewEntry(tracker, number, outcome.tick))
  }
  const { source, sourcePort, destination, destinationPort } = record
  const own: RecordTuple = {
    source: source!,
    sourcePort,
    destination: destination!,
    destinationPort: destinationPort!,
  }
  const other: RecordTuple = {
    source: destination!,
    sourcePort: destinationPort!,
    destination: source!,
    destinationPort: sourcePort,
  }
  const status = words[at + STATUS]!
  const zones = words[at + ZONES]!
  const remaining = (words[at + DEADLINE]! - outcome.tick) | 0
  const entry: RecordEntry = {
    protocol: record.protocol!,
    state: stateName(protocol, flowState(words, at)),
    timeout: remaining > 0 ? Math.floor(remaining / clock.hz) : 0,
    original: reply ? other : own,
    reply: reply ? own : other,
    flags: flagTexts[((status & STATUS_SEEN_REPLY) >>> 1) | ((status & STATUS_ASSURED) >>> 1)]!,
    mark: words[at + MARK]! >>> 0,
  }
  if (zones >>> 16 === (zones & 0xffff)) entry.zone = zones & 0xffff
  else entry.zones = { original: zones >>> 16, reply: zones & 0xffff }
  return entry
}

/** By SEEN_REPLY (1) and ASSURED (2). */
const flagTexts: readonly (readonly string[])[] = [['UNREPLIED'], [], ['UNREPLIED', 'ASSURED'], ['ASSURED']]

function straight(packet: Packet): number {
  return (packet.sourcePort << 16) | packet.destinationPort
}

function swapped(packet: Packet): number {
  return (packet.destinationPort << 16) | packet.sourcePort
}

/** Are the entry's addresses the packet's, from `turn` (0 or 4) on? */
function sameAddresses(packet: Packet, turn: number): boolean {
  const other = turn ^ 4
  return (
    addresses[turn] === packet.source0 &&
    addresses[turn + 1] === packet.source1 &&
    addresses[turn + 2] === packet.source2 &&
    addresses[turn + 3] === packet.source3 &&
    addresses[other] === packet.destination0 &&
    addresses[other + 1] === packet.destination1 &&
    addresses[other + 2] === packet.destination2 &&
    addresses[other + 3] === packet.destination3
  )
}

/** Where the packet goes and comes from, as it stands in the record. */
function addressing(record: PacketRecord): RecordTuple {
  const tuple: RecordTuple = { source: record.source!, destination: record.destination! }
  if (record.sourcePort !== undefined) tuple.sourcePort = record.sourcePort
  if (record.destinationPort !== undefined) tuple.destinationPort = record.destinationPort
  if (record.type !== undefined) tuple.type = record.type
  if (record.code !== undefined) tuple.code = record.code
  if (record.id !== undefined) tuple.id = record.id
  return tuple
}

const noReasons: readonly ReasonData[] = []
/** By DROPPED_BY_*. */
const deciders: readonly DecidedBy[] = [
  decidedByNobody,
  { kind: 'ip' },
  { kind: 'conntrack' },
  { kind: 'helper' },
]

function decidedBy(outcome: Outcome): DecidedBy {
  return deciders[outcome.droppedBy]!
}

/** As the capture names it; without a word from it a packet is taken to be forwarded. */
function hookOf(packet: Packet): string {
  if (packet.hook >= 0) return hooks[packet.hook] ?? 'FORWARD'
  if (packet.direction === DIRECTION_OUTGOING) return 'OUTPUT'
  return packet.direction === DIRECTION_INCOMING ? 'INPUT' : 'FORWARD'
}

export function recordEntry(view: EntryView): RecordEntry {
  const entry: RecordEntry = {
    protocol: protocolName(view.protocol),
    state: view.state,
    timeout: view.timeout,
    original: recordTuple(view.original),
    reply: recordTuple(view.reply),
    flags: flagTexts[((view.status & STATUS_SEEN_REPLY) >>> 1) | ((view.status & STATUS_ASSURED) >>> 1)]!,
    mark: view.mark,
  }
  if (entry.protocol === 'unknown') entry.protocolNumber = view.protocol
  if (view.zoneOriginal === view.zoneReply) entry.zone = view.zoneOriginal
  else entry.zones = { original: view.zoneOriginal, reply: view.zoneReply }
  return entry
}

function recordTuple(view: TupleView): RecordTuple {
  return { ...view }
}

/** `seconds` since 1970 and nanoseconds with so many digits. */
export function timeText(seconds: number, nanoseconds: number, digits: number): string {
  // Ahead of 1970 nanoseconds still count forwards: -1 s and 400 ms is -0.6.
  if (seconds < 0 && nanoseconds > 0) return `-${timeText(-seconds - 1, 1e9 - nanoseconds, digits)}`
  if (digits === 0) return String(seconds)
  // The leading 1 keeps the zeros behind it.
  return `${seconds}.${String(1e9 + nanoseconds).slice(1, digits + 1)}`
}
