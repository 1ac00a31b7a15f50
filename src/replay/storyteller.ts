/** Follows one conversation through a run, and tells its story. For output only, it allocates. */
import { DEADLINE, STATUS } from '../conntrack/entry.ts'
import { entryOf, type Outcome } from '../conntrack/outcome.ts'
import { REASONS } from '../conntrack/reason.ts'
import { ORIGINAL, REPLY, STATUS_DST_NAT, STATUS_SRC_NAT } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { viewEntry } from '../conntrack/view-entry.ts'
import { type Packet, PROTOCOL_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../packet/packet.ts'
import type { FlowTuples } from './flow-tuples.ts'
import type { Former } from './former.ts'
import type { PacketRecord, RecordEntry } from './record.ts'
import { recordEntry } from './record-of.ts'
import { SequenceSpace } from './sequence-space.ts'
import { type Side, type StoryEnd, StoryLines, type StoryPacket, type StoryRun } from './story.ts'

/** The packet that changed an entry's state last. */
export interface Closing {
  readonly packet: number
  /** Since 1970 UTC. */
  readonly seconds: number
  readonly from: Side
  /** As in a record; '' for what is no TCP. */
  readonly tcpFlags: string
  readonly direction: 'original' | 'reply' | null
}

/** The entry of the conversation as it was after the packet that changed it last. */
interface Known {
  readonly id: number
  readonly view: RecordEntry
  readonly translated: boolean
  /** Ticks since 1970. */
  readonly deadline: number
  /** Seconds that it had then, and the packet that gave them; null for an entry of a saved table. */
  readonly timeout: number | null
  readonly since: number | null
}

export class Storyteller {
  /** What was told so far. */
  readonly lines = new StoryLines()
  /** The last connection of the conversation that ended, or null. */
  former: Former | null = null
  /** What gave that one the state that it ended in; null: none was seen. */
  closedBy: Closing | null = null
  /** How that one came by its timeout; null where no packet gave it one. */
  lastTimeout: { readonly seconds: number; readonly packet: number } | null = null
  /** Packets of the conversation so far, by side. */
  readonly packets = { client: 0, server: 0, other: 0 }
  readonly #tracker: Tracker
  readonly #tuples: FlowTuples
  /** A packet that is told for itself, whatever it is. */
  readonly #focus: number
  readonly #tuple = new Tuple()
  readonly #ids = new Set<number>()
  readonly #spaces = [new SequenceSpace(), new SequenceSpace()] as const
  #known: Known | null = null
  /** The direction, as the tuples have it, in which the client sends; -1 until it is known. */
  #clientSends = -1
  /** Of the first packet. */
  #start: { readonly seconds: number; readonly nanoseconds: number } | null = null
  #pending: StoryEnd | null = null
  /** What the packet that was judged last deleted. */
  #deleted: Known | null = null
  /** What gave the entry its present state. */
  #closing: Closing | null = null

  /** Is told by the tracker from now on. */
  constructor(tracker: Tracker, tuples: FlowTuples, focus: number) {
    this.#tracker = tracker
    this.#tuples = tuples
    this.#focus = focus
    tracker.onEnd = (entry, ticks) => this.#onEnd(entry, ticks)
  }

  /** The entry at the tracker's time, as the packet that was judged last found it; null for none. To be asked ahead of `add`. */
  get entry(): RecordEntry | null {
    return this.#viewNow(this.#known ?? this.#deleted)
  }

  /** The entry at the tracker's time; null for none. */
  get current(): RecordEntry | null {
    return this.#viewNow(this.#known)
  }

  /** NAT changes the addresses or ports of the living entry. */
  get isTranslated(): boolean {
    return (this.#known ?? this.#deleted)?.translated === true
  }

  /** An entry of the conversation that was in the table before the run. */
  begin(number: number): void {
    this.#know(number, null)
  }

  /** Does the packet belong to the conversation? Of any packet: also what does not is to be told. */
  belongs(packet: Packet, outcome: Outcome, number: number): boolean {
    const entry = entryOf(outcome)
    this.#tracker.prepare(packet, this.#tuple)
    const belongs =
      (this.#tuple.usable && this.#tuples.directionOf(this.#tuple) >= 0) ||
      (entry >= 0 && this.#ids.has(this.#tracker.id(entry))) ||
      number === this.#focus
    if (this.#pending === null) this.#deleted = null
    else {
      this.#pending.packet = number
      this.#pending.by = belongs ? 'packet' : 'room'
      this.#pending = null
    }
    return belongs
  }

  /** Who sent the packet that `belongs` was asked about last. */
  get sender(): Side {
    return this.#sideOf(this.#tuple.usable ? this.#tuples.directionOf(this.#tuple) : -1)
  }

  /** A packet that belongs to it; answers who sent it. */
  add(packet: Packet, outcome: Outcome, record: PacketRecord): Side {
    const seconds = packet.seconds + packet.nanoseconds / 1e9
    const after = this.#after(packet.seconds, packet.nanoseconds)
    this.#expireUntold()
    const direction = this.#tuple.usable ? this.#tuples.directionOf(this.#tuple) : -1
    this.#meetClient(packet, direction)
    const before = this.#known?.view ?? null
    if (outcome.entry >= 0) this.#know(outcome.entry, record.packet)
    const from = this.#sideOf(direction)
    this.packets[from ?? 'other']++
    const told = this.#tell(packet, record, direction, after)
    if (record.packet !== this.#focus && isPlain(packet, record, before)) {
      this.#run(told)
      return from
    }
    if (record.entry !== null && record.entry.state !== before?.state)
      this.#closing = {
        packet: record.packet,
        seconds,
        from,
        tcpFlags: record.tcpFlags ?? '',
        direction: direction < 0 ? null : direction === ORIGINAL ? 'original' : 'reply',
      }
    const { last } = this.lines
    if (last?.kind === 'packet' && record.packet !== this.#focus && isAlike(last, told)) {
      last.more++
      last.lastPacket = told.packet
      last.lastAfter = after
    } else this.lines.push(told)
    return from
  }

  /** Seconds since the first packet, exact to the nanosecond. */
  #after(seconds: number, nanoseconds: number): number {
    this.#start ??= { seconds, nanoseconds }
    const after = seconds - this.#start.seconds + (nanoseconds - this.#start.nanoseconds) / 1e9
    return Number(after.toFixed(9))
  }

  #tell(packet: Packet, record: PacketRecord, direction: number, after: number): StoryPacket {
    const { reasons, ctstate, verdict, decidedBy, entry } = record
    return {
      kind: 'packet',
      packet: record.packet,
      after,
      from: this.#sideOf(direction),
      ...(record.tcpFlags === undefined ? {} : this.#segment(packet, record, direction)),
      ...(record.type === undefined ? {} : { type: record.type, code: record.code ?? 0 }),
      bytes: payloadOf(packet),
      ctstate,
      verdict,
      decidedBy,
      reasons,
      state: entry?.state ?? null,
      timeout: entry?.timeout ?? null,
      flags: entry?.flags ?? null,
      more: 0,
      lastPacket: record.packet,
      lastAfter: after,
    }
  }

  #segment(packet: Packet, record: PacketRecord, direction: number) {
    const tcpFlags = record.tcpFlags!
    if (direction < 0) return { tcpFlags }
    const own = this.#spaces[direction as 0 | 1]
    const other = this.#spaces[(1 - direction) as 0 | 1]
    const flags = packet.tcpFlags
    const opens = record.reasons.some(
      ({ code }) => code === 'tcp-reopened' || code === 'tcp-resynchronised' || code === 'tcp-picked-up',
    )
    const begins = (flags & TCP_SYN) !== 0 && !record.reasons.some(({ code }) => code === 'tcp-ignored')
    if (opens || (begins && (flags & TCP_ACK) === 0 && record.ctstate === 'NEW')) other.reset()
    if (begins) own.begin(packet.sequence)
    else if (opens) own.reset()
    // An RST without ACK may have any number, and one that answers a SYN has 0.
    const counts = (flags & TCP_RST) === 0
    const sequence = own.relative(packet.sequence)
    const length = payloadOf(packet) + ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0)
    const repeated = counts && own.isRepeated(sequence, length)
    return {
      tcpFlags,
      sequence,
      ...((flags & TCP_ACK) === 0 ? {} : { acknowledgment: other.relative(packet.acknowledgment) }),
      ...(repeated ? { repeated: true as const } : {}),
    }
  }

  #run(told: StoryPacket): void {
    const { last } = this.lines
    let run: StoryRun
    if (last?.kind === 'run') run = last
    else {
      const share = () => ({ packets: 0, bytes: 0, repeated: 0 })
      const { packet, after } = told
      run = {
        kind: 'run',
        packet,
        lastPacket: packet,
        after,
        lastAfter: after,
        client: share(),
        server: share(),
      }
      this.lines.push(run)
    }
    run.lastPacket = told.packet
    run.lastAfter = told.after
    const share = told.from === 'server' ? run.server : run.client
    share.packets++
    if (told.repeated === true) share.repeated++
    else share.bytes += told.bytes
  }

  #meetClient(packet: Packet, direction: number): void {
    if (this.#clientSends >= 0 || direction < 0) return
    const other = direction === ORIGINAL ? REPLY : ORIGINAL
    if (packet.protocol === PROTOCOL_TCP && (packet.tcpFlags & TCP_SYN) !== 0)
      this.#clientSends = (packet.tcpFlags & TCP_ACK) !== 0 ? other : direction
    // In mid-stream, servers have the lower port.
    else this.#clientSends = packet.sourcePort < packet.destinationPort ? other : direction
  }

  #sideOf(direction: number): Side {
    if (direction < 0) return null
    return direction === this.#clientSends ? 'client' : 'server'
  }

  #viewNow(known: Known | null): RecordEntry | null {
    const { clock } = this.#tracker
    const left = known === null ? 0 : known.deadline - clock.ticks
    return known === null || left <= 0 ? null : { ...known.view, timeout: Math.floor(left / clock.hz) }
  }

  #know(number: number, packet: number | null): void {
    const { table, clock } = this.#tracker
    const words = table.words(number)
    const at = table.at(number)
    const deadline = clock.ticks + ((words[at + DEADLINE]! - clock.now) | 0)
    const id = this.#tracker.id(number)
    this.#ids.add(id)
    const known = this.#known
    const isRefreshed = known === null || known.id !== id || known.deadline !== deadline
    this.#known = {
      id,
      view: recordEntry(viewEntry(this.#tracker, number, clock.now)),
      translated: (words[at + STATUS]! & (STATUS_SRC_NAT | STATUS_DST_NAT)) !== 0,
      deadline,
      timeout: !isRefreshed
        ? known.timeout
        : packet === null
          ? null
          : Math.round((deadline - clock.ticks) / clock.hz),
      since: isRefreshed ? packet : known.since,
    }
  }

  /** Nobody has met the entry since it expired: it is told as if somebody had. */
  #expireUntold(): void {
    const known = this.#known
    if (known !== null && known.deadline <= this.#tracker.clock.ticks) this.#end(known, known.deadline)
  }

  #onEnd(entry: number, ticks: number): void {
    const known = this.#known
    if (known !== null && this.#tracker.id(entry) === known.id) this.#end(known, ticks)
  }

  /** `ticks` as in `EventListener`. */
  #end(known: Known, ticks: number): void {
    const { clock } = this.#tracker
    const { view, timeout, since, translated } = known
    const ended = ticks < 0 ? clock.seconds + clock.nanoseconds / 1e9 : ticks / clock.hz
    const whole = ticks < 0 ? clock.seconds : Math.floor(ticks / clock.hz)
    const nanoseconds =
      ticks < 0 ? clock.nanoseconds : Math.round((ticks - whole * clock.hz) * (1e9 / clock.hz))
    const end: StoryEnd = {
      kind: 'end',
      after: this.#after(whole, nanoseconds),
      state: view.state,
      by: ticks < 0 ? 'packet' : 'timeout',
      packet: null,
      timeout,
      since,
    }
    this.lines.push(end)
    if (ticks < 0) {
      this.#pending = end
      this.#deleted = known
    }
    this.lastTimeout = timeout === null || since === null ? null : { seconds: timeout, packet: since }
    this.former = {
      protocol: view.protocol,
      state: view.state,
      endedBy: ticks < 0 ? 'packet' : 'timeout',
      ended,
      lastFrom: this.#closing?.direction ?? null,
      answered: !view.flags.includes('UNREPLIED'),
      translated,
      original: view.original,
      reply: view.reply,
    }
    this.closedBy = this.#closing
    this.#closing = null
    this.#known = null
  }
}

