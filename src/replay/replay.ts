/** Runs a capture through the firewall: packet by packet, in batches, stopping where somebody wants to look. */
import type { MergedCapture } from '../capture/merge.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import { CHANGED_ASSURED, CHANGED_NEW, CHANGED_REPLY, DROPPED_BY_NOBODY } from '../conntrack/outcome-words.ts'
import type { PlainPath } from '../conntrack/tcp/plain-path.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { FlowWay } from '../firewall/flow-way.ts'
import { decodeRecord } from '../packet/decode.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import { FAMILY_IPV4, ISSUE_NONE, Packet, PROTOCOL_TCP, TCP_ACK, TCP_SYN } from '../packet/packet.ts'
import { Station, type StationOptions } from './station.ts'
import { ETHERNET_MTU, Summary } from './summary.ts'

/** So many packets are decoded, and their entries read ahead, before the first of them is judged. */
const BATCH = 64

/** A moment to look at the table: a time (the table as it is then, ahead of later packets), or just after a packet. */
export type Moment =
  | { readonly kind: 'time'; readonly seconds: number; readonly nanoseconds: number }
  | { readonly kind: 'packet'; readonly packet: number }
  | { readonly kind: 'frame'; readonly file: number; readonly frame: number }

/** Seconds since 1970 UTC, and nanoseconds. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

/** Who looks on while a capture runs. What it throws ends the run and comes out of `run()`. */
export interface ReplayObserver {
  /** Ahead of the first packet, with the tracker's clock at its time; answers the moments to look at. */
  onStart?(start: Instant): readonly Moment[]
  /** After each packet; both objects are reused. `number` counts packets over the whole run, from 1. */
  onPacket?(packet: Packet, outcome: Outcome, number: number): void
  /**
   * The same, only for packets with a reason, those that were dropped, and those that began, answered or assured their
   * connection. Without `onPacket` most of the others take a shorter way, in half the time.
   */
  onNotablePacket?(packet: Packet, outcome: Outcome, number: number): void
  /** At each moment, with the tracker's clock there and all that expired taken away. */
  onMoment?(moment: Moment): void
  /** Each time more input was read: bytes so far, packed where they are gzip. */
  onProgress?(bytesRead: number): void
}

interface Place {
  readonly packet: Packet
  readonly tuple: Tuple
}

/**
 * Runs a capture through a firewall.
 *
 * ```ts
 * import { createReadStream } from 'node:fs'
 * import { Firewall, MergedCapture, reasonData, Replay, Tracker } from 'sallyport'
 *
 * const chunks = createReadStream('examples/first-look.pcapng')
 * const capture = new MergedCapture([{ name: 'first-look', chunks }])
 * const replay = new Replay(capture, new Firewall(new Tracker()), {
 *   onPacket(packet, outcome, number) {
 *     for (const { code } of reasonData(outcome.reasons)) console.log(number, packet.length, code)
 *   },
 * })
 * await replay.run()
 * console.log(replay.summary.ctstates)
 * ```
 */
