/** A connection that has ended, as whoever comes too late for it is told. */
import type { TupleView } from '../conntrack/view.ts'

/** What a connection was when it ended. */
export interface Former {
  /** As `/proc/net/nf_conntrack` names it. */
  readonly protocol: string
  /** TCP and SCTP: the last state, as Linux prints it; else null. */
  readonly state: string | null
  /** `timeout`: it expired; `packet`: a packet ended it, or it made room for another. */
  readonly endedBy: 'timeout' | 'packet'
  /** When: seconds since 1970 UTC. An entry expires at a tick of the clock. */
  readonly ended: number
  /** TCP: who sent the last packet that counted; else null. */
  readonly lastFrom: 'original' | 'reply' | null
  /** An answer was seen. */
  readonly answered: boolean
  /** NAT changed its addresses or ports. */
  readonly translated: boolean
  readonly original: TupleView
  readonly reply: TupleView
}

/** Had both sides closed it, or one reset it? */
export function wasClosed({ state, endedBy }: Former): boolean {
  if (endedBy === 'packet') return true
  return state === 'CLOSE' || state === 'TIME_WAIT' || state === 'LAST_ACK'
}
