/**
 * Captures for the benchmarks: TCP connections over IPv4 (or IPv6) in frames of 64 (84) bytes, a connection drawn at
 * random for each packet, about 26 packets each: handshake, data and ACKs, close; then a new one takes its place.
 *
 * The same seed gives the same bytes on any machine. Every packet is one that Linux tracks without INVALID.
 */
import { PCAP_HEADER_LENGTH, PCAP_MAGIC_MICRO } from '../src/capture/pcap.ts'

const RECORD_HEADER = 16
const ETHERNET = 14
const TCP = 20

/** Every connection waits so long between its packets, on average: well below every timeout of a closing one. */
const MEAN_GAP_MICROSECONDS = 2_000_000
const START_SECONDS = 1_700_000_000

/** Steps of a connection: SYN, SYN+ACK, ACK, then pairs of data and ACK, then FIN, FIN, ACK. */
const SYN = 0
const SYN_ACK = 1
const HANDSHAKE_ACK = 2
const DATA = 3
const DATA_ACK = 4
const FIN = 5
const FIN_BACK = 6
const LAST_ACK = 7

const FLAG_FIN = 0x01
const FLAG_SYN = 0x02
const FLAG_PSH = 0x08
const FLAG_ACK = 0x10

// Words of a connection: its number, how far it is (step, side that speaks, pairs left; side 0 is the client), and the
// next sequence number of either side.
const SERIAL = 0
const PROGRESS = 1
const NEXT = 2
const STEP_MASK = 0xf
const SPEAKER_SHIFT = 4
const PAIRS_SHIFT = 8

/** Pairs of data and ACK: 5 to 15, so 26 packets a connection on average. */
const LEAST_PAIRS = 5
const PAIR_CHOICES = 11
const LASTING_PAIRS = 0x7f_ffff
const PAYLOAD = 10
const WINDOW = 0xfaf0
/** MSS 1460, NOP, window scale 7. */
const SYN_OPTIONS = [0x02_04_05_b4, 0x01_03_03_07] as const

export interface TrafficOptions {
  /** Connections open at a time. */
  readonly connections: number
  readonly seed?: number
  readonly ipv6?: boolean
  /** Microseconds between packets; by default so that a connection speaks every two seconds. */
  readonly interval?: number
  /** Connections are numbered from here, so that two generators can make different ones. */
  readonly firstSerial?: number
  /** Connections stay open for more packets than anybody draws. */
  readonly lasting?: boolean
}

export class Traffic {
  /** Connections whose SYN was written, and packets. */
  opened = 0
  packets = 0
  readonly recordLength: number
  readonly #count: number
  readonly #ipv6: boolean
  readonly #interval: number
  #random: number
  #seconds = START_SECONDS
  #microseconds = 0
  #serial = 0
  /** Four words a connection, see below. */
  readonly #words: Int32Array

  constructor(options: TrafficOptions) {
    const count = options.connections
    this.#count = count
    this.#ipv6 = options.ipv6 ?? false
    this.#interval = options.interval ?? Math.max(1, Math.round(MEAN_GAP_MICROSECONDS / count))
    this.recordLength = RECORD_HEADER + ETHERNET + (this.#ipv6 ? 70 : 50)
    this.#random = options.seed ?? 0x5a117
    this.#serial = options.firstSerial ?? 0
    this.#words = new Int32Array(count * 4)
    for (let i = 0; i < count; i++) {
      // At the start of every age, so that opening and closing are as frequent as later on.
      if (options.lasting === true) this.#begin(i, LASTING_PAIRS, 1)
      else this.#begin(i, 0, LEAST_PAIRS + PAIR_CHOICES)
    }
  }

  /** The header of a capture file: pcap, little-endian, microseconds, Ethernet. */
  static fileHeader(): Uint8Array {
    const bytes = new Uint8Array(PCAP_HEADER_LENGTH)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, PCAP_MAGIC_MICRO, true)
    view.setUint16(4, 2, true)
    view.setUint16(6, 4, true)
    view.setUint32(16, 262_144, true)
    view.setUint32(20, 1, true)
    return bytes
  }

  /** Fills the array with whole records; returns how many. */
  fill(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const length = this.recordLength
    const records = Math.floor(bytes.length / length)
    for (let i = 0; i < records; i++) this.#write(view, i * length, this.#draw(this.#count))
    return records
  }

  /** The next packet of each connection in turn, beginning with connection `from`; returns how many fit in. */
  fillInTurn(bytes: Uint8Array, from: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const length = this.recordLength
    const records = Math.min(Math.floor(bytes.length / length), this.#count - from)
    for (let i = 0; i < records; i++) this.#write(view, i * length, from + i)
    return records
  }

  /** Below `below`; xorshift32. */
  #draw(below: number): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x
    return Math.floor(((x >>> 0) / 4_294_967_296) * below)
  }

