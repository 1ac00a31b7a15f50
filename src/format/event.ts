import type { EntryView, EventView } from '../conntrack/view.ts'
import type { ConntrackItems, ConntrackOptions } from './conntrack.ts'
import { conntrackText } from './conntrack.ts'
import { flowElement } from './xml.ts'

/** The words of `conntrack -E -o`; they combine. */
export interface EventOptions extends ConntrackOptions {
  /** `-o timestamp`: when it happened, in front of the line. */
  readonly timestamp?: boolean
}

const TAGS = { new: '    [NEW] ', update: ' [UPDATE] ', destroy: '[DESTROY] ' } as const

/** The last event of an entry tells its counters and its age, the others its helper (kernel: ctnetlink_conntrack_event). */
function entryOf({ type, entry }: EventView): EntryView {
  return type === 'destroy'
    ? { ...entry, helper: null }
    : { ...entry, counters: null, start: null, stop: null, deltaTime: null }
}

function itemsOf(event: EventView): ConntrackItems {
  return {
    timeout: event.type !== 'destroy' || event.entry.timeout > 0,
    state: event.showState,
    mark: event.markChanged || event.entry.mark !== 0,
    use: false,
  }
}

/** `[1795488689.963947]` and a tab. Microseconds, cut as the tool's clock has no finer ones. */
export function eventTime(seconds: number, nanoseconds: number): string {
  return `[${seconds}.${`${Math.floor(nanoseconds / 1000)}`.padStart(6, '0')}]\t`
}

/** A line of `conntrack -E`, without its end of line (tool version 1.4.7): `    [NEW] udp      17 30 src=…`. */
export function formatEvent(event: EventView, options: EventOptions = {}): string {
  const time = options.timestamp ? eventTime(event.seconds, event.nanoseconds) : ''
  return time + TAGS[event.type] + conntrackText(entryOf(event), itemsOf(event), options)
}

/** A `flow` element of `conntrack -E -o xml`; the declaration and the root are those of xml.ts. */
export function formatEventXml(event: EventView, options: EventOptions = {}): string {
  return flowElement(entryOf(event), itemsOf(event), {
    type: event.type,
    ...(options.ktimestamp ? { ktimestamp: true } : {}),
    ...(options.timestamp ? { when: event.seconds } : {}),
    ...(options.zoneOffset ? { zoneOffset: options.zoneOffset } : {}),
  })
}
