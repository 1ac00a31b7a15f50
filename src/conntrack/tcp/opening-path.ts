/**
 * The way of the two segments that nearly every connection begins with: a SYN in IPv4 that makes an entry, and the first
 * SYN+ACK that answers it, neither with data. As in plain-path.ts it goes straight from the frame's bytes to the entry's
 * words; opening-path.test.ts holds it to the general way.
 */
import type { CaptureRecord } from '../../packet/capture-record.ts'
import { addSum, addWord } from '../../packet/checksum.ts'
import { PROTOCOL_TCP, TCP_ACK, TCP_CWR, TCP_ECE, TCP_PSH, TCP_SYN } from '../../packet/constants.ts'
import { highestSackIn, readSynOptions, SynOptions } from '../../packet/tcp-options.ts'
import type { Census } from '../census.ts'
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
  TCP_SIDE,
  ZONES,
} from '../entry.ts'
import type { Helpers } from '../helpers.ts'
import type { Settings } from '../settings.ts'
import {
  ORIGINAL,
  REPLY,
  STATUS_ACCOUNTED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_FIXED_TIMEOUT,
  STATUS_OWN_TIMEOUTS,
  STATUS_SEEN_REPLY,
  STATUS_SEQ_ADJUST,
  STATUS_SRC_NAT,
} from '../status.ts'
import type { StateTable } from '../table.ts'
import {
  END,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  FLAG_WINDOW_SCALE,
  LEAST_ACK_WINDOW,
  MAXACK,
  MAXEND,
  MAXWIN,
} from './side-words.ts'
import { KIND_SYN, KIND_SYNACK, SYN_RECV, SYN_SENT, TIMEOUT_MAX_RETRANS } from './state.ts'

/** Both sides' window scales in the flow word. */
const SCALES = 0xff << FLOW_SCALE_SHIFT
/** From O's flags in it to R's. */
const FLAGS_SHIFT = 8
/** Of the flow word: what is 0 while R has said nothing, and O nothing but its SYN. */
const NOT_YET = FLAG_DATA_UNACKNOWLEDGED | (0xff << FLAGS_SHIFT) | (0xf << (FLOW_SCALE_SHIFT + 4))
/** Of the status: other timeouts, other numbers, other addresses in the reply, or not the first answer. */
const NOT_PLAIN =
  STATUS_SEEN_REPLY |
  STATUS_FIXED_TIMEOUT |
  STATUS_OWN_TIMEOUTS |
  STATUS_SEQ_ADJUST |
  STATUS_SRC_NAT |
  STATUS_DST_NAT

/** Reused: the options of the segment in hand. */
const options = new SynOptions()

export class OpeningPath {
  readonly #table: StateTable
  readonly #segments: readonly Int32Array[]
  readonly #clock: Clock
  readonly #settings: Settings
  readonly #helpers: Helpers
  readonly #census: Census

  constructor(table: StateTable, clock: Clock, settings: Settings, helpers: Helpers, census: Census) {
    this.#table = table
    this.#segments = table.entries.segments
    this.#clock = clock
    this.#settings = settings
    this.#helpers = helpers
    this.#census = census
  }

