/** Changes of the table as data. */
import { CHANGED_MARK, CHANGED_STATE } from './outcome.ts'
import { EVENT_DESTROY, EVENT_NEW, EVENT_UPDATE, type Tracker } from './tracker.ts'
import type { EventView } from './view.ts'
import { viewEntry } from './view-entry.ts'

/**
 * Tells every NEW, UPDATE and DESTROY in the order of time, as `conntrack -E` would; a tracker has one subscriber.
 * Entries that expire are told at the tick they are due, ahead of the next packet. With `nf_conntrack_events` 0 nothing
 * is told. What the listener throws comes out of whatever moved the tracker.
 *
 * ```ts
 * import { buildPacket, Feed, Firewall, formatEvent, subscribe, Tracker } from 'sallyport'
 *
 * const tracker = new Tracker()
 * subscribe(tracker, (event) => console.log(formatEvent(event)))
 * const udp = { sourcePort: 40_000, destinationPort: 53 }
 * const query = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', udp })
 * new Feed(new Firewall(tracker)).send(query, { seconds: 1_700_000_000 })
 * ```
 */
export function subscribe(tracker: Tracker, listener: (event: EventView) => void): void {
  const { clock } = tracker
  tracker.onEvent = (event, entry, changes, ticks) => {
    const ofPacket = ticks < 0
    const seconds = ofPacket ? clock.seconds : Math.floor(ticks / clock.hz)
    const nanoseconds = ofPacket
      ? clock.nanoseconds
      : Math.round((ticks - seconds * clock.hz) * (1e9 / clock.hz))
    const view = viewEntry(tracker, entry, ofPacket ? clock.now : ticks | 0)
    const ended = event === EVENT_DESTROY && view.start !== null
    listener({
      type: event === EVENT_NEW ? 'new' : event === EVENT_DESTROY ? 'destroy' : 'update',
      seconds,
      nanoseconds,
      entry: ended ? { ...view, stop: { seconds, nanoseconds } } : view,
      showState: event !== EVENT_UPDATE || (changes & CHANGED_STATE) !== 0,
      markChanged: (changes & CHANGED_MARK) !== 0,
    })
  }
}
