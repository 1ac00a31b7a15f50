/** Changes of the table as data. */
import { CHANGED_MARK, CHANGED_STATE } from './outcome.ts'
import { EVENT_DESTROY, EVENT_NEW, EVENT_UPDATE, type Tracker } from './tracker.ts'
import type { EventView } from './view.ts'
import { viewEntry } from './view-entry.ts'

/**
 * Tells every NEW, UPDATE and DESTROY in the order of time, as `conntrack -E` would; a tracker has one subscriber.
 * Entries that expire are told at the tick they are due, ahead of the next packet.
 */
export function subscribe(tracker: Tracker, listener: (event: EventView) => void): void {
  const { clock } = tracker
  tracker.onEvent = (event, entry, changes, ticks) => {
    const ofPacket = ticks < 0
    const seconds = ofPacket ? clock.seconds : Math.floor(ticks / clock.hz)
    listener({
      type: event === EVENT_NEW ? 'new' : event === EVENT_DESTROY ? 'destroy' : 'update',
      seconds,
      nanoseconds: ofPacket ? clock.nanoseconds : Math.round((ticks - seconds * clock.hz) * (1e9 / clock.hz)),
      entry: viewEntry(tracker, entry, ofPacket ? clock.now : ticks | 0),
      showState: event !== EVENT_UPDATE || (changes & CHANGED_STATE) !== 0,
      markChanged: (changes & CHANGED_MARK) !== 0,
    })
  }
}