/** Bytes behind the transport header, by the IP length. */
function payloadOf({ protocol, transportLength, tcpHeaderLength }: Packet): number {
  const header = protocol === PROTOCOL_TCP ? tcpHeaderLength : 8
  return Math.max(0, transportLength - header)
}

/** Nothing about it is worth a line of its own. */
function isPlain(
  { tcpFlags, protocol }: Packet,
  { reasons, verdict, ctstate, entry, answers }: PacketRecord,
  before: RecordEntry | null,
): boolean {
  if (ctstate !== 'ESTABLISHED' || entry === null || before === null || answers !== undefined) return false
  if (verdict !== 'ACCEPT' && verdict !== null) return false
  if (protocol === PROTOCOL_TCP && (tcpFlags & (TCP_SYN | TCP_FIN | TCP_RST)) !== 0) return false
  if (entry.state !== before.state || entry.flags.join() !== before.flags.join()) return false
  return reasons.every(({ code }) => isOrdinary.has(code))
}

/** Reasons that are counted only. */
const isOrdinary: ReadonlySet<string> = new Set(
  REASONS.filter(({ kind }) => kind === 'plain').map(({ code }) => code),
)

/** Would the line of one say the same as that of the other? */
function isAlike(a: StoryPacket, b: StoryPacket): boolean {
  return (
    a.from === b.from &&
    a.tcpFlags === b.tcpFlags &&
    a.type === b.type &&
    a.ctstate === b.ctstate &&
    a.verdict === b.verdict &&
    a.state === b.state &&
    a.reasons.map(({ code }) => code).join() === b.reasons.map(({ code }) => code).join() &&
    JSON.stringify(a.decidedBy) === JSON.stringify(b.decidedBy)
  )
}
