/** What became of the TCP connections: counted as entries come and go. */
import { PROTOCOL_TCP, TCP_ACK } from '../packet/packet.ts'
import { flowState, PROTOCOL, STATUS } from './entry.ts'
import { ORIGINAL, STATUS_CONFIRMED, STATUS_SEEN_REPLY } from './status.ts'
import { ESTABLISHED, SYN_SENT } from './tcp/state.ts'

export class Census {
  /** Entries that entered the table. */
  opened = 0
  /** Entries that were put there from a saved table. */
  loaded = 0
  /** TCP entries that left it, by their last state. */
  readonly ended: Float64Array = new Float64Array(10)
  /** TCP entries of which only one direction was ever seen, although its traffic went on as if there were another. */
  oneSided = 0

  end(words: Int32Array, at: number): void {
    if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP) return
    if ((words[at + STATUS]! & STATUS_CONFIRMED) === 0) return
    const state = flowState(words, at)
    this.ended[state] = this.ended[state]! + 1
    if (isOneSided(words, at)) this.oneSided++
  }
}

/** Beside the status bits: the opener went on as if it had been answered, but no answer was seen. */
const WENT_ON = 1 << 28

/** To be told of a segment that its entry's state does not allow. */
export function noteRefused(words: Int32Array, at: number, tcpFlags: number, direction: number): void {
  const state = flowState(words, at)
  const unanswered = state === SYN_SENT && (words[at + STATUS]! & STATUS_SEEN_REPLY) === 0
  if (unanswered && direction === ORIGINAL && (tcpFlags & TCP_ACK) !== 0) {
    words[at + STATUS] = words[at + STATUS]! | WENT_ON
  }
}

/** Only a pick-up makes an ESTABLISHED entry without a reply; an opener that went on saw one that we did not. */
export function isOneSided(words: Int32Array, at: number): boolean {
  if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP) return false
  const status = words[at + STATUS]!
  if ((status & STATUS_SEEN_REPLY) !== 0) return false
  return (status & WENT_ON) !== 0 || flowState(words, at) === ESTABLISHED
}
