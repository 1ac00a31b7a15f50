/** ICMP errors in Linux 2.4 (icmp_error_track): RELATED to the flow that they quote, if they quote one. */
import { CHECKSUM_BAD, Packet } from '../../packet/packet.ts'
import { decodeQuoted, QUOTED_CUT, QUOTED_OK } from '../../packet/quoted.ts'
import { verifyChecksum } from '../../packet/verify.ts'
import type { Outcome } from '../outcome.ts'
import { reasonNumber } from '../reason.ts'
import { CTINFO_RELATED, CTINFO_RELATED_REPLY, ORIGINAL } from '../status.ts'
import type { StateTable } from '../table.ts'
import { Tuple } from '../tuple.ts'
import { fillTuple, LEAST_BYTES } from './tuple.ts'

const reason = {
  checksum: reasonNumber['icmp-checksum'],
  inner: reasonNumber['icmp-inner'],
  unrelated: reasonNumber['icmp-unrelated'],
  related: reasonNumber['icmp-related'],
  cut: reasonNumber['cut-payload'],
} as const

/** The quoted packet stands behind an ICMP header. */
const QUOTE_OFFSET = 8

/** The error belongs to an entry: `outcome` has it. */
export const ERROR_RELATED = 0
/** It belongs to none, and goes the way of a query. `outcome` has the reason. */
export const ERROR_UNRELATED = 1
/** Not judged: bytes are missing that were not captured. */
export const ERROR_UNKNOWN = 2

export class IcmpErrors {
  readonly #table: StateTable
  readonly #quoted = new Packet()
  readonly #tuple = new Tuple()
  readonly #inverse = new Tuple()

  constructor(table: StateTable) {
    this.#table = table
  }

  /**
   * ERROR_* of an ICMP error; `now` as in Clock. Whom the error is addressed to is not asked. `verify`: is its checksum
   * looked at? That of what this host sends (`isSent`) was, too.
   */
  judge(packet: Packet, verify: boolean, isSent: boolean, now: number, outcome: Outcome): number {
    const { reasons } = outcome
    if (verify) {
      verifyChecksum(packet)
      if (packet.checksum === CHECKSUM_BAD) {
        reasons.add(reason.checksum, packet.checksumFound, packet.checksumExpected)
        return ERROR_UNRELATED
      }
    }
    const quoted = this.#quoted
    const tuple = this.#tuple
    const inverse = this.#inverse
    const result = decodeQuoted(packet, QUOTE_OFFSET, quoted)
    if (result === QUOTED_CUT) {
      reasons.add(reason.cut, packet.transportCaptured, packet.transportLength)
      return ERROR_UNKNOWN
    }
    if (
      result !== QUOTED_OK ||
      quoted.transportLength < LEAST_BYTES ||
      !fillTuple(quoted, tuple) ||
      !tuple.invertible
    ) {
      reasons.add(reason.inner, packet.icmpType)
      return ERROR_UNRELATED
    }
    inverse.invert(tuple)
    let found = this.#find(inverse, now)
    // What this host sends about a packet that it sent itself.
    if (found < 0 && isSent) {
      found = this.#find(tuple, now)
      if (found >= 0) found ^= 1
    }
    if (found < 0) {
      reasons.add(reason.unrelated, packet.icmpType, quoted.protocol)
      return ERROR_UNRELATED
    }
    outcome.ctinfo = (found & 1) === ORIGINAL ? CTINFO_RELATED : CTINFO_RELATED_REPLY
    outcome.entry = found >> 1
    reasons.add(reason.related, packet.icmpType, packet.icmpCode)
    return ERROR_RELATED
  }

  #find(tuple: Tuple, now: number): number {
    tuple.computeHash(this.#table.flowHash)
    const found = this.#table.lookup(tuple)
    return found >= 0 && this.#table.isAlive(found >> 1, now) ? found : -1
  }
}
