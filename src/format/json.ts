import type { EntryView, TupleView } from '../conntrack/view.ts'
import type { RecordEntry, RecordTuple } from '../replay/record.ts'
import { recordEntry } from '../replay/record-of.ts'
import { tupleKind } from './protocol-name.ts'

/** A tuple in the words of the record; GRE keys, which a record leaves out, are added. */
export interface JsonTuple extends RecordTuple {
  sourceKey?: number
  destinationKey?: number
}

/** An entry in the words of the record, and everything else that is known of it. */
export interface JsonEntry extends RecordEntry {
  original: JsonTuple
  reply: JsonTuple
  family: 'ipv4' | 'ipv6'
  status: number
  counters: EntryView['counters']
  /** Seconds since 1970 UTC with nine decimals. */
  start: string | null
  stop: string | null
  deltaTime: number | null
  helper: string | null
  gre?: { timeout: number; streamTimeout: number }
  tags?: { original: number; reply: number }
  use: number
  id: number
}

function time(at: { readonly seconds: number; readonly nanoseconds: number } | null): string | null {
  return at && `${at.seconds}.${`${at.nanoseconds}`.padStart(9, '0')}`
}

function tuple(protocol: number, view: TupleView): JsonTuple {
  const { source, destination } = view
  switch (tupleKind(protocol)) {
    case 'ports':
      return {
        source,
        sourcePort: view.sourcePort ?? 0,
        destination,
        destinationPort: view.destinationPort ?? 0,
      }
    case 'icmp':
      return { source, destination, type: view.type ?? 0, code: view.code ?? 0, id: view.id ?? 0 }
    case 'keys':
      return { source, destination, sourceKey: view.sourceKey ?? 0, destinationKey: view.destinationKey ?? 0 }
    case 'none':
      return { source, destination }
  }
}

/** The entry as data, with the fields of a record's entry first. */
export function jsonEntry(entry: EntryView): JsonEntry {
  return {
    ...recordEntry(entry),
    original: tuple(entry.protocol, entry.original),
    reply: tuple(entry.protocol, entry.reply),
    family: entry.family,
    status: entry.status,
    counters: entry.counters,
    start: time(entry.start),
    stop: time(entry.stop),
    deltaTime: entry.deltaTime,
    helper: entry.helper,
    ...(entry.gre ? { gre: entry.gre } : {}),
    ...(entry.tags ? { tags: entry.tags } : {}),
    use: entry.use,
    id: entry.id,
  }
}

/** The entry as one line of NDJSON, without its end of line. */
export function formatJson(entry: EntryView): string {
  return JSON.stringify(jsonEntry(entry))
}
