/** Pieces that the text forms of a table share: tuples, counters, marks in brackets, columns. */

import { STATUS_ASSURED, STATUS_HW_OFFLOAD, STATUS_OFFLOAD, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { CounterView, EntryView, TupleView } from '../conntrack/view.ts'
import type { TupleKind } from './protocol-name.ts'

const NAME_WIDTH = 8

/** `tcp      6 `: a name padded to 8, a blank, its number, a blank. */
export function nameColumn(name: string, number: number): string {
  return `${name.padEnd(NAME_WIDTH)} ${number} `
}

/** `ipv4     2 ` or `ipv6     10 `: the numbers are AF_INET and AF_INET6. */
export function familyColumn(family: 'ipv4' | 'ipv6'): string {
  return family === 'ipv4' ? 'ipv4     2 ' : 'ipv6     10 '
}

/** `sport=1 dport=2 `, `type=8 code=0 id=1 `, `srckey=0x0 dstkey=0x0 ` or nothing. */
export function protocolPart(kind: TupleKind, tuple: TupleView): string {
  switch (kind) {
    case 'ports':
      return `sport=${tuple.sourcePort ?? 0} dport=${tuple.destinationPort ?? 0} `
    case 'icmp':
      return `type=${tuple.type ?? 0} code=${tuple.code ?? 0} id=${tuple.id ?? 0} `
    case 'keys':
      return `srckey=0x${hex(tuple.sourceKey)} dstkey=0x${hex(tuple.destinationKey)} `
    case 'none':
      return ''
  }
}

/** A GRE key without leading zeros. */
export function hex(key: number | undefined): string {
  return (key ?? 0).toString(16)
}

/** `src=… dst=… ` and the protocol's part, addresses as they stand in the tuple. */
export function tupleText(kind: TupleKind, tuple: TupleView): string {
  return `src=${tuple.source} dst=${tuple.destination} ${protocolPart(kind, tuple)}`
}

export function counterText(counter: CounterView | undefined): string {
  return counter ? `packets=${counter.packets} bytes=${counter.bytes} ` : ''
}

/** `[UNREPLIED] ` between the tuples. */
export function unrepliedText(status: number): string {
  return (status & STATUS_SEEN_REPLY) === 0 ? '[UNREPLIED] ' : ''
}

/** One of three, the rarest first: that is how kernel and tool choose. */
export function assuredText(status: number): string {
  if ((status & STATUS_HW_OFFLOAD) !== 0) return '[HW_OFFLOAD] '
  if ((status & STATUS_OFFLOAD) !== 0) return '[OFFLOAD] '
  return (status & STATUS_ASSURED) !== 0 ? '[ASSURED] ' : ''
}

/** How the zone of an entry is said: one for both directions, or one of a single direction. */
export function zoneKind(entry: EntryView): 'both' | 'original' | 'reply' {
  if (entry.zoneOriginal === entry.zoneReply) return 'both'
  // The kernel knows no entry with two different zones that are both set.
  return entry.zoneOriginal !== 0 ? 'original' : 'reply'
}
