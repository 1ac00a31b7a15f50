import { STATUS_HW_OFFLOAD, STATUS_OFFLOAD } from '../conntrack/status.ts'
import type { EntryView } from '../conntrack/view.ts'
import type { ZoneOffset } from './clock.ts'
import { ctime } from './clock.ts'
import { toolProtocolName, toolTupleKind } from './protocol-name.ts'
import {
  assuredText,
  counterText,
  familyColumn,
  nameColumn,
  tupleText,
  unrepliedText,
  zoneKind,
} from './tuple.ts'

/** The words of `conntrack -o`; they combine. */
export interface ConntrackOptions {
  /** `-o extended`: family columns in front. */
  readonly extended?: boolean
  /** `-o id`: our own number of the entry at the end. */
  readonly id?: boolean
  /** `-o ktimestamp`: start and stop of a time-stamped entry. */
  readonly ktimestamp?: boolean
  /** For `ktimestamp`; UTC without it. */
  readonly zoneOffset?: ZoneOffset
}

/** Which items a line has; a listing has all, an event leaves some out. */
export interface ConntrackItems {
  readonly timeout: boolean
  readonly state: boolean
  readonly mark: boolean
  readonly use: boolean
}

const LISTED: ConntrackItems = { timeout: true, state: true, mark: true, use: true }

/**
 * A line of `conntrack -L`, without its end of line (tool version 1.4.7).
 *
 * `-o save` and `-o xml` are forms of their own, see save.ts and xml.ts.
 */
export function formatConntrack(entry: EntryView, options: ConntrackOptions = {}): string {
  return conntrackText(entry, LISTED, options)
}

/** Of an entry that ended the tool takes the difference of whole seconds, in text but not in XML. */
function ageInWholeSeconds(entry: EntryView): number | null {
  const { start, stop } = entry
  return start && stop ? stop.seconds - start.seconds : entry.deltaTime
}

/** The text of an entry with just the given items: what listing and events have in common. */
export function conntrackText(entry: EntryView, items: ConntrackItems, options: ConntrackOptions): string {
  const { protocol, status } = entry
  const kind = toolTupleKind(protocol)
  const zone = zoneKind(entry)
  let line = options.extended ? familyColumn(entry.family) : ''
  line += nameColumn(toolProtocolName(protocol), protocol)
  // The kernel does not tell the time of an offloaded entry.
  if (items.timeout && (status & (STATUS_OFFLOAD | STATUS_HW_OFFLOAD)) === 0) line += `${entry.timeout} `
  if (items.state && entry.state !== null) line += `${entry.state} `
  line += tupleText(kind, entry.original)
  if (zone === 'original') line += `zone-orig=${entry.zoneOriginal} `
  line += counterText(entry.counters?.original)
  line += unrepliedText(status)
  line += tupleText(kind, entry.reply)
  if (zone === 'reply') line += `zone-reply=${entry.zoneReply} `
  line += counterText(entry.counters?.reply)
  line += assuredText(status)
  if (items.mark) line += `mark=${entry.mark} `
  if (zone === 'both' && entry.zoneOriginal !== 0) line += `zone=${entry.zoneOriginal} `
  const age = ageInWholeSeconds(entry)
  if (age !== null) line += `delta-time=${age} `
  if (options.ktimestamp) {
    if (entry.start) line += `[start=${ctime(entry.start.seconds, options.zoneOffset)}] `
    if (entry.stop) line += `[stop=${ctime(entry.stop.seconds, options.zoneOffset)}] `
  }
  if (entry.helper !== null) line += `helper=${entry.helper} `
  if (items.use) line += `use=${entry.use} `
  if (options.id) line += `id=${entry.id} `
  return line.slice(0, -1)
}
