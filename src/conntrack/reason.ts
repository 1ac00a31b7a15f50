/**
 * The reasons: why a packet is INVALID, was never judged, or is out of the ordinary.
 *
 * Each has a stable code and the names of the values that were compared; src/explain has the sentence,
 * src/format the kernel's own log text. The tracker fills a `Reasons` (reused, nothing allocated).
 *
 *   invalid  the packet is INVALID
 *   passed   accepted although something about it is odd; the kernel logs most of these too
 *   note     nothing wrong, but worth a line
 *   plain    ordinary: counted, and shown with the packet where all packets are shown
 *   dropped  dropped by the tracker itself or by the stack before any hook
 *   unknown  cannot be judged, because the capture does not hold what the kernel would have looked at
 */
export type ReasonKind = 'invalid' | 'passed' | 'note' | 'plain' | 'dropped' | 'unknown'

interface ReasonShape {
  readonly code: string
  readonly kind: ReasonKind
  readonly fields: readonly string[]
}

const reason = <Code extends string, const Fields extends readonly string[]>(
  code: Code,
  kind: ReasonKind,
  ...fields: Fields
) => ({ code, kind, fields }) as const

/**
 * Every reason: code, kind, and the names of its values. Order is the numbering inside the engine only; codes are
 * what is stable.
 */
export const REASONS = [
  // What the capture or the stack keeps from the tracker
  reason('not-ip', 'plain', 'etherType'),
  reason('link-type', 'unknown', 'linkType'),
  reason('link-short', 'unknown'),
  reason('cut-network', 'unknown', 'captured'),
  reason('cut-transport', 'unknown', 'captured', 'needed'),
  reason('cut-payload', 'unknown', 'captured', 'needed'),
  reason('ip-version', 'dropped', 'version'),
  reason('ip-header-length', 'dropped', 'headerLength'),
  reason('ip-total-length', 'dropped', 'totalLength', 'available'),
  reason('ip-checksum', 'dropped', 'found', 'expected'),
  reason('ip-hop-by-hop', 'dropped'),
  reason('fragment-held', 'plain', 'offset', 'length'),
  reason('fragment-duplicate', 'dropped', 'offset', 'length'),
  reason('fragment-overlap', 'dropped', 'offset', 'length'),
  reason('fragment-bad-end', 'dropped', 'end', 'total'),
  reason('fragment-empty', 'dropped', 'offset'),
  reason('fragment-oversize', 'dropped', 'length'),
  reason('fragment-ecn', 'dropped', 'ecnMask'),
  reason('fragment-memory', 'dropped', 'charged', 'limit'),
  reason('reassembled', 'plain', 'pieces', 'length'),
  // Any protocol
  reason('l3-chain', 'invalid'),
  reason('l3-frag6', 'invalid', 'offset', 'length'),
  reason('tuple-short', 'invalid', 'length', 'needed'),
  reason('wrong-family', 'invalid'),
  reason('table-full', 'dropped', 'entries', 'limit'),
  reason('early-drop', 'note', 'evicted', 'limit'),
  reason('clash', 'dropped'),
  reason('clash-resolved', 'note'),
  reason('related-expected', 'plain', 'masterId'),
  reason('helper-partial', 'dropped', 'pattern'),
  reason('helper-cannot-expect', 'dropped'),
  reason('expectation', 'plain', 'port'),
  // TCP
  reason('tcp-short', 'invalid', 'length'),
  reason('tcp-truncated', 'invalid', 'headerLength', 'length'),
  reason('tcp-checksum', 'invalid', 'found', 'expected'),
  reason('tcp-flags', 'invalid', 'flags'),
  reason('tcp-new', 'invalid', 'flags'),
  reason('tcp-not-loose', 'invalid'),
  reason('tcp-state', 'invalid', 'index', 'direction', 'state'),
  reason('tcp-rst', 'invalid', 'sequence', 'maxAck'),
  reason('tcp-seq-high', 'invalid', 'sequence', 'end', 'upper'),
  reason('tcp-ack-high', 'invalid', 'acknowledgment', 'upper'),
  reason('tcp-response-timeout', 'note', 'index', 'direction', 'lastIndex', 'ticks', 'seconds'),
  reason('tcp-ignored', 'passed', 'index', 'direction', 'state'),
  reason('tcp-challenge-ack', 'passed'),
  reason('tcp-seq-low', 'passed', 'end', 'lower'),
  reason('tcp-ack-low', 'passed', 'acknowledgment', 'lower'),
  reason('tcp-overshoot', 'passed', 'over', 'sequence', 'upper'),
  reason('tcp-rst-doubted', 'passed', 'sequence', 'maxAck', 'state'),
  reason('tcp-rst-deleted', 'note'),
  reason('tcp-picked-up', 'note', 'sequence', 'acknowledgment'),
  reason('tcp-reopened', 'note', 'state'),
  reason('tcp-resynchronised', 'note', 'state'),
  reason('tcp-simultaneous-open', 'note'),
  reason('tcp-retransmitted', 'plain', 'times', 'seconds'),
  // TCP of Linux 2.4
  reason('tcp24-no-flags', 'invalid', 'flags'),
  reason('tcp24-opened', 'note', 'index', 'state'),
  reason('tcp24-reopened', 'note', 'state', 'newState'),
  // UDP, UDP-Lite
  reason('udp-short', 'invalid', 'length'),
  reason('udp-length', 'invalid', 'udpLength', 'length'),
  reason('udp-checksum', 'invalid', 'found', 'expected'),
  reason('udplite-short', 'invalid', 'length'),
  reason('udplite-coverage', 'invalid', 'coverage', 'length'),
  reason('udplite-checksum-missing', 'invalid'),
  reason('udplite-checksum', 'invalid', 'found', 'expected'),
  // GRE
  reason('gre-not-ppp', 'invalid', 'protocol'),
  // ICMP, ICMPv6
  reason('icmp-short', 'invalid', 'length'),
  reason('icmp-checksum', 'invalid', 'found', 'expected'),
  reason('icmp-type', 'invalid', 'type'),
  reason('icmp6-short', 'invalid', 'length'),
  reason('icmp6-checksum', 'invalid', 'found', 'expected'),
  reason('icmp6-redirect-short', 'invalid', 'length'),
  reason('icmp6-redirect-source', 'invalid', 'hopLimit'),
  reason('icmp6-redirect-options', 'invalid'),
  reason('icmp-not-query', 'invalid', 'type'),
  reason('icmp-inner', 'invalid', 'type'),
  reason('icmp-unrelated', 'invalid', 'type', 'innerProtocol'),
  reason(
    'icmp-outer-destination',
    'invalid',
    'outer0',
    'outer1',
    'outer2',
    'outer3',
    'inner0',
    'inner1',
    'inner2',
    'inner3',
  ),
  reason('icmp-related', 'note', 'type', 'icmpCode'),
  reason('icmp24-answered', 'plain'),
  // SCTP
  reason('sctp-short', 'invalid', 'length'),
  reason('sctp-crc', 'invalid', 'found', 'expected'),
  reason('sctp-chunks', 'invalid', 'chunk', 'type', 'length', 'flag'),
  reason('sctp-empty', 'invalid'),
  reason('sctp-new', 'invalid', 'type'),
  reason('sctp-vtag', 'invalid', 'found', 'expected', 'direction'),
  reason('sctp-vtag-special', 'invalid', 'type', 'found', 'expected'),
  reason('sctp-init-tag', 'invalid', 'type'),
  reason('sctp-state', 'invalid', 'state', 'direction', 'type'),
  // Routing, and where the capture stands
  reason('ip-ttl', 'dropped', 'ttl'),
  reason('ip-no-route', 'dropped'),
  reason('ip-not-forwarding', 'dropped'),
  reason('ip-route-blackhole', 'dropped'),
  reason('ip-route-unreachable', 'dropped'),
  reason('ip-route-prohibit', 'dropped'),
  reason('ip-martian-source', 'dropped'),
  reason('ip-martian-destination', 'dropped'),
  reason('ip-reverse-path', 'dropped', 'mode'),
  reason('ip-link-local-source', 'dropped'),
  reason('ip-link-broadcast', 'dropped'),
  reason('ip-mtu', 'dropped', 'length', 'mtu'),
  reason('not-ours', 'plain'),
  reason('second-copy', 'plain', 'packet'),
  reason('second-copy-against', 'note', 'packet'),
  reason('readdressed', 'plain'),
  reason('stand-in', 'plain'),
  reason('not-sent', 'plain', 'packet'),
] as const satisfies readonly ReasonShape[]

