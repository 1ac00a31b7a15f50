/**
 * The way of the segment that nearly every segment is: an ACK or a FIN in IPv4, with or without data, within the windows
 * of a connection that both sides have opened, and not seen before. It goes straight from the frame's bytes to the entry's
 * words, in one function that reads each of them once; a third of the time of the general way through tracker.ts, tcp/tracker.ts
 * and window.ts. plain-path.test.ts holds the two to each other.
 *
 * `| 0` and `at | WORD` (an entry begins at a multiple of 32) spare V8 a check of overflow each.
 */
import type { CaptureRecord } from '../../packet/capture-record.ts'
import { addRest, addSum, addWord } from '../../packet/checksum.ts'
import {
  PROTOCOL_TCP,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
} from '../../packet/constants.ts'
import { ETHERTYPE_IPV4 } from '../../packet/link.ts'
import { LINKTYPE_ETHERNET } from '../../packet/link-type.ts'
import type { Clock } from '../clock.ts'
import { ticksOf } from '../clock.ts'
import {
  DEADLINE,
  DESTINATION,
  FLOW,
  FLOW_LAST_DIRECTION_SHIFT,
  FLOW_LAST_INDEX_SHIFT,
  FLOW_SCALE_SHIFT,
  FLOW_STATE_MASK,
  FLOW_STATE_SHIFT,
  PORTS,
  PROTOCOL,
  SOURCE,
  STATUS,
  TCP_END,
  TCP_LAST,
  TCP_LAST_ACK,
  TCP_LAST_END,
  TCP_LAST_SEQ,
  ZONES,
} from '../entry.ts'
import type { FlowHash } from '../hash.ts'
import { CHANGED_ASSURED, CHANGED_STATE } from '../outcome-words.ts'
import type { Settings } from '../settings.ts'
import {
  STATUS_ACCOUNTED,
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_FIXED_TIMEOUT,
  STATUS_OWN_TIMEOUTS,
  STATUS_SEEN_REPLY,
  STATUS_SEQ_ADJUST,
  STATUS_SRC_NAT,
} from '../status.ts'
import type { StateTable } from '../table.ts'
import { mayBeLate } from '../wheel.ts'
import {
  END,
  FLAG_CLOSE_INIT,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  LEAST_ACK_WINDOW,
  MAXACK,
  MAXEND,
  MAXWIN,
} from './side-words.ts'
import {
  ESTABLISHED,
  FIN_WAIT,
  IGNORE,
  INVALID,
  KIND_ACK,
  KIND_FIN,
  KIND_SYN,
  LAST_ACK,
  nextState,
  SYN_RECV,
  TIME_WAIT,
  TIMEOUT_UNACKNOWLEDGED,
} from './state.ts'

/** NOP, NOP, timestamps: what most segments of today have for options. */
const TIMESTAMPS = 0x0101080a

/** By FIN << 5 | direction << 4 | state: the next state, or 0 where the general way has something special to do. */
const plainNext = Uint8Array.from({ length: 64 }, (_, index) => {
  const state = index & 15
  if (state < SYN_RECV || state > TIME_WAIT) return 0
  const next = nextState((index >>> 4) & 1, index < 32 ? KIND_ACK : KIND_FIN, state)
  return next === INVALID || next === IGNORE || next === SYN_RECV ? 0 : next
})

export class PlainPath {
  /** IP length of the frame tracked last. */
  length = 0
  /** CHANGED_* of the segment tracked last. */
  changes = 0
  readonly #table: StateTable
  readonly #segments: readonly Int32Array[]
  readonly #hash: FlowHash
  readonly #clock: Clock
  readonly #settings: Settings

  constructor(table: StateTable, clock: Clock, settings: Settings) {
    this.#table = table
    this.#segments = table.entries.segments
    this.#hash = table.flowHash
    this.#clock = clock
    this.#settings = settings
  }

  /** Hash of the flow of the frame that `begin` looked at last. */
  hash = 0

