/** From the engine's numbers to the record of a packet: for output only, everything here allocates. */
import type { CaptureInterface } from '../capture/record.ts'
import { DROPPED_BY_CONNTRACK, DROPPED_BY_HELPER, DROPPED_BY_IP, type Outcome } from '../conntrack/outcome.ts'
import { reasonData } from '../conntrack/reason.ts'
import { ctstateOf, STATUS_ASSURED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { EntryView, TupleView } from '../conntrack/view.ts'
import { viewEntry } from '../conntrack/view-entry.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
import { LINKTYPE_NFLOG } from '../packet/link-type.ts'
import {
  DIRECTION_INCOMING,
  DIRECTION_OUTGOING,
  FAMILY_IPV4,
  FAMILY_NONE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
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
import type { DecidedBy, PacketRecord, RecordEntry, RecordTuple } from './record.ts'

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const
/** Time digits where the capture does not say. */
const USUAL_PRECISION = 6

const tcpFlagTexts: readonly string[] = Array.from({ length: 256 }, (_, flags) => formatTcpFlags(flags))

export interface RecordSource {
  readonly names: readonly string[]
  readonly interfaces: readonly CaptureInterface[]
  readonly tracker: Tracker
}

export function recordOf(
  source: RecordSource,
  packet: Packet,
  outcome: Outcome,
  number: number,
): PacketRecord {
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
    verdict: null,
    decidedBy: decidedBy(outcome),
    egress: null,
    entry: null,
  }
  if (packet.linkType === LINKTYPE_NFLOG) addLogged(record, packet)
  if (packet.family === FAMILY_NONE) return record
  describe(record, packet)
  if (!outcome.held) record.verdict = outcome.droppedBy === 0 ? 'ACCEPT' : 'DROP'
  if (record.verdict === 'ACCEPT' && record.source !== undefined)
    record.egress = { interface: null, ...addressing(record) }
  if (outcome.entry >= 0) record.entry = recordEntry(viewEntry(source.tracker, outcome.entry, outcome.tick))
  return record
}

function addLogged(record: PacketRecord, packet: Packet): void {
  if (packet.mark !== 0) record.mark = packet.mark >>> 0
  if (packet.nflogPrefix !== '') record.prefix = packet.nflogPrefix
  if (packet.inInterface !== 0) record.inInterface = packet.inInterface
  if (packet.outInterface !== 0) record.outInterface = packet.outInterface
}

function describe(record: PacketRecord, packet: Packet): void {
  const ipv4 = packet.family === FAMILY_IPV4
  record.family = ipv4 ? 'ipv4' : 'ipv6'
  if (!hasAddresses(packet)) return
  record.protocol = protocolName(packet.protocol)
  if (record.protocol === 'unknown') record.protocolNumber = packet.protocol
  record.source = ipv4
    ? formatIPv4(packet.source0)
    : formatIPv6(packet.source0, packet.source1, packet.source2, packet.source3)
  record.destination = ipv4
    ? formatIPv4(packet.destination0)
    : formatIPv6(packet.destination0, packet.destination1, packet.destination2, packet.destination3)
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

function decidedBy(outcome: Outcome): DecidedBy {
  switch (outcome.droppedBy) {
    case DROPPED_BY_IP:
      return { kind: 'ip' }
    case DROPPED_BY_CONNTRACK:
      return { kind: 'conntrack' }
    case DROPPED_BY_HELPER:
      return { kind: 'helper' }
    default:
      return { kind: 'none' }
  }
}

/** As the capture names it; without a word from it a packet is taken to be forwarded. */
function hookOf(packet: Packet): string {
  if (packet.hook >= 0) return HOOKS[packet.hook] ?? 'FORWARD'
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
    flags: [],
    mark: view.mark,
  }
  if (entry.protocol === 'unknown') entry.protocolNumber = view.protocol
  if ((view.status & STATUS_SEEN_REPLY) === 0) entry.flags.push('UNREPLIED')
  if ((view.status & STATUS_ASSURED) !== 0) entry.flags.push('ASSURED')
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
  return `${seconds}.${String(nanoseconds).padStart(9, '0').slice(0, digits)}`
}
