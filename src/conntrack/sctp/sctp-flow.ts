/** For tests: one association's entry, and packets sent through the tracker as the table would. */
import { buildSctp, type SctpChunkPlan, sctpInitBody } from '../../packet/build-transport.ts'
import { CHECKSUM_BAD, CHECKSUM_GOOD, Packet } from '../../packet/packet.ts'
import { ENTRY_WORDS, flowState, SCTP_VTAG, STATUS } from '../entry.ts'
import { HANDLED_INVALID, HANDLED_PASS, HANDLED_REFRESH, HANDLED_UNKNOWN, Handling } from '../handling.ts'
import { type ReasonData, Reasons, reasonData } from '../reason.ts'
import { ORIGINAL, REPLY, STATUS_ASSURED } from '../status.ts'
import { checkSctp } from './check.ts'
import { sctpStateNames } from './table.ts'
import { trackSctp } from './tracker.ts'

const sctpTimeouts = Int32Array.of(0, 10, 3, 3, 210, 3, 3, 3, 30)

const answers: Readonly<Record<number, string>> = {
  [HANDLED_REFRESH]: 'refresh',
  [HANDLED_PASS]: 'pass',
  [HANDLED_INVALID]: 'invalid',
  [HANDLED_UNKNOWN]: 'unknown',
}

export type From = 'A' | 'B'

export const init = (tag: number, type = 1): SctpChunkPlan => ({ type, body: sctpInitBody(tag) })
export const chunk = (type: number, flags = 0, bytes = 0): SctpChunkPlan => ({
  type,
  flags,
  body: new Uint8Array(bytes),
})

export interface SctpSend {
  readonly checksum?: 'bad'
  /** Bytes of the SCTP packet on the wire and in the capture; all unless given. */
  readonly length?: number
  readonly captured?: number
}

/** An SCTP packet as decoded, somewhere inside its buffer. */
export function sctpPacket(vtag: number, chunks: readonly SctpChunkPlan[], options: SctpSend = {}): Packet {
  const bytes = buildSctp({ sourcePort: 1000, destinationPort: 2000, vtag, chunks })
  const length = options.length ?? bytes.length
  const packet = new Packet()
  packet.transportOffset = 20
  packet.bytes = new Uint8Array(20 + bytes.length)
  packet.bytes.set(bytes, 20)
  packet.view = new DataView(packet.bytes.buffer)
  packet.transportLength = length
  packet.transportCaptured = Math.min(options.captured ?? length, length)
  // What was not captured must not be looked at.
  packet.bytes.fill(0xff, 20 + packet.transportCaptured)
  packet.checksum = options.checksum ? CHECKSUM_BAD : CHECKSUM_GOOD
  packet.checksumFound = 0x11111111
  packet.checksumExpected = 0x22222222
  return packet
}

interface SctpResult {
  readonly answer: string
  readonly reasons: ReasonData[]
  /** State, seconds, and whether it is ASSURED; null while there is no entry. */
  readonly entry: string | null
}

export class SctpFlow {
  /** The entry stands somewhere in its segment, among other entries' words. */
  readonly at = ENTRY_WORDS
  readonly words = new Int32Array(3 * ENTRY_WORDS).fill(0x5a5a5a5a)
  confirmed = false
  timeout = 0

  constructor() {
    this.words[this.at + STATUS] = 0
  }

  send(from: From, vtag: number, chunks: readonly SctpChunkPlan[], options: SctpSend = {}): SctpResult {
    return this.sendPacket(from, sctpPacket(vtag, chunks, options))
  }

  sendPacket(from: From, packet: Packet): SctpResult {
    const reasons = new Reasons()
    const handling = new Handling()
    let answer = HANDLED_INVALID
    if (checkSctp(packet, reasons, true)) {
      const direction = from === 'A' ? ORIGINAL : REPLY
      const { words, at, confirmed } = this
      answer = trackSctp(words, at, packet, direction, confirmed, sctpTimeouts, reasons, handling)
    }
    if (answer === HANDLED_REFRESH) {
      this.timeout = handling.timeout
      this.confirmed = true
    }
    return { answer: answers[answer]!, reasons: reasonData(reasons), entry: this.entry }
  }

  get entry(): string | null {
    if (!this.confirmed) return null
    const assured = (this.words[this.at + STATUS]! & STATUS_ASSURED) !== 0 ? ' ASSURED' : ''
    return `${sctpStateNames[flowState(this.words, this.at)]} ${this.timeout}${assured}`
  }

  vtag(from: From): number {
    return this.words[this.at + SCTP_VTAG + (from === 'A' ? ORIGINAL : REPLY)]! >>> 0
  }

  /** An association that A opened with tag 0xaa and B answered with 0xbb. */
  static established(): SctpFlow {
    const flow = new SctpFlow()
    flow.send('A', 0, [init(0xaa)])
    flow.send('B', 0xaa, [init(0xbb, 2)])
    flow.send('A', 0xbb, [chunk(10)])
    flow.send('B', 0xaa, [chunk(11)])
    return flow
  }
}
