import { STATUS_ASSURED, STATUS_HW_OFFLOAD, STATUS_OFFLOAD, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { CounterView, EntryView, TupleView } from '../conntrack/view.ts'
import { PROTOCOL_SCTP } from '../packet/packet.ts'
import type { ZoneOffset } from './clock.ts'
import { whenElement } from './clock.ts'
import type { ConntrackItems } from './conntrack.ts'
import { toolProtocolName, toolTupleKind } from './protocol-name.ts'
import { hex, zoneKind } from './tuple.ts'

/** Ahead of the entries: the declaration and the root. */
export const XML_HEADER = ['<?xml version="1.0" encoding="utf-8"?>', '<conntrack>'] as const
/** After the entries. */
export const XML_FOOTER = ['</conntrack>'] as const

export interface XmlOptions {
  /** `-o ktimestamp`: start and stop of a time-stamped entry. */
  readonly ktimestamp?: boolean
}

interface FlowOptions extends XmlOptions {
  readonly type?: 'new' | 'update' | 'destroy'
  /** Second of the event. */
  readonly when?: number
  readonly zoneOffset?: ZoneOffset
}

const LISTED: ConntrackItems = { timeout: true, state: true, mark: true, use: true }

// libnetfilter_conntrack 1.0.9 names the state of SCTP entries by the table of TCP: COOKIE_WAIT is its
// second, so SYN_RECV comes out. Whoever reads its XML sees that, so we print it.
const sctpStates: Readonly<Record<string, string>> = {
  NONE: 'NONE',
  CLOSED: 'SYN_SENT',
  COOKIE_WAIT: 'SYN_RECV',
  COOKIE_ECHOED: 'ESTABLISHED',
  ESTABLISHED: 'FIN_WAIT',
  SHUTDOWN_SENT: 'CLOSE_WAIT',
  SHUTDOWN_RECD: 'LAST_ACK',
  SHUTDOWN_ACK_SENT: 'TIME_WAIT',
  HEARTBEAT_SENT: 'CLOSE',
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function layer4(protocol: number, tuple: TupleView): string {
  switch (toolTupleKind(protocol)) {
    case 'ports':
      return `<sport>${tuple.sourcePort ?? 0}</sport><dport>${tuple.destinationPort ?? 0}</dport>`
    case 'keys':
      return `<srckey>0x${hex(tuple.sourceKey)}</srckey><dstkey>0x${hex(tuple.destinationKey)}</dstkey>`
    // Type, code and identifier are not in the XML at all.
    case 'icmp':
    case 'none':
      return ''
  }
}

function direction(
  entry: EntryView,
  name: 'original' | 'reply',
  zone: number | null,
  counter: CounterView | undefined,
): string {
  const { family, protocol } = entry
  const tuple = entry[name]
  return (
    `<meta direction="${name}"><layer3 protonum="${family === 'ipv4' ? 2 : 10}" protoname="${family}">` +
    `<src>${tuple.source}</src><dst>${tuple.destination}</dst></layer3>` +
    `<layer4 protonum="${protocol}" protoname="${toolProtocolName(protocol)}">${layer4(protocol, tuple)}</layer4>` +
    (zone === null ? '' : `<zone>${zone}</zone>`) +
    (counter
      ? `<counters><packets>${counter.packets}</packets><bytes>${counter.bytes}</bytes></counters>`
      : '') +
    '</meta>'
  )
}

function timestamp(at: { readonly seconds: number; readonly nanoseconds: number }): string {
  return `${at.seconds}${`${at.nanoseconds}`.padStart(9, '0')}`
}

/** Of an entry that ended the whole seconds of the difference, in XML but not in text. */
function exactAge(entry: EntryView): number | null {
  const { start, stop } = entry
  if (!start || !stop) return entry.deltaTime
  return stop.seconds - start.seconds - (stop.nanoseconds < start.nanoseconds ? 1 : 0)
}

/** The `flow` element of an entry with just the given items: what listing and events have in common. */
export function flowElement(entry: EntryView, items: ConntrackItems, options: FlowOptions): string {
  const { protocol, status, counters } = entry
  const zone = zoneKind(entry)
  const offloaded = (status & (STATUS_OFFLOAD | STATUS_HW_OFFLOAD)) !== 0
  let text = options.type ? `<flow type="${options.type}">` : '<flow>'
  text += direction(entry, 'original', zone === 'original' ? entry.zoneOriginal : null, counters?.original)
  text += direction(entry, 'reply', zone === 'reply' ? entry.zoneReply : null, counters?.reply)
  text += '<meta direction="independent">'
  if (items.state && entry.state !== null) {
    const state = protocol === PROTOCOL_SCTP ? (sctpStates[entry.state] ?? entry.state) : entry.state
    text += `<state>${state}</state>`
  }
  if (items.timeout && !offloaded) text += `<timeout>${entry.timeout}</timeout>`
  if (items.mark) text += `<mark>${entry.mark}</mark>`
  if (zone === 'both' && entry.zoneOriginal !== 0) text += `<zone>${entry.zoneOriginal}</zone>`
  if (items.use) text += `<use>${entry.use}</use>`
  text += `<id>${entry.id}</id>`
  if ((status & STATUS_ASSURED) !== 0) text += '<assured/>'
  if ((status & STATUS_SEEN_REPLY) === 0) text += '<unreplied/>'
  if (options.ktimestamp && (entry.start || entry.stop)) {
    text += '<timestamp>'
    if (entry.start) text += `<start>${timestamp(entry.start)}</start>`
    if (entry.stop) text += `<stop>${timestamp(entry.stop)}</stop>`
    text += '</timestamp>'
  }
  const age = exactAge(entry)
  if (age !== null) text += `<deltatime>${age}</deltatime>`
  text += '</meta>'
  if (options.when !== undefined) text += whenElement(options.when, options.zoneOffset)
  if (entry.helper !== null) text += `<helper>${escapeXml(entry.helper)}</helper>`
  return `${text}</flow>`
}

/** A line of `conntrack -L -o xml`, without its end of line (tool version 1.4.7). */
export function formatXml(entry: EntryView, options: XmlOptions = {}): string {
  return flowElement(entry, LISTED, options)
}