export class Replay {
  /** What is run; its `problems` are those of the run. */
  readonly capture: MergedCapture
  /** What the packets go through. */
  readonly firewall: Firewall
  /** The firewall's tracker: its table is that of the moment. */
  readonly tracker: Tracker
  /** Totals up to the moment; complete behind `run()`. */
  readonly summary: Summary
  /** Behind `run()`: moments after packets that the capture does not have. */
  missed: readonly Moment[] = []
  #moments: Moment[] = []
  readonly #observer: ReplayObserver
  readonly #station: Station
  readonly #batch: readonly Place[] = Array.from({ length: BATCH }, () => ({
    packet: new Packet(),
    tuple: new Tuple(),
  }))
  readonly #hashes = new Int32Array(BATCH)
  /** Where the IP header begins of a packet that is plain so far, and not decoded yet; negative for a SYN; else 0. */
  readonly #networks = new Int32Array(BATCH)
  readonly #references = new Int32Array(BATCH)
  /** Packets of the batch in hand may go the short way. */
  #isShort = false
  /** The last packet that was asked to go the short way does not, although it may have looked so. */
  #isRefused = false
  /** Keeps reading ahead from being optimised away. */
  #sink = 0

  /** Reads nothing yet; that begins with `run()`. A capture runs once. */
  constructor(
    capture: MergedCapture,
    firewall: Firewall,
    observer: ReplayObserver = {},
    options: StationOptions = {},
  ) {
    this.#station = new Station(firewall, options)
    this.capture = capture
    this.firewall = firewall
    this.tracker = firewall.tracker
    this.summary = new Summary(firewall.tracker)
    this.#observer = observer
  }

  /** Runs to the end of the capture. What goes wrong in it is listed in `capture.problems`; only observers throw. */
  async run(): Promise<void> {
    do {
      while (this.#runBatch()) {}
      this.#observer.onProgress?.(this.capture.bytesRead)
    } while (await this.capture.fill())
    // A time behind the last packet shows the table as it would be then; a packet that never came shows nothing.
    this.missed = this.#moments.filter((moment) => moment.kind !== 'time')
    for (const moment of this.#moments) if (moment.kind === 'time') this.#lookAt(moment)
    const { expired, pending } = this.firewall.reassembler
    this.summary.finish(expired + pending)
  }

  /** False when the capture has no further packet at hand. */
  #runBatch(): boolean {
    let plain = this.firewall.flowWays?.pays === false ? null : this.#plainPath()
    this.#isShort = plain !== null
    const count = this.#readBatch(plain)
    if (count === 0) return false
    this.#sink ^= this.tracker.table.lookAhead(this.#hashes, this.#references, count)
    for (let place = 0; place < count; place++) {
      if (plain !== null) {
        place = this.#runPlain(plain, place, count)
        if (place === count) break
      }
      this.#runOne(place)
      plain = this.#plainPath()
    }
    return count === BATCH
  }

  /** The short way, or null where somebody looks at every packet. */
  #plainPath(): PlainPath | null {
    const isSeen =
      this.#observer.onPacket !== undefined ||
      this.#moments.length > 0 ||
      this.summary.packets === 0 ||
      !this.#station.isShort
    return isSeen ? null : this.tracker.plain
  }

  /** From a place on, while packets go the short way: the place of the first that does not. */
  #runPlain(plain: PlainPath, from: number, count: number): number {
    const { tracker, firewall } = this
    const { flowWays } = firewall
    let way: FlowWay | null = null
    let packets = 0
    let bytes = 0
    let openings = 0
    let replies = 0
    let oversize = 0
    let seconds = Number.NEGATIVE_INFINITY
    let nanoseconds = 0
    let place = from
    this.#isRefused = false
    for (; place < count; place++) {
      const network = this.#networks[place]!
      const { record } = this.#batch[place]!.packet
      // Time that runs backwards is counted, once.
      if (network === 0 || tracker.clock.isBehind(record.seconds, record.nanoseconds)) break
      const next = flowWays === null ? null : flowWays.of(record, network, this.#references[place]!)
      if (flowWays !== null && (next === null || this.#station.mayBeSilent(this.#hashes[place]!))) break
      tracker.setTime(record.seconds, record.nanoseconds)
      let found = -1
      if (network > 0) {
        found = tracker.trackFrame(record, network, this.#references[place]!)
        if (found < 0) {
          this.#isRefused = true
          break
        }
        if (next !== way) {
          if (way !== null) firewall.countWay(way, packets, bytes)
          way = next
          packets = 0
          bytes = 0
        }
        packets++
        bytes += plain.length
        if ((plain.changes & CHANGED_ASSURED) !== 0) this.#tellAssured(place, found, place - from)
        if (plain.length > ETHERNET_MTU) oversize++
      } else {
        found = tracker.openFrame(record, -network, this.#hashes[place]!)
        if (found < 0) break
        openings += 1 - (found & 1)
        this.#tellOpening(place, found, place - from)
      }
      replies += found & 1
      if (record.seconds > seconds) {
        seconds = record.seconds
        nanoseconds = record.nanoseconds
      } else if (record.nanoseconds > nanoseconds && record.seconds === seconds)
        nanoseconds = record.nanoseconds
    }
    if (way !== null) firewall.countWay(way, packets, bytes)
    flowWays?.note(place - from, place < count && this.#networks[place] !== 0)
    if (place > from) this.summary.addPlain(place - from, openings, replies, oversize, seconds, nanoseconds)
    return place
  }

  /** A packet on its short way, which nobody has decoded, assured its connection; `earlier` ones are still to be counted. */
  #tellAssured(place: number, found: number, earlier: number): void {
    if (this.#observer.onNotablePacket === undefined) return
    const { packet } = this.#batch[place]!
    const { outcome } = this.#station
    decodeRecord(packet, this.tracker.headerCheck)
    outcome.reset()
    this.tracker.fillPlain(outcome, found)
    this.#observer.onNotablePacket(packet, outcome, this.summary.packets + earlier + 1)
  }

  /** The same of one that began its connection, or answered it first. */
  #tellOpening(place: number, found: number, earlier: number): void {
    this.summary.noteCount()
    if (this.#observer.onNotablePacket === undefined) return
    const { packet } = this.#batch[place]!
    const { outcome } = this.#station
    decodeRecord(packet, this.tracker.headerCheck)
    outcome.reset()
    this.tracker.fillOpening(outcome, found)
    this.#observer.onNotablePacket(packet, outcome, this.summary.packets + earlier + 1)
  }

  /** The way of all others. */
  #runOne(place: number): void {
    const { packet, tuple } = this.#batch[place]!
    const { outcome } = this.#station
    const isTried = this.#networks[place] !== 0
    if (isTried) {
      decodeRecord(packet, this.tracker.headerCheck)
      this.firewall.prepare(packet, tuple)
    }
    tuple.ahead = isTried && this.#isRefused ? -1 : this.#references[place]! || -1
    const number = this.summary.packets + 1
    if (number === 1) this.#start(packet)
    if (this.#moments.length > 0) this.#lookBefore(packet)
    this.#station.take(packet, tuple, number)
    if (isTried || (this.#isShort && isAnswer(packet)))
      this.firewall.learnWay(packet.record, packet.networkOffset)
    this.summary.add(packet, outcome)
    this.#observer.onPacket?.(packet, outcome, number)
    if (this.#observer.onNotablePacket !== undefined && isNotable(outcome))
      this.#observer.onNotablePacket(packet, outcome, number)
    if (this.#moments.length > 0) this.#lookAfter(packet, number)
  }

  #start(packet: Packet): void {
    this.tracker.setTime(packet.seconds, packet.nanoseconds)
    this.#moments = [...(this.#observer.onStart?.(packet) ?? [])]
  }

  #readBatch(plain: PlainPath | null): number {
    const { hasRules } = this.firewall
    let count = 0
    for (; count < BATCH; count++) {
      const { packet, tuple } = this.#batch[count]!
      if (!this.capture.next(packet.record)) break
      let network = plain === null ? 0 : plain.begin(packet.record)
      // Rules see each packet that opens a connection.
      if (network < 0 && hasRules) network = 0
      this.#networks[count] = network
      if (plain !== null && network !== 0) {
        this.#hashes[count] = plain.hash
        continue
      }
      decodeRecord(packet, this.tracker.headerCheck)
      this.firewall.prepare(packet, tuple)
      this.#hashes[count] = tuple.hash
    }
    return count
  }

  #lookBefore(packet: Packet): void {
    this.#take(
      (moment) =>
        moment.kind === 'time' &&
        (moment.seconds < packet.seconds ||
          (moment.seconds === packet.seconds && moment.nanoseconds < packet.nanoseconds)),
    )
  }

  #lookAfter(packet: Packet, number: number): void {
    this.#take((moment) =>
      moment.kind === 'packet'
        ? moment.packet === number
        : moment.kind === 'frame' && moment.file === packet.file && moment.frame === packet.frame,
    )
  }

  #take(isDue: (moment: Moment) => boolean): void {
    const due = this.#moments.filter(isDue)
    for (const moment of due) {
      this.#moments.splice(this.#moments.indexOf(moment), 1)
      this.#lookAt(moment)
    }
  }

  #lookAt(moment: Moment): void {
    if (moment.kind === 'time') this.tracker.setTime(moment.seconds, moment.nanoseconds)
    this.tracker.settle()
    this.#observer.onMoment?.(moment)
  }
}

function isNotable({ changes, droppedBy, reasons }: Outcome): boolean {
  const isTurn = (changes & (CHANGED_NEW | CHANGED_REPLY | CHANGED_ASSURED)) !== 0
  return isTurn || reasons.count !== 0 || droppedBy !== DROPPED_BY_NOBODY
}

/** Is it a SYN+ACK in IPv4, right behind the header of an Ethernet frame? */
function isAnswer({ protocol, tcpFlags, issue, networkOffset, family, record, linkType }: Packet): boolean {
  return (
    protocol === PROTOCOL_TCP &&
    (tcpFlags & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK) &&
    family === FAMILY_IPV4 &&
    issue === ISSUE_NONE &&
    linkType === LINKTYPE_ETHERNET &&
    networkOffset === record.start + 14
  )
}