  /**
   * Tracks a frame whose IP header, by `PlainPath.begin`, begins at `network`: entry number × 2 + direction, or -1 for one that is
   * the general way's; then nothing was changed.
   *
   * @param hash of its flow
   * @param verifies whether checksums count
   */
  trackFrame(record: CaptureRecord, network: number, hash: number, zones: number, verifies: boolean): number {
    const { view, bytes } = record
    const length = (view.getUint16((network + 2) | 0) - 20) | 0
    const word3 = view.getInt32((network + 32) | 0)
    const flags = (word3 >>> 16) & 0xff & ~(TCP_PSH | TCP_ECE | TCP_CWR)
    const headerLength = (word3 >>> 26) & 0x3c
    if (headerLength !== length || this.#settings.tcpMaxRetrans === 0) return -1
    if (verifies && !isSumRight(view, network, length, bytes.length)) return -1
    if (flags === TCP_SYN) return this.#begin(view, network, length, hash, zones)
    return flags === (TCP_SYN | TCP_ACK) ? this.#answer(view, network, length, hash, zones) : -1
  }

  /** A SYN of `length` bytes: as `Tracker.track`, `openFlow`, `checkWindow` and `Tracker.confirm`. */
  #begin(view: DataView, network: number, length: number, hash: number, zones: number): number {
    const table = this.#table
    const settings = this.#settings
    const helpers = this.#helpers
    if (
      table.referenceOf(hash) !== 0 ||
      (settings.max !== 0 && table.count >= settings.max) ||
      settings.timestamp !== 0 ||
      helpers.expectations.size > 0 ||
      helpers.assignments.length > 0 ||
      table.translations.count > 0 ||
      table.hasSplitZones
    )
      return -1
    const number = table.create4(
      view.getInt32((network + 12) | 0),
      view.getInt32((network + 16) | 0),
      view.getInt32((network + 20) | 0),
      PROTOCOL_TCP,
      zones,
    )
    const words = this.#segments[number >>> 15]!
    const at = (number & 0x7fff) << 5
    const sender = at + TCP_END
    const end = (view.getInt32((network + 24) | 0) + 1) | 0
    const window = view.getUint16((network + 34) | 0) || 1
    words[(sender + END) | 0] = end
    words[(sender + MAXEND) | 0] = end
    words[(sender + MAXWIN) | 0] = window
    words[(sender + TCP_SIDE + MAXEND) | 0] = window
    words[at | FLOW] =
      flowOptions(view, network, length, ORIGINAL) |
      (SYN_SENT << FLOW_STATE_SHIFT) |
      (KIND_SYN << FLOW_LAST_INDEX_SHIFT)
    words[at | DEADLINE] = this.#lifetime(SYN_SENT)
    if (settings.acct !== 0) {
      words[at | STATUS] = STATUS_ACCOUNTED
      table.account(words, at, ORIGINAL, (length + 20) | 0)
    }
    table.confirm(number, hash, this.#clock.now)
    this.#census.opened++
    return number << 1
  }

  /** A SYN+ACK of `length` bytes, likewise. */
  #answer(view: DataView, network: number, length: number, hash: number, zones: number): number {
    const table = this.#table
    const reference = table.referenceOf(hash)
    if ((reference & 1) === 0) return -1
    const number = (reference - 1) >>> 1
    const words = this.#segments[number >>> 15]!
    const at = (number & 0x7fff) << 5
    const receiver = at + TCP_END
    const sender = receiver + TCP_SIDE
    const ports = view.getInt32((network + 20) | 0)
    const ack = view.getInt32((network + 28) | 0)
    const status = words[at | STATUS]!
    const flow = words[at | FLOW]!
    const now = this.#clock.now
    const left = (words[at | DEADLINE]! - now) | 0
    const receiverEnd = words[(receiver + END) | 0]!
    // The bounds III and IV of window.ts; I and II are kept by whoever says his first number.
    const within = (ack - receiverEnd - 1) & (receiverEnd - LEAST_ACK_WINDOW - 1 - ack)
    if (
      words[at | PROTOCOL] !== PROTOCOL_TCP ||
      words[at | SOURCE] !== view.getInt32((network + 16) | 0) ||
      words[at | DESTINATION] !== view.getInt32((network + 12) | 0) ||
      words[at | PORTS] !== ((ports << 16) | (ports >>> 16)) ||
      ((words[at | ZONES]! ^ zones) & 0xffff) !== 0 ||
      left <= 0 ||
      (status & (STATUS_CONFIRMED | NOT_PLAIN)) !== STATUS_CONFIRMED ||
      ((flow >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK) !== SYN_SENT ||
      (flow & NOT_YET) !== 0 ||
      words[at | TCP_LAST] !== 0 ||
      words[(sender + MAXWIN) | 0] !== 0 ||
      words[(receiver + MAXWIN) | 0]! <= 0 ||
      within >= 0
    )
      return -1
    const hasSack = (flow & FLAG_SACK_PERM) !== 0 && length !== 20
    if (hasSack && highestSackIn(view, (network + 40) | 0, (network + 20 + length) | 0, ack) !== ack)
      return -1

    const end = (view.getInt32((network + 24) | 0) + 1) | 0
    const window = view.getUint16((network + 34) | 0)
    words[(sender + END) | 0] = end
    words[(sender + MAXEND) | 0] = end
    words[(sender + MAXWIN) | 0] = window || 1
    words[(sender + MAXACK) | 0] = ack
    if (((words[(receiver + MAXEND) | 0]! - 1 - ack - window) | 0) < 0)
      words[(receiver + MAXEND) | 0] = (ack + (window || 1)) | 0
    let learned =
      (flow & (0xff | SCALES)) |
      flowOptions(view, network, length, REPLY) |
      (FLAG_MAXACK_SET << FLAGS_SHIFT) |
      (SYN_RECV << FLOW_STATE_SHIFT) |
      (REPLY << FLOW_LAST_DIRECTION_SHIFT) |
      (KIND_SYNACK << FLOW_LAST_INDEX_SHIFT)
    // Window scaling counts only when both sides offer it (RFC 7323, 2.2).
    if ((learned & (learned >>> FLAGS_SHIFT) & FLAG_WINDOW_SCALE) === 0) learned &= ~SCALES
    words[at | FLOW] = learned
    words[at | STATUS] = status | STATUS_SEEN_REPLY
    const lifetime = this.#lifetime(SYN_RECV)
    words[at | DEADLINE] = (now + lifetime) | 0
    if (lifetime < left) table.wheel.moved(number, words, at)
    if ((status & STATUS_ACCOUNTED) !== 0) table.account(words, at, REPLY, (length + 20) | 0)
    return (number << 1) | REPLY
  }

  /** In ticks. No window is known of a last segment, which counts as one that is closed. */
  #lifetime(state: number): number {
    const timeouts = this.#settings.tcp
    return ticksOf(Math.min(timeouts[state]!, timeouts[TIMEOUT_MAX_RETRANS]!), this.#clock.hz)
  }
}

/** What the options of a SYN of `length` bytes say of its side, as it stands in the flow word. */
function flowOptions(view: DataView, network: number, length: number, direction: number): number {
  if (length === 20) return 0
  readSynOptions(view, (network + 40) | 0, (network + 20 + length) | 0, options)
  const { windowScale, sackPermitted } = options
  const flags = (windowScale >= 0 ? FLAG_WINDOW_SCALE : 0) | (sackPermitted ? FLAG_SACK_PERM : 0)
  return (
    (flags << (direction * FLAGS_SHIFT)) | (Math.max(windowScale, 0) << (FLOW_SCALE_SHIFT + direction * 4))
  )
}

/** The checksum of a TCP header of `length` bytes without data behind it. */
function isSumRight(view: DataView, network: number, length: number, limit: number): boolean {
  const source = view.getInt32((network + 12) | 0)
  const destination = view.getInt32((network + 16) | 0)
  const addresses = ((source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff)) | 0
  const pseudo = addWord(0, (PROTOCOL_TCP + length + addresses) | 0)
  const at = (network + 20) | 0
  return addSum(view, at, (at + length) | 0, pseudo, limit) === 0xffff
}
