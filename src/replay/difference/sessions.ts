/** The connections that are open while one ruleset takes the place of another, and what becomes of each. */
import { FLOW, FLOW_STATE_MASK, FLOW_STATE_SHIFT, PROTOCOL } from '../../conntrack/entry.ts'
import { CLOSE, TIME_WAIT } from '../../conntrack/tcp/state.ts'
import type { Tracker } from '../../conntrack/tracker.ts'
import { livingEntries, viewEntry } from '../../conntrack/view-entry.ts'
import { PROTOCOL_TCP } from '../../packet/packet.ts'
import type { PacketRecord, RecordEntry } from '../record.ts'
import { recordEntry } from '../record-of.ts'
import type { Judgement } from './change.ts'
import type { Conversation } from './conversations.ts'
import type { Fate } from './effect.ts'

/** Kept whole; all are counted. */
const WHOLE = 5000
/** Of one session: rules that let its packets pass. */
const DECIDERS = 4

/** What became of a connection that was open at the swap. */
export interface Session {
  /** By the original tuple of its entry, so that NAT changes no name. */
  readonly flow: Conversation
  /** Its entry at the swap. */
  readonly entry: RecordEntry
  /** `goes on`: what passes by OLD passes by NEW; `cut`: a packet of it does not; `unseen`: none came behind the swap. */
  readonly fate: 'goes on' | 'cut' | 'unseen'
  /** Its packets behind the swap. */
  readonly packets: number
  /** The rules and policies that let them pass; of a cut one, what cut it. */
  readonly by: readonly Judgement[]
  /** Of a cut one: the record of the first packet that did not pass. */
  readonly cut: PacketRecord | null
}

/** What became of all connections that were open at the swap. */
export interface SwapReport {
  /** When NEW took OLD's place: seconds since 1970 UTC, and nanoseconds. */
  readonly at: { readonly seconds: number; readonly nanoseconds: number }
  /** Packets ahead of it. */
  readonly packets: number
  /** Connections in the table, but those that TCP has closed. */
  readonly open: number
  /** Of those, that NEW lets pass what OLD does. */
  readonly goesOn: number
  /** That NEW stops in a packet that OLD lets pass. */
  readonly cut: number
  /** Without a packet behind the swap. */
  readonly unseen: number
  /** Tables that NEW does not name, so that they stayed: `ipv4 nat`. */
  readonly kept: readonly string[]
  /** Cut ones first, then those that go on; the first of them where there are many. */
  readonly sessions: readonly Session[]
}

interface OpenSession {
  readonly flow: Conversation | null
  readonly entry: RecordEntry | null
  packets: number
  readonly by: Judgement[]
  cut: PacketRecord | null
  isCut: boolean
}

/** What a session is told of a packet that belongs to it. */
export interface SessionPacket {
  readonly oldFate: Fate
  readonly fate: Fate
  judgement(): Judgement
  record(): PacketRecord
}

/** Watches the connections that are open when it is made. */
export class Sessions {
  readonly #all: OpenSession[] = []
  readonly #byPlace = new Map<number, OpenSession>()

  /**
   * `tracker`: NEW's. `placeOf`: the place of the conversation that an entry belongs to, -1 for none.
   */
  constructor(tracker: Tracker, placeOf: (entry: number) => number) {
    for (const number of livingEntries(tracker)) {
      if (isClosed(tracker, number)) continue
      const place = placeOf(number)
      const isWhole = this.#all.length < WHOLE
      const entry = isWhole ? recordEntry(viewEntry(tracker, number, tracker.clock.now)) : null
      const session: OpenSession = {
        flow: entry === null ? null : flowOf(entry),
        entry,
        packets: 0,
        by: [],
        cut: null,
        isCut: false,
      }
      this.#all.push(session)
      if (place >= 0) this.#byPlace.set(place, session)
    }
  }

  /** A packet of the conversation at a place. */
  take(place: number, packet: SessionPacket): void {
    const session = this.#byPlace.get(place)
    if (session === undefined) return
    session.packets++
    if (session.isCut || packet.oldFate !== 'ACCEPT') return
    if (packet.fate !== 'ACCEPT') {
      session.isCut = true
      session.by.length = 0
      if (session.flow !== null) session.cut = packet.record()
    } else if (session.by.length >= DECIDERS || session.packets > 2 * DECIDERS) return
    const judgement = packet.judgement()
    if (!session.by.some((known) => isSame(known, judgement))) session.by.push(judgement)
  }

  /** The conversation is over: what comes by its place is another one's. */
  end(place: number): void {
    this.#byPlace.delete(place)
  }

  report(): Pick<SwapReport, 'open' | 'goesOn' | 'cut' | 'unseen' | 'sessions'> {
    const of = (fate: Session['fate']) => this.#all.filter((session) => fateOf(session) === fate)
    const [cut, goesOn, unseen] = [of('cut'), of('goes on'), of('unseen')]
    return {
      open: this.#all.length,
      goesOn: goesOn.length,
      cut: cut.length,
      unseen: unseen.length,
      sessions: [...cut, ...goesOn, ...unseen].flatMap((session): Session[] => {
        const { flow, entry, packets, by, cut } = session
        return flow === null || entry === null
          ? []
          : [{ flow, entry, fate: fateOf(session), packets, by, cut }]
      }),
    }
  }
}

function fateOf({ isCut, packets }: OpenSession): Session['fate'] {
  if (isCut) return 'cut'
  return packets === 0 ? 'unseen' : 'goes on'
}

function isSame(a: Judgement, b: Judgement): boolean {
  return (
    a.fate === b.fate &&
    a.by?.table === b.by?.table &&
    a.by?.chain === b.by?.chain &&
    a.by?.number === b.by?.number &&
    a.by?.family === b.by?.family
  )
}

function isClosed({ table }: Tracker, number: number): boolean {
  const words = table.words(number)
  const at = table.at(number)
  if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP) return false
  const state = (words[at + FLOW]! >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK
  return state === TIME_WAIT || state === CLOSE
}

function flowOf({ protocol, protocolNumber, original }: RecordEntry): Conversation {
  return {
    family: original.source.includes(':') ? 'ipv6' : 'ipv4',
    protocol,
    ...(protocolNumber !== undefined && { protocolNumber }),
    ...original,
  }
}
