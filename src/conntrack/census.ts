/** What became of the TCP connections: counted as entries come and go. */
import { FLOW, FLOW_STATE_MASK, FLOW_STATE_SHIFT, PROTOCOL, STATUS } from './entry.ts'
import { STATUS_CONFIRMED, STATUS_SEEN_REPLY } from './status.ts'
import { ESTABLISHED } from './tcp/state.ts'

const TCP = 6

export class Census {
  /** Entries that entered the table. */
  opened = 0
  /** Entries that were put there from a saved table. */
  loaded = 0
  /** TCP entries that left it, by their last state. */
  readonly ended = new Float64Array(10)
  /** TCP entries picked up in mid-stream that never saw the other direction. */
  oneSided = 0

  end(words: Int32Array, at: number): void {
    if ((words[at + PROTOCOL]! & 0xff) !== TCP || (words[at + STATUS]! & STATUS_CONFIRMED) === 0) return
    const state = (words[at + FLOW]! >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK
    this.ended[state] = this.ended[state]! + 1
    if (isOneSided(words, at)) this.oneSided++
  }
}

/** An ESTABLISHED entry without a reply: only a pick-up makes one. */
export function isOneSided(words: Int32Array, at: number): boolean {
  const state = (words[at + FLOW]! >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK
  return (
    (words[at + PROTOCOL]! & 0xff) === TCP &&
    state === ESTABLISHED &&
    (words[at + STATUS]! & STATUS_SEEN_REPLY) === 0
  )
}