  #begin(connection: number, leastPairs: number, choices: number): void {
    const words = this.#words
    const at = connection * 4
    words[at + SERIAL] = this.#serial++
    words[at + PROGRESS] = SYN | ((leastPairs + this.#draw(choices)) << PAIRS_SHIFT)
    words[at + NEXT] = this.#draw(0x1_0000_0000)
    words[at + NEXT + 1] = this.#draw(0x1_0000_0000)
  }

  #write(view: DataView, at: number, connection: number): void {
    const words = this.#words
    const progress = words[connection * 4 + PROGRESS]!
    const step = progress & STEP_MASK
    const speaker = (progress >>> SPEAKER_SHIFT) & 1
    const mine = connection * 4 + NEXT + speaker
    const sequence = words[mine]!
    const acknowledged = words[connection * 4 + NEXT + (speaker ^ 1)]!
    let flags = FLAG_ACK
    let payload = 0
    if (step === SYN) {
      flags = FLAG_SYN
      this.opened++
    } else if (step === SYN_ACK) flags |= FLAG_SYN
    else if (step === FIN || step === FIN_BACK) flags |= FLAG_FIN
    else if (step === DATA) {
      flags |= FLAG_PSH
      payload = PAYLOAD
    }
    words[mine] = (sequence + payload + ((flags & (FLAG_SYN | FLAG_FIN)) === 0 ? 0 : 1)) | 0

    view.setUint32(at, this.#seconds, true)
    view.setUint32(at + 4, this.#microseconds, true)
    const frame = this.recordLength - RECORD_HEADER
    view.setUint32(at + 8, frame, true)
    view.setUint32(at + 12, frame, true)
    const options = (flags & FLAG_SYN) === 0 ? 0 : 8
    const tcpLength = TCP + options + payload
    const transport = this.#network(
      view,
      at + RECORD_HEADER,
      words[connection * 4 + SERIAL]!,
      speaker,
      tcpLength,
    )
    view.setInt32(transport + 4, sequence)
    view.setInt32(transport + 8, (flags & FLAG_ACK) === 0 ? 0 : acknowledged)
    view.setInt32(transport + 12, (((TCP + options) / 4) << 28) | (flags << 16) | WINDOW)
    view.setInt32(transport + 16, 0)
    // Payload or padding, always the same ten bytes' room.
    view.setInt32(transport + 20, options === 0 ? payload * 0x0101_0101 : SYN_OPTIONS[0])
    view.setInt32(transport + 24, options === 0 ? payload * 0x0101_0101 : SYN_OPTIONS[1])
    view.setInt16(transport + 28, options === 0 ? payload * 0x0101 : 0)
    const addresses = this.#ipv6 ? transport - 32 : transport - 8
    view.setUint16(transport + 16, checksum(view, addresses, transport + tcpLength, 6 + tcpLength))

    this.#advance(connection, progress)
    this.packets++
    this.#microseconds += this.#interval
    if (this.#microseconds >= 1_000_000) {
      this.#seconds += Math.floor(this.#microseconds / 1_000_000)
      this.#microseconds %= 1_000_000
    }
  }

  /** Ethernet and IP header, and the ports; returns where TCP begins. */
  #network(view: DataView, at: number, serial: number, speaker: number, tcpLength: number): number {
    // A bijection over 31 bits spreads the serial number, so that no two connections share a tuple.
    const mixed = Math.imul(serial, 0x2c1b3c6d) & 0x7fff_ffff
    const client = mixed & 0xffff
    const server = (serial * 7) & 0xff
    const clientPort = 1024 + (mixed >>> 16)
    const serverPort = (serial & 1) === 0 ? 443 : 80
    view.setInt32(at, 0x0200_0000)
    view.setInt32(at + 4, 0x0001_0200)
    view.setInt32(at + 8, 0x0000_0002)
    view.setUint16(at + 12, this.#ipv6 ? 0x86dd : 0x0800)
    const ip = at + ETHERNET
    let transport = ip + 20
    if (this.#ipv6) {
      transport = ip + 40
      view.setInt32(ip, 0x6000_0000)
      view.setInt32(ip + 4, (tcpLength << 16) | (6 << 8) | 64)
      address6(view, speaker === 0 ? ip + 8 : ip + 24, 1, client)
      address6(view, speaker === 0 ? ip + 24 : ip + 8, 2, server)
    } else {
      view.setInt32(ip, (0x4500 << 16) | (20 + tcpLength))
      view.setInt32(ip + 4, 0x4000)
      view.setInt32(ip + 8, 0x4006_0000)
      view.setInt32(speaker === 0 ? ip + 12 : ip + 16, 0x0a00_0000 | client)
      view.setInt32(speaker === 0 ? ip + 16 : ip + 12, 0xc000_0200 | server)
      view.setUint16(ip + 10, checksum(view, ip, transport, 0))
    }
    view.setUint16(speaker === 0 ? transport : transport + 2, clientPort)
    view.setUint16(speaker === 0 ? transport + 2 : transport, serverPort)
    return transport
  }

  #advance(connection: number, progress: number): void {
    const step = progress & STEP_MASK
    if (step === LAST_ACK) {
      this.#begin(connection, LEAST_PAIRS, PAIR_CHOICES)
      return
    }
    let pairs = progress >>> PAIRS_SHIFT
    let next = step + 1
    if (step === DATA_ACK) pairs--
    if (step === HANDSHAKE_ACK || step === DATA_ACK) next = pairs > 0 ? DATA : FIN
    // Data and the first FIN come from either side, all else answers what came before.
    const answerer = ((progress >>> SPEAKER_SHIFT) & 1) ^ 1
    const speaker = next === DATA || next === FIN ? this.#draw(2) : answerer
    this.#words[connection * 4 + PROGRESS] = next | (speaker << SPEAKER_SHIFT) | (pairs << PAIRS_SHIFT)
  }
}

function address6(view: DataView, at: number, network: number, host: number): void {
  view.setInt32(at, 0x2001_0db8)
  view.setInt32(at + 4, network)
  view.setInt32(at + 8, 0)
  view.setInt32(at + 12, host)
}

/** The Internet checksum (RFC 1071); apart from the engine's, so that an error of that one shows. */
function checksum(view: DataView, start: number, end: number, initial: number): number {
  let sum = initial
  for (let at = start; at < end; at += 2) sum += view.getUint16(at)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
