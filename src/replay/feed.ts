/** Packets one by one, by hand or from somewhere else than a capture. */
import { Outcome } from '../conntrack/outcome.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { decodeFrame } from '../packet/decode.ts'
import { LINKTYPE_RAW } from '../packet/link-type.ts'
import { Packet } from '../packet/packet.ts'
import type { PacketRecord } from './record.ts'
import { recordOf } from './record-of.ts'

export interface FeedOptions {
  /** Seconds since 1970 UTC; a fraction counts to the microsecond. Must not run backwards. */
  readonly seconds: number
  /** LINKTYPE_* of the bytes; 101 (raw IP) unless given. */
  readonly linkType?: number
  /** DIRECTION_* of packet/packet.ts; what a host sends itself (2) has its checksums not verified. */
  readonly direction?: number
}

export class Feed {
  readonly #firewall: Firewall
  readonly #packet = new Packet()
  readonly #tuple = new Tuple()
  readonly #outcome = new Outcome()
  #packets = 0

  constructor(firewall: Firewall) {
    this.#firewall = firewall
  }

  /** Sends one packet on its way and tells what became of it. Bytes that are no packet are told so; nothing throws. */
  send(bytes: Uint8Array, { seconds, linkType = LINKTYPE_RAW, direction = 0 }: FeedOptions): PacketRecord {
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
    decodeFrame(packet, view, bytes, 0, bytes.length, bytes.length, linkType)
    this.#firewall.prepare(packet, this.#tuple)
    this.#firewall.process(packet, this.#tuple, this.#outcome)
    const source = { names: [], interfaces: [], tracker: this.#firewall.tracker }
    return recordOf(source, packet, this.#outcome, this.#packets)
  }
}