/** The code of a reason, such as `tcp-rst`; docs/reference/reasons.md explains each. */
export type ReasonCode = (typeof REASONS)[number]['code']

/** A reason's number inside the engine, by code: `reasonNumber['tcp-rst']`. */
export const reasonNumber = Object.freeze(
  Object.fromEntries(REASONS.map((shape, index) => [shape.code, index])),
) as Readonly<Record<ReasonCode, number>>

const LIMIT = 8
const WIDTH = 8

/** The reasons of one packet, reused from packet to packet. At most 8; further ones are left out. */
export class Reasons {
  count = 0
  readonly numbers: Uint8Array = new Uint8Array(LIMIT)
  readonly values: Float64Array = new Float64Array(LIMIT * WIDTH)

  clear(): void {
    this.count = 0
  }

  /** Values stand in the order of the reason's `fields`. */
  add(number: number, a = 0, b = 0, c = 0, d = 0, e = 0): void {
    if (this.count === LIMIT) return
    const at = this.count * WIDTH
    this.numbers[this.count++] = number
    this.values[at] = a
    this.values[at + 1] = b
    this.values[at + 2] = c
    this.values[at + 3] = d
    this.values[at + 4] = e
  }

  /** Overwrites one value of the reason added last (for the few with more than five). */
  setValue(index: number, value: number): void {
    this.values[(this.count - 1) * WIDTH + index] = value
  }

  value(reason: number, field: number): number {
    return this.values[reason * WIDTH + field]!
  }
}

/** A reason as data: its code and its values by name. What `--json` prints and the library returns. */
export interface ReasonData {
  /** Which reason it is. */
  readonly code: ReasonCode
  /** The values compared, by the names that `REASONS` gives them. */
  readonly [field: string]: string | number
}

/** The reasons as data; allocates, for output only. */
export function reasonData(reasons: Reasons): ReasonData[] {
  const list: ReasonData[] = []
  for (let i = 0; i < reasons.count; i++) {
    const shape: ReasonShape = REASONS[reasons.numbers[i]!]!
    const data: Record<string, string | number> = { code: shape.code }
    shape.fields.forEach((field, index) => {
      data[field] = reasons.value(i, index)
    })
    list.push(data as ReasonData)
  }
  return list
}
