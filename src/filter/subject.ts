/** What terms are asked about: the fields of a packet, or of one tuple of an entry. Reused, nothing allocated. */
import { isIcmpError } from '../conntrack/icmp-type.ts'
import type { EntryView } from '../conntrack/view.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import { type FamilyWord, PROTOCOL_WORDS } from './expression.ts'

/** Protocol numbers by the names of `/proc/net/nf_conntrack`. */
const protocolNumbers: Readonly<Record<string, number>> = { ...PROTOCOL_WORDS, icmpv6: PROTOCOL_WORDS.icmp6 }

/** What records and views have in common. */
interface AnyTuple {
  readonly source: string
  readonly destination: string
  readonly sourcePort?: number
  readonly destinationPort?: number
}

export class Subject {
  /** The packet, or null where an entry is looked at by itself: terms about packets are open then. */
  record: PacketRecord | null = null

  family: FamilyWord | null = null
  /** Number of the transport protocol, or -1. */
  protocol = -1
  source = ''
  destination = ''
  /** -1 where there is none. */
  sourcePort = -1
  destinationPort = -1
  /** TCP or SCTP state of the entry. */
  state: string | null = null

  setRecord(record: PacketRecord): void {
    this.record = record
    this.family = record.family === 'ipv4' ? 'ip' : record.family === 'ipv6' ? 'ip6' : null
    this.protocol = protocolNumber(record)
    this.source = record.source ?? ''
    this.destination = record.destination ?? ''
    this.sourcePort = record.sourcePort ?? -1
    this.destinationPort = record.destinationPort ?? -1
    this.state = record.entry?.state ?? null
  }

  setEntry(entry: EntryView | RecordEntry): void {
    this.family = entry.original.source.includes(':') ? 'ip6' : 'ip'
    this.protocol = typeof entry.protocol === 'number' ? entry.protocol : protocolNumber(entry as RecordEntry)
    this.state = entry.state
  }

  setTuple(tuple: AnyTuple): void {
    this.source = tuple.source
    this.destination = tuple.destination
    this.sourcePort = tuple.sourcePort ?? -1
    this.destinationPort = tuple.destinationPort ?? -1
  }
}

function protocolNumber({
  protocol,
  protocolNumber,
}: {
  protocol?: string
  protocolNumber?: number
}): number {
  if (protocolNumber !== undefined) return protocolNumber
  return protocol === undefined ? -1 : (protocolNumbers[protocol] ?? -1)
}

/** ICMPv6 errors are the types below 128 (RFC 4443, 2.1); redirects, 137, quote a packet as well. */
export function isErrorRecord(record: PacketRecord): boolean {
  if (record.type === undefined) return false
  return record.protocol === 'icmpv6' ? record.type < 128 || record.type === 137 : isIcmpError(record.type)
}
