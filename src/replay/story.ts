/** What happened to one conversation, in few lines: runs of ordinary packets are one. For output only, it allocates. */
import type { ReasonData } from '../conntrack/reason.ts'
import type { Ctstate } from '../conntrack/status.ts'
import type { DecidedBy, PacketRecord } from './record.ts'

/** Who sent a packet. The client is who began, as far as the capture tells; null: neither, such as a router's ICMP error. */
export type Side = 'client' | 'server' | null

/** A packet that is told for itself. */
export interface StoryPacket {
  readonly kind: 'packet'
  /** Over the whole run, from 1. */
  readonly packet: number
  /** Seconds since the first packet of the story. */
  readonly after: number
  readonly from: Side
  /** TCP: as in a record. */
  readonly tcpFlags?: string
  /** ICMP: as in a record. */
  readonly type?: number
  readonly code?: number
  /** TCP: from the sender's SYN on, which is 0; 1 is the first number met where no SYN was seen. */
  readonly sequence?: number
  /** TCP with ACK: likewise, of the other side. */
  readonly acknowledgment?: number
  /** Payload. */
  readonly bytes: number
  /** TCP: all that it carries was sent before. */
  readonly repeated?: true
  readonly ctstate: Ctstate | null
  readonly verdict: PacketRecord['verdict']
  readonly decidedBy: DecidedBy
  readonly reasons: readonly ReasonData[]
  /** State of the entry behind it; null for none, and for a protocol without states. */
  readonly state: string | null
  /** Whole seconds that the entry has behind it; null for no entry. */
  readonly timeout: number | null
  /** As `conntrack -L` shows them; null for no entry. */
  readonly flags: readonly string[] | null
  /** So many packets more that were like it followed. */
  more: number
  /** The last of them, with their time. */
  lastPacket: number
  lastAfter: number
}

/** Packets that neither changed anything nor are out of the ordinary. */
export interface StoryRun {
  readonly kind: 'run'
  readonly packet: number
  lastPacket: number
  readonly after: number
  lastAfter: number
  readonly client: StoryShare
  readonly server: StoryShare
}

/** What one side sent. */
export interface StoryShare {
  packets: number
  /** Payload, what was repeated left out. */
  bytes: number
  /** TCP: packets that carried only what was sent before. */
  repeated: number
}

/** An entry left the table. */
export interface StoryEnd {
  readonly kind: 'end'
  readonly after: number
  readonly state: string | null
  /** `timeout`: it expired; `packet`: a packet of this conversation ended it; `room`: another one needed its place. */
  by: 'timeout' | 'packet' | 'room'
  /** The packet that ended it; null for a timeout. */
  packet: number | null
  /** Seconds that it had when a packet gave it its last timeout; null for one of a saved table. */
  readonly timeout: number | null
  /** The packet that gave it that; null likewise. */
  readonly since: number | null
}

/** Lines that were left out, because there are too many. */
export interface StoryGap {
  readonly kind: 'gap'
  lines: number
  packets: number
}

export type StoryLine = StoryPacket | StoryRun | StoryEnd | StoryGap

/** Lines that are kept in all. */
const MOST_LINES = 400

/** Keeps the first and the last lines; what is between them is counted. */
export class StoryLines {
  readonly #first: StoryLine[] = []
  readonly #last: StoryLine[] = []
  readonly #gap: StoryGap = { kind: 'gap', lines: 0, packets: 0 }

  get last(): StoryLine | undefined {
    return this.#last[this.#last.length - 1] ?? this.#first[this.#first.length - 1]
  }

  push(line: StoryLine): void {
    if (this.#first.length < MOST_LINES / 2) {
      this.#first.push(line)
      return
    }
    this.#last.push(line)
    if (this.#last.length <= MOST_LINES / 2) return
    const [gone] = this.#last.splice(0, 1)
    this.#gap.lines++
    this.#gap.packets += packetsOf(gone!)
  }

  get all(): StoryLine[] {
    return this.#gap.lines === 0
      ? [...this.#first, ...this.#last]
      : [...this.#first, this.#gap, ...this.#last]
  }
}

/** Packets that a line stands for. */
export function packetsOf(line: StoryLine): number {
  switch (line.kind) {
    case 'packet':
      return 1 + line.more
    case 'run':
      return line.client.packets + line.server.packets
    case 'gap':
      return line.packets
    case 'end':
      return 0
  }
}
