/** Totals of a run, counted as it goes: numbers only, nothing is allocated per packet. */
import { isOneSided } from '../conntrack/census.ts'
import { FLOW, FLOW_STATE_MASK, FLOW_STATE_SHIFT, PROTOCOL } from '../conntrack/entry.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import { REASONS, type ReasonCode, reasonNumber } from '../conntrack/reason.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_INVALID,
  CTINFO_NEW,
  CTINFO_NONE,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  CTINFO_UNTRACKED,
} from '../conntrack/status.ts'
import { TCP_STATE_NAMES } from '../conntrack/tcp/state.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { livingEntries } from '../conntrack/view-entry.ts'
import { FAMILY_NONE, ISSUE_NETWORK_BAD, type Packet, PROTOCOL_TCP } from '../packet/packet.ts'

/** Longer than an Ethernet frame carries: segments were merged, or frames are jumbo. */
export const ETHERNET_MTU = 1500

const notOurs = reasonNumber['not-ours']
const secondCopy = reasonNumber['second-copy']
const secondCopyAgainst = reasonNumber['second-copy-against']

/** Reasons of these kinds put a packet among the odd ones. */
const isOdd = Uint8Array.from(REASONS, (reason) => (reason.kind === 'plain' ? 0 : 1))

/** Totals of a run: `Replay.summary`. Packets are counted as frames of the capture, unless said. */
export class Summary {
  /** All packets. */
  packets = 0
  /** Frames that carry something else than IP. */
  notIp = 0
  /** Packets with a reason that is out of the ordinary. */
  odd = 0
  /** Packets that the stack, the tracker or a helper dropped. */
  dropped = 0
  /** Fragments kept until the rest of their datagram came. */
  held = 0
  /** Datagrams of which a piece never came. */
  incomplete = 0
  /** Packets cut by the snap length. */
  cut = 0
  /** IP packets that could not be judged, because what the tracker looks at was cut. */
  unjudged = 0
  /** Packets seen, and neither sent to the host nor by it. */
  notOurs = 0
  /** Packets that a router's capture has once more, as they left. */
  secondCopies = 0
  /** IP packets longer than 1,500 bytes; one that only claims to be, which the stack drops, is none. */
  oversize = 0
  /** Most entries in the table at a time, those that had expired but were not taken away yet included. */
  peak = 0
  /** Time of the first packet: whole seconds since 1970 UTC, and nanoseconds 0–999,999,999. */
  readonly first = { seconds: 0, nanoseconds: 0 }
  /** Time of the last packet, likewise; not the latest one, where time runs backwards. */
  readonly last = { seconds: 0, nanoseconds: 0 }
  /** TCP entries in the table at the end, by their state. */
  readonly open = new Map<string, number>()
  /** TCP entries gone by the end, by their last state. */
  readonly gone = new Map<string, number>()
  /** Entries in the table at the end. */
  entries = 0
  /** Entries that were ever in it, those of a saved table included. */
  entriesInAll = 0
  /** TCP entries of which only one direction was ever seen, although its traffic went on as if there were another. */
  oneSided = 0
  readonly #byCtinfo = new Float64Array(10)
  readonly #byReason = new Float64Array(REASONS.length)
  readonly #tracker: Tracker

  /** `Replay` makes one of its own. */
  constructor(tracker: Tracker) {
    this.#tracker = tracker
  }

  /** Is this a packet that the default output shows? */
  static isOdd(outcome: Outcome): boolean {
    const { reasons } = outcome
    for (let i = 0; i < reasons.count; i++) if (isOdd[reasons.numbers[i]!] === 1) return true
    return false
  }

  /** Counts a packet and what became of it, in the order of the run. */
  add(packet: Packet, outcome: Outcome): void {
    if (this.packets === 0) {
      this.first.seconds = packet.seconds
      this.first.nanoseconds = packet.nanoseconds
      this.last.seconds = packet.seconds
      this.last.nanoseconds = packet.nanoseconds
    }
    this.packets++
    this.#reach(packet.seconds, packet.nanoseconds)
    this.#byCtinfo[outcome.ctinfo] = this.#byCtinfo[outcome.ctinfo]! + 1
    this.noteCount()
    if (packet.family === FAMILY_NONE) this.notIp++
    else {
      if (packet.length > ETHERNET_MTU && packet.largestFragment === 0 && packet.issue !== ISSUE_NETWORK_BAD)
        this.oversize++
      if (outcome.ctinfo === CTINFO_NONE && !outcome.held && outcome.droppedBy === 0)
        this.#countElsewhere(outcome)
    }
    if (packet.frameLength > packet.frameEnd - packet.frameStart) this.cut++
    if (outcome.droppedBy !== 0) this.dropped++
    if (outcome.held) this.held++
    const { reasons } = outcome
    if (reasons.count === 0) return
    let odd = 0
    for (let i = 0; i < reasons.count; i++) {
      const number = reasons.numbers[i]!
      this.#byReason[number] = this.#byReason[number]! + 1
      odd |= isOdd[number]!
    }
    this.odd += odd
  }

