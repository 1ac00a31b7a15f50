/**
 * What is looked at in ICMP and ICMPv6 before any entry (nf_conntrack_icmpv4_error, nf_conntrack_icmpv6_error): checks,
 * what is never tracked, and errors, which belong to the flow that they quote.
 */
import { CHECKSUM_BAD, FAMILY_IPV4, FAMILY_IPV6, Packet } from '../packet/packet.ts'
import { decodeQuoted, QUOTED_CUT, QUOTED_OK } from '../packet/quoted.ts'
import { isIcmpError, isIcmpv6Untracked } from './icmp-type.ts'
import type { Outcome } from './outcome.ts'
import { reasonNumber } from './reason.ts'
import { CTINFO_INVALID, CTINFO_RELATED, CTINFO_RELATED_REPLY, CTINFO_UNTRACKED, ORIGINAL } from './status.ts'
import type { StateTable } from './table.ts'
import { Tuple } from './tuple.ts'

const reason = {
  short4: reasonNumber['icmp-short'],
  checksum4: reasonNumber['icmp-checksum'],
  type4: reasonNumber['icmp-type'],
  short6: reasonNumber['icmp6-short'],
  checksum6: reasonNumber['icmp6-checksum'],
  redirectShort: reasonNumber['icmp6-redirect-short'],
  redirectSource: reasonNumber['icmp6-redirect-source'],
  redirectOptions: reasonNumber['icmp6-redirect-options'],
  notQuery: reasonNumber['icmp-not-query'],
  inner: reasonNumber['icmp-inner'],
  unrelated: reasonNumber['icmp-unrelated'],
  outer: reasonNumber['icmp-outer-destination'],
  related: reasonNumber['icmp-related'],
  cut: reasonNumber['cut-payload'],
} as const

/** Largest ICMP type that Linux knows. */
const HIGHEST_ICMP_TYPE = 18
const ICMPV6_REDIRECT = 137
/** Header, target and destination address of a redirect. */
const REDIRECT_LENGTH = 40
const OPTION_REDIRECTED_HEADER = 4
/** The quoted packet stands behind an ICMP header. */
const QUOTE_OFFSET = 8

export class IcmpErrors {
  readonly #table: StateTable
  readonly #quoted = new Packet()
  readonly #tuple = new Tuple()
  readonly #inverse = new Tuple()

  constructor(table: StateTable) {
    this.#table = table
  }

  /**
   * True when this decided: the outcome is INVALID, UNTRACKED, RELATED, or not to be judged. False: go on, it is a
   * query. `now` as in Clock.
   */
  decide(packet: Packet, zones: number, now: number, outcome: Outcome): boolean {
    return packet.family === FAMILY_IPV6
      ? this.#decideIcmpv6(packet, zones, now, outcome)
      : this.#decideIcmp(packet, zones, now, outcome)
  }

