/**
 * The FTP helper (RFC 959, RFC 2428; Linux nf_conntrack_ftp.c).
 *
 * Only the start of a line is read: a packet whose sequence number stands right behind a line feed seen earlier
 * in the same direction. Where the capture cut a payload off, what was captured is read; a packet that cannot be
 * told from it announces nothing and is never dropped, and is taken to end its line, as almost all do. It
 * carries the reason `cut-payload`.
 */
import { PROTOCOL_TCP } from '../../packet/packet.ts'
import type { FlowTuple } from '../expectation.ts'
import { type Reasons, reasonNumber } from '../reason.ts'
import { CTINFO_ESTABLISHED, CTINFO_ESTABLISHED_REPLY } from '../status.ts'
import { FtpLines } from './ftp-lines.ts'
import { type FtpResult, parseFtp } from './ftp-parse.ts'
import {
  anySourcePort,
  HELPER_ACCEPT,
  HELPER_DROP,
  type Helper,
  type HelperContext,
  type HelperSession,
} from './helper.ts'

const cutPayload = reasonNumber['cut-payload']
const partial = reasonNumber['helper-partial']
const cannotExpect = reasonNumber['helper-cannot-expect']
const expectation = reasonNumber['expectation']

const TCP_HEADER = 20
const LINE_FEED = 0x0a

class FtpSession implements HelperSession {
  readonly #lines = new FtpLines()
  readonly #loose: boolean

  constructor(loose: boolean) {
    this.#loose = loose
  }

  pickUp(): void {
    this.#lines.pickUp()
  }

  help(context: HelperContext): number {
    const { packet, direction, ctinfo, reasons } = context
    // Nothing is read before there was traffic both ways.
    if (ctinfo !== CTINFO_ESTABLISHED && ctinfo !== CTINFO_ESTABLISHED_REPLY) return HELPER_ACCEPT
    if (packet.transportCaptured < TCP_HEADER) {
      addCut(reasons, 0, Math.max(packet.transportLength - TCP_HEADER, 0))
      return HELPER_ACCEPT
    }
    const length = packet.transportLength - packet.tcpHeaderLength
    if (length <= 0) return HELPER_ACCEPT
    const captured = Math.max(packet.transportCaptured - packet.tcpHeaderLength, 0)
    const cut = captured < length
    if (cut) addCut(reasons, captured, length)
    const start = packet.transportOffset + packet.tcpHeaderLength
    const end = start + captured

    // Ahead of NAT, which may write another line in its place.
    const { sequence } = packet
    const endsLine = cut || packet.bytes[end - 1] === LINE_FEED
    let verdict = HELPER_ACCEPT
    if (this.#lines.mayStartLine(direction, packet.sequence)) {
      const speaker = context.tuples[direction === 0 ? 0 : 1]
      const found = parseFtp(packet.bytes, start, end, direction, speaker)
      if (found.result === 'partial' && !cut) {
        reasons.add(partial, found.pattern)
        return HELPER_DROP
      }
      if (found.result === 'match' && !this.#announce(context, found)) verdict = HELPER_DROP
    }
    // A line that was read counts as one even when its packet is dropped, unlike one that could not be read.
    if (endsLine) this.#lines.add(direction, sequence + length)
    return verdict
  }

  /** False if the expectation cannot be added. */
  #announce(context: HelperContext, found: FtpResult & { result: 'match' }): boolean {
    const { direction, tuples, reasons } = context
    const [speaker, listener] = direction === 0 ? tuples : [tuples[1], tuples[0]]
    let destination = listener.destination
    if (found.address.some((word, index) => word !== speaker.source[index])) {
      // An address that is not the speaker's own would open a hole to somebody else.
      if (!this.#loose) return true
      destination = found.address
    }
    const tuple: FlowTuple = {
      family: speaker.family,
      protocol: PROTOCOL_TCP,
      source: listener.source,
      destination,
      sourcePort: 0,
      destinationPort: found.port,
    }
    const { kind, start, end } = found
    if (!context.expect({ tuple, mask: anySourcePort, class: 0, text: { kind, start, end } })) {
      reasons.add(cannotExpect)
      return false
    }
    reasons.add(expectation, found.port)
    return true
  }
}

function addCut(reasons: Reasons, captured: number, needed: number): void {
  reasons.add(cutPayload, captured, needed)
}

/** `loose` is the module's option: also expect connections to an address that is not the speaker's own. */
export function ftpHelper(loose = false): Helper {
  return {
    name: 'ftp',
    protocols: [PROTOCOL_TCP],
    classes: [{ name: '', maxExpected: 1, timeout: 300 }],
    attach: () => new FtpSession(loose),
  }
}