  /**
   * Counts packets that went their short way (`PlainPath`, `OpeningPath`), so that nothing is odd about them: `openings` of them
   * began a connection, `replies` were in the reply direction; `seconds` and `nanoseconds` are the latest of their times.
   */
  addPlain(
    packets: number,
    openings: number,
    replies: number,
    oversize: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    this.packets += packets
    this.oversize += oversize
    this.#byCtinfo[CTINFO_ESTABLISHED] = this.#byCtinfo[CTINFO_ESTABLISHED]! + packets - replies - openings
    this.#byCtinfo[CTINFO_NEW] = this.#byCtinfo[CTINFO_NEW]! + openings
    this.#byCtinfo[CTINFO_ESTABLISHED_REPLY] = this.#byCtinfo[CTINFO_ESTABLISHED_REPLY]! + replies
    this.#reach(seconds, nanoseconds)
  }

  /** The table may hold one entry more. */
  noteCount(): void {
    const { count } = this.#tracker.table
    if (count > this.peak) this.peak = count
  }

  #reach(seconds: number, nanoseconds: number): void {
    const { last } = this
    if (seconds > last.seconds || (seconds === last.seconds && nanoseconds > last.nanoseconds)) {
      last.seconds = seconds
      last.nanoseconds = nanoseconds
    }
  }

  /** A packet that never reached the tracker, and that nobody dropped. */
  #countElsewhere({ reasons }: Outcome): void {
    for (let i = 0; i < reasons.count; i++) {
      const number = reasons.numbers[i]!
      if (number === notOurs) {
        this.notOurs++
        return
      }
      if (number === secondCopy || number === secondCopyAgainst) {
        this.secondCopies++
        return
      }
    }
    this.unjudged++
  }

  /** At the end of the run: looks at what is left in the table. `incomplete`: datagrams that missed a piece. */
  finish(incomplete: number): void {
    this.incomplete = incomplete
    const { table, census } = this.#tracker
    this.oneSided = census.oneSided
    this.entriesInAll = census.opened + census.loaded
    TCP_STATE_NAMES.forEach((name, state) => {
      if (census.ended[state] !== 0) this.gone.set(name, census.ended[state]!)
    })
    for (const number of livingEntries(this.#tracker)) {
      this.entries++
      const words = table.words(number)
      const at = table.at(number)
      if ((words[at + PROTOCOL]! & 0xff) !== PROTOCOL_TCP) continue
      const name = TCP_STATE_NAMES[(words[at + FLOW]! >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK]!
      this.open.set(name, (this.open.get(name) ?? 0) + 1)
      if (isOneSided(words, at)) this.oneSided++
    }
  }

  /** Packets with a reason. */
  withReason(code: ReasonCode): number {
    return this.#byReason[reasonNumber[code]]!
  }

  /** The reasons met, most frequent first. */
  reasons(): { readonly code: ReasonCode; readonly kind: string; readonly packets: number }[] {
    return REASONS.map((reason, index) => ({
      code: reason.code,
      kind: reason.kind,
      packets: this.#byReason[index]!,
    }))
      .filter(({ packets }) => packets > 0)
      .sort((a, b) => b.packets - a.packets)
  }

  /** Packets by ctstate. */
  get ctstates(): Readonly<Record<'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED', number>> {
    const by = this.#byCtinfo
    return {
      NEW: by[CTINFO_NEW]!,
      ESTABLISHED: by[CTINFO_ESTABLISHED]! + by[CTINFO_ESTABLISHED_REPLY]!,
      RELATED: by[CTINFO_RELATED]! + by[CTINFO_RELATED_REPLY]!,
      INVALID: by[CTINFO_INVALID]!,
      UNTRACKED: by[CTINFO_UNTRACKED]!,
    }
  }
}
