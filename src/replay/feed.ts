/** Packets one by one, by hand or from somewhere else than a capture. */
import { Outcome } from '../conntrack/outcome.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { decodeFrame } from '../packet/decode.ts'
import { LINKTYPE_RAW } from '../packet/link-type.ts'
import { Packet } from '../packet/packet.ts'
import type { PacketRecord } from './record.ts'
import { recordOf } from './record-of.ts'

/** What the bytes of a packet do not say. */
export interface FeedOptions {
  /**
   * Seconds since 1970 UTC, 0–9,007,199,254 (the year 2255), to the microsecond. Time does not run backwards: a packet
   * that is earlier than the one before is tracked at that one's time.
   */
  readonly seconds: number
  /** LINKTYPE_* of the bytes, 0–65535; 101 (raw IP) unless given. */
  readonly linkType?: number
  /** `DIRECTION_INCOMING` or `DIRECTION_OUTGOING`, whose checksums are not verified; unknown (0) unless given. */
  readonly direction?: number
}

/** Microseconds are counted exactly up to there. */
const LAST_SECOND = Math.floor(Number.MAX_SAFE_INTEGER / 1e6)

/**
 * Sends packets through a firewall one by one, and tells of each what `sallyport replay --json` would.
 *
 * ```ts
 * import { buildPacket, Feed, Firewall, Tracker } from 'sallyport'
 *
 * const feed = new Feed(new Firewall(new Tracker()))
 * const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'S' }
 * const syn = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
 * const { ctstate, entry } = feed.send(syn, { seconds: 1_700_000_000 })
 * console.log(ctstate, entry?.state)
 * ```
 */
export class Feed {
  readonly #firewall: Firewall
  readonly #packet = new Packet()
  readonly #tuple = new Tuple()
  readonly #outcome = new Outcome()
  #packets = 0

  /** Several feeds of one firewall share its table and its clock. */
  constructor(firewall: Firewall) {
    this.#firewall = firewall
  }

  /**
   * Sends one packet on its way and tells what became of it. Bytes that are no packet are told so, and never throw.
   *
   * @throws RangeError where `seconds` is out of its range or no number; nothing has happened then.
   */
  send(bytes: Uint8Array, { seconds, linkType = LINKTYPE_RAW, direction = 0 }: FeedOptions): PacketRecord {
    if (!(seconds >= 0 && seconds <= LAST_SECOND))
      throw new RangeError(`seconds is a number from 0 to ${LAST_SECOND}, not ${seconds}`)
    const packet = this.#packet
    const microseconds = Math.round(seconds * 1e6)
    packet.seconds = Math.floor(microseconds / 1e6)
    packet.nanoseconds = (microseconds - packet.seconds * 1e6) * 1000
    packet.frame = ++this.#packets
    packet.direction = direction
    packet.frameBytes = bytes
    packet.frameEnd = bytes.length
    packet.frameLength = bytes.length
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeFrame(
      packet,
      view,
      bytes,
      0,
      bytes.length,
      bytes.length,
      linkType,
      this.#firewall.tracker.headerCheck,
    )
    this.#firewall.prepare(packet, this.#tuple)
    this.#firewall.process(packet, this.#tuple, this.#outcome)
    const firewall = this.#firewall
    const source = { names: [], interfaces: [], tracker: firewall.tracker, firewall }
    return recordOf(source, packet, this.#outcome, this.#packets)
  }
}