  /**
   * Is it a frame that `trackFrame` may be given: TCP in IPv4 in Ethernet, with a right header that has no options and is no
   * fragment's? Where that header begins, or 0; negative for a frame with a SYN, which is `OpeningPath`'s. Then the flow's hash is in
   * `hash`. As `decodePlainTcp`.
   */
  begin(record: CaptureRecord): number {
    const { view, start, end, originalLength } = record
    const captured = (end - start) | 0
    if (record.linkType !== LINKTYPE_ETHERNET || captured < 54) return 0
    const word0 = view.getInt32((start + 14) | 0)
    const word1 = view.getInt32((start + 18) | 0)
    const word2 = view.getInt32((start + 22) | 0)
    const source = view.getInt32((start + 26) | 0)
    const destination = view.getInt32((start + 30) | 0)
    const length = word0 & 0xffff
    const flags = view.getInt32((start + 46) | 0) >>> 16
    const isOpening = (flags >>> 1) & 1
    if (
      (flags & TCP_RST) !== 0 ||
      (flags & (TCP_SYN | TCP_ACK)) === 0 ||
      view.getUint16((start + 12) | 0) !== ETHERTYPE_IPV4 ||
      word0 >>> 24 !== 0x45 ||
      (word1 & 0x3fff) !== 0 ||
      (word2 & 0xff0000) !== 0x060000 ||
      length < 40 ||
      // A frame that the snap length cut is the general way's, which counts it.
      originalLength > captured ||
      length > captured - 14
    )
      return 0
    let sum = ((word0 >>> 16) + length + (word1 >>> 16) + (word1 & 0xffff)) | 0
    sum = (sum + (word2 >>> 16) + (word2 & 0xffff) + (source >>> 16) + (source & 0xffff)) | 0
    sum = (sum + (destination >>> 16) + (destination & 0xffff)) | 0
    sum = ((sum & 0xffff) + (sum >>> 16)) | 0
    if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) return 0
    this.hash = this.#hash.flow4(source, destination, view.getInt32((start + 34) | 0), PROTOCOL_TCP)
    // No branch: which of the two it is, none can predict.
    return (((start + 14) ^ -isOpening) + isOpening) | 0
  }

  /** `track` for such a frame. */
  trackFrame(
    record: CaptureRecord,
    network: number,
    reference: number,
    zones: number,
    verifies: boolean,
  ): number {
    const { view, bytes } = record
    const length = view.getUint16((network + 2) | 0)
    this.length = length
    const segment = (length - 20) | 0
    return this.track(view, bytes.length, network, segment, segment, reference, zones, verifies)
  }

  /**
   * Tracks a segment whose entry is likely that of `reference` (see hash-index.ts): entry number × 2 + direction, or -1 for
   * one that is the general way's; then nothing was changed.
   *
   * @param limit bytes of the view
   * @param network where the IP header begins, which is right, without options, and that of no fragment
   * @param length bytes of TCP by the IP length, of which `captured` are there, 20 at least
   * @param verifies whether checksums count, where all of it was captured
   */
  track(
    view: DataView,
    limit: number,
    network: number,
    length: number,
    captured: number,
    reference: number,
    zones: number,
    verifies: boolean,
  ): number {
    const number = (reference - 1) >>> 1
    if ((reference & 1) === 0) return -1
    const words = this.#segments[number >>> 15]!
    const at = (number & 0x7fff) << 5
    const packetSource = view.getInt32((network + 12) | 0)
    const packetDestination = view.getInt32((network + 16) | 0)
    const packetPorts = view.getInt32((network + 20) | 0)
    const source = words[at | SOURCE]!
    const destination = words[at | DESTINATION]!
    const ports = words[at | PORTS]!
    const status = words[at | STATUS]!
    const zone = words[at | ZONES]! ^ zones
    // As `StateTable.#match`: what differs, in either direction, without a branch between the two.
    const original =
      (source ^ packetSource) | (destination ^ packetDestination) | (ports ^ packetPorts) | (zone >>> 16)
    const reply =
      (source ^ packetDestination) |
      (destination ^ packetSource) |
      (ports ^ ((packetPorts << 16) | (packetPorts >>> 16))) |
      (zone & 0xffff) |
      (status & (STATUS_SRC_NAT | STATUS_DST_NAT))
    const other = (reply | -reply) >>> 31
    const direction = other ^ 1
    const now = this.#clock.now
    const left = (words[at | DEADLINE]! - now) | 0

    const word3 = view.getInt32((network + 32) | 0)
    const flags = (word3 >>> 16) & 0xff
    const headerLength = (word3 >>> 26) & 0x3c
    const window = word3 & 0xffff
    const fin = flags & TCP_FIN
    const flow = words[at | FLOW]!
    const state = (flow >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK
    const next = plainNext[(fin << 5) | (direction << 4) | state]!
    const settings = this.#settings
    if (
      (original & -other) !== 0 ||
      words[at | PROTOCOL] !== PROTOCOL_TCP ||
      left <= 0 ||
      (flags & ~(TCP_PSH | TCP_ECE | TCP_CWR | TCP_FIN)) !== TCP_ACK ||
      next === 0 ||
      window === 0 ||
      (status &
        (STATUS_CONFIRMED |
          STATUS_SEEN_REPLY |
          STATUS_SEQ_ADJUST |
          STATUS_FIXED_TIMEOUT |
          STATUS_OWN_TIMEOUTS)) !==
        (STATUS_CONFIRMED | STATUS_SEEN_REPLY) ||
      headerLength < 20 ||
      headerLength > length ||
      settings.tcpMaxRetrans === 0
    )
      return -1

    const sequence = view.getInt32((network + 24) | 0)
    const ack = view.getInt32((network + 28) | 0)
    const end = (sequence + length - headerLength + fin) | 0
    const sender = (at | TCP_END) + (direction << 2)
    const receiver = (at | TCP_END) + ((direction ^ 1) << 2)
    const senderEnd = words[(sender + END) | 0]!
    const senderMaxEnd = words[(sender + MAXEND) | 0]!
    const senderWindow = words[(sender + MAXWIN) | 0]!
    const receiverEnd = words[(receiver + END) | 0]!
    const receiverMaxEnd = words[(receiver + MAXEND) | 0]!
    const receiverWindow = words[(receiver + MAXWIN) | 0]!
    const ackWindow = senderWindow >>> 0 > LEAST_ACK_WINDOW ? senderWindow : LEAST_ACK_WINDOW
    // The bounds I, III, II and IV of window.ts: each difference is negative where the bound is kept.
    const within =
      (sequence - senderMaxEnd - 1) &
      (ack - receiverEnd - 1) &
      (senderEnd - receiverWindow - 1 - end) &
      (receiverEnd - ackWindow - 1 - ack)
    if (within >= 0 || senderWindow === 0 || receiverWindow === 0) return -1
    const shift = direction << 3
    const otherShift = shift ^ 8
    if (
      headerLength !== 20 &&
      (flow & (FLAG_SACK_PERM << otherShift)) !== 0 &&
      (headerLength !== 32 || captured < 24 || view.getInt32((network + 40) | 0) !== TIMESTAMPS)
    )
      return -1
    const last = words[at | TCP_LAST]!
    if (
      (fin !== 0 || state === LAST_ACK) &&
      // Behind retransmissions, a zero window or an ignored SYN: other timeouts, and other states.
      ((last & 0xff_0000) !== 0 || (last & 0xffff) === 0 || flow >>> FLOW_LAST_INDEX_SHIFT === KIND_SYN)
    )
      return -1
    if (
      words[at | TCP_LAST_SEQ] === sequence &&
      words[at | TCP_LAST_END] === end &&
      words[at | TCP_LAST_ACK] === ack &&
      (last & 0xffff) === window &&
      ((flow >>> FLOW_LAST_DIRECTION_SHIFT) & 1) === direction
    )
      return -1
    if (verifies && captured >= length) {
      const word4 = view.getInt32((network + 36) | 0)
      let sum =
        (PROTOCOL_TCP +
          length +
          (packetSource >>> 16) +
          (packetSource & 0xffff) +
          (packetDestination >>> 16) +
          (packetDestination & 0xffff) +
          (packetPorts >>> 16) +
          (packetPorts & 0xffff)) |
        0
      sum =
        (sum +
          (sequence >>> 16) +
          (sequence & 0xffff) +
          (ack >>> 16) +
          (ack & 0xffff) +
          (word3 >>> 16) +
          window +
          (word4 >>> 16) +
          (word4 & 0xffff)) |
        0
      const at = (network + 40) | 0
      const rest = (length - 20) | 0
      sum =
        rest < 16 && at + 16 <= limit
          ? addRest(view, at, rest, sum)
          : addSum(view, at, (at + rest) | 0, addWord(0, sum), limit)
      if (sum !== 0xffff) return -1
    }

    const scaled = (window << ((flow >>> (FLOW_SCALE_SHIFT + (direction << 2))) & 0xf)) | 0
    let learned =
      (flow & 0x00ff_ffff) |
      (next << FLOW_STATE_SHIFT) |
      (direction << FLOW_LAST_DIRECTION_SHIFT) |
      ((KIND_ACK - fin) << FLOW_LAST_INDEX_SHIFT)
    if (scaled >>> 0 > senderWindow >>> 0) words[(sender + MAXWIN) | 0] = scaled
    if (((senderEnd - end) | 0) < 0) {
      words[(sender + END) | 0] = end
      learned |= FLAG_DATA_UNACKNOWLEDGED << shift
    }
    if ((flow & (FLAG_MAXACK_SET << shift)) === 0 || ((words[(sender + MAXACK) | 0]! - ack) | 0) < 0) {
      words[(sender + MAXACK) | 0] = ack
      learned |= FLAG_MAXACK_SET << shift
    }
    if (((senderMaxEnd - end) | 0) < 0)
      words[(receiver + MAXWIN) | 0] = (receiverWindow + end - senderMaxEnd) | 0
    if (((receiverMaxEnd - 1 - ack - scaled) | 0) < 0) words[(receiver + MAXEND) | 0] = (ack + scaled) | 0
    if (ack === receiverEnd) learned &= ~(FLAG_DATA_UNACKNOWLEDGED << otherShift)
    if (fin === 0) {
      words[at | TCP_LAST_SEQ] = sequence
      words[at | TCP_LAST_ACK] = ack
      words[at | TCP_LAST_END] = end
      words[at | TCP_LAST] = (last & 0xff00_0000) | window
    }
    let changes = 0
    if (next !== state) {
      changes = CHANGED_STATE
      if (next === FIN_WAIT) learned |= FLAG_CLOSE_INIT << shift
    }
    if (next === ESTABLISHED && (status & STATUS_ASSURED) === 0) {
      changes |= CHANGED_ASSURED
      words[at | STATUS] = status | STATUS_ASSURED
    }
    words[at | FLOW] = learned
    this.changes = changes

    const timeouts = settings.tcp
    const timeout = timeouts[next]!
    const unacknowledged = timeouts[TIMEOUT_UNACKNOWLEDGED]!
    const isUnacknowledged =
      (learned & (FLAG_DATA_UNACKNOWLEDGED | (FLAG_DATA_UNACKNOWLEDGED << 8))) !== 0 &&
      timeout > unacknowledged
    const lifetime = ticksOf(isUnacknowledged ? unacknowledged : timeout, this.#clock.hz)
    words[at | DEADLINE] = (now + lifetime) | 0
    if (lifetime < left && mayBeLate(status, lifetime)) this.#table.wheel.moved(number, words, at)
    if ((status & STATUS_ACCOUNTED) !== 0) this.#table.account(words, at, direction, (length + 20) | 0)
    return (number << 1) | direction
  }
}