  #decideIcmp(packet: Packet, zones: number, now: number, outcome: Outcome): boolean {
    if (packet.transportLength < 8) return invalid(outcome, reason.short4, packet.transportLength)
    if (packet.checksum === CHECKSUM_BAD) {
      return invalid(outcome, reason.checksum4, packet.checksumFound, packet.checksumExpected)
    }
    if (packet.icmpType > HIGHEST_ICMP_TYPE) return invalid(outcome, reason.type4, packet.icmpType)
    if (!isIcmpError(packet.icmpType)) return false
    return this.#relate(packet, QUOTE_OFFSET, zones, now, outcome)
  }

  #decideIcmpv6(packet: Packet, zones: number, now: number, outcome: Outcome): boolean {
    if (packet.transportLength < 8) return invalid(outcome, reason.short6, packet.transportLength)
    if (packet.checksum === CHECKSUM_BAD) {
      return invalid(outcome, reason.checksum6, packet.checksumFound, packet.checksumExpected)
    }
    if (isIcmpv6Untracked(packet.icmpType)) {
      outcome.ctinfo = CTINFO_UNTRACKED
      return true
    }
    if (packet.icmpType === ICMPV6_REDIRECT) return this.#decideRedirect(packet, zones, now, outcome)
    if (packet.icmpType >= 128) return false
    return this.#relate(packet, QUOTE_OFFSET, zones, now, outcome)
  }

  /** RFC 4861, 4.5 and 8.1; nf_conntrack_icmpv6_redirect. */
  #decideRedirect(packet: Packet, zones: number, now: number, outcome: Outcome): boolean {
    const length = packet.transportLength
    if (length < REDIRECT_LENGTH) return invalid(outcome, reason.redirectShort, length)
    if (packet.icmpCode !== 0) return false
    const linkLocal = packet.source0 >>> 22 === 0x3fa // fe80::/10
    if (!linkLocal || packet.ttl !== 255) return invalid(outcome, reason.redirectSource, packet.ttl)
    const at = packet.transportOffset + REDIRECT_LENGTH
    if (length < REDIRECT_LENGTH + 2) return invalid(outcome, reason.redirectOptions)
    if (packet.transportCaptured < REDIRECT_LENGTH + 2) return cut(packet, REDIRECT_LENGTH + 2, outcome)
    if (packet.bytes[at + 1] === 0) return invalid(outcome, reason.redirectOptions)
    if (packet.bytes[at] !== OPTION_REDIRECTED_HEADER) return false
    return this.#relate(packet, REDIRECT_LENGTH + 8, zones, now, outcome)
  }

  /** nf_conntrack_inet_error: finds the flow of the quoted packet. */
  #relate(packet: Packet, offset: number, zones: number, now: number, outcome: Outcome): boolean {
    const quoted = this.#quoted
    const result = decodeQuoted(packet, offset, quoted)
    if (result === QUOTED_CUT) return cut(packet, packet.transportLength, outcome)
    const tuple = this.#tuple
    if (result !== QUOTED_OK || !tuple.fromPacket(quoted) || !tuple.invertible) {
      return invalid(outcome, reason.inner, packet.icmpType)
    }
    const inverse = this.#inverse
    tuple.zones = zones
    inverse.invert(tuple)
    inverse.computeHash(this.#table.flowHash)
    const found = this.#table.lookup(inverse)
    if (found < 0 || !this.#table.isAlive(found >> 1, now)) {
      return invalid(outcome, reason.unrelated, packet.icmpType, quoted.protocol)
    }
    const number = found >> 1
    const direction = found & 1
    // The error must be addressed to whom the found direction goes to; its sender may be anyone.
    this.#table.readTuple(number, direction, tuple)
    const { addresses } = tuple
    const expected = 4
    const sameDestination =
      packet.destination0 === addresses[expected] &&
      (packet.family === FAMILY_IPV4 ||
        (packet.destination1 === addresses[expected + 1] &&
          packet.destination2 === addresses[expected + 2] &&
          packet.destination3 === addresses[expected + 3]))
    if (!sameDestination) {
      const reasons = outcome.reasons
      reasons.add(
        reason.outer,
        packet.destination0,
        packet.destination1,
        packet.destination2,
        packet.destination3,
        addresses[expected],
      )
      for (let i = 1; i < 4; i++) reasons.setValue(4 + i, addresses[expected + i]!)
      outcome.ctinfo = CTINFO_INVALID
      return true
    }
    outcome.ctinfo = direction === ORIGINAL ? CTINFO_RELATED : CTINFO_RELATED_REPLY
    outcome.entry = number
    outcome.reasons.add(reason.related, packet.icmpType, packet.icmpCode)
    return true
  }
}

function invalid(outcome: Outcome, number: number, a = 0, b = 0): true {
  outcome.reasons.add(number, a, b)
  outcome.ctinfo = CTINFO_INVALID
  return true
}

function cut(packet: Packet, needed: number, outcome: Outcome): true {
  outcome.reasons.add(reason.cut, packet.transportCaptured, needed)
  return true
}
