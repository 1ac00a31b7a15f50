/** The seconds that an entry has left: which timeout that is, and which packet must have set it. */
import { Settings } from '../../conntrack/settings.ts'
import { STATUS_SEEN_REPLY } from '../../conntrack/status.ts'
import type { EntryView } from '../../conntrack/view.ts'
import { duration, grouped } from '../../explain/number-words.ts'
import {
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../../packet/packet.ts'

/** A timeout that the entry may run on. */
export interface TimeoutCandidate {
  /** The sysctl without `net.netfilter.nf_conntrack_`; null where there is none. */
  readonly sysctl: string | null
  /** Seconds, by default. */
  readonly seconds: number
  /** What sets it. */
  readonly setBy: string
}

const settings = new Settings()

function candidate(sysctl: string, setBy: string): TimeoutCandidate {
  return { sysctl, seconds: settings.get(`nf_conntrack_${sysctl}`)!, setBy }
}

const unacknowledged = candidate(
  'tcp_timeout_unacknowledged',
  'a segment with data that the other side had not acknowledged',
)

/** Why a timeout is short although the TCP state has a long one (nf_conntrack_tcp_packet, the choice of `timeout`). */
const shortened: readonly TimeoutCandidate[] = [
  candidate('tcp_timeout_close', "an RST that is not exactly at its receiver's next number"),
  unacknowledged,
  candidate('tcp_timeout_max_retrans', 'a segment repeated three times, or one that closes the window'),
]

const tcp: Readonly<Record<string, readonly TimeoutCandidate[]>> = {
  SYN_SENT: [candidate('tcp_timeout_syn_sent', 'the first SYN (a repeated one does not renew it)')],
  SYN_RECV: [candidate('tcp_timeout_syn_recv', 'a SYN+ACK')],
  ESTABLISHED: [
    ...shortened,
    candidate('tcp_timeout_established', 'the last packet, with nothing left unacknowledged'),
  ],
  FIN_WAIT: [candidate('tcp_timeout_fin_wait', 'the first FIN, or a packet behind it')],
  CLOSE_WAIT: [candidate('tcp_timeout_close_wait', 'the ACK of the first FIN, or a packet behind it')],
  LAST_ACK: [candidate('tcp_timeout_last_ack', 'the second FIN')],
  TIME_WAIT: [candidate('tcp_timeout_time_wait', 'the ACK of the second FIN')],
  CLOSE: [candidate('tcp_timeout_close', 'an RST')],
  SYN_SENT2: [{ sysctl: null, seconds: 120, setBy: 'a SYN of the other side' }],
}

const pickedUp = candidate(
  'tcp_timeout_unacknowledged',
  'a packet of the one side that was seen: nobody answered, and no SYN came first',
)

function tcpCandidates({ state, status }: EntryView): readonly TimeoutCandidate[] {
  if (state === 'ESTABLISHED' && (status & STATUS_SEEN_REPLY) === 0) return [pickedUp]
  return tcp[state ?? ''] ?? []
}

function sctpCandidates(state: string | null): readonly TimeoutCandidate[] {
  const sysctl = `sctp_timeout_${(state ?? '').toLowerCase()}`
  return settings.get(`nf_conntrack_${sysctl}`) === undefined ? [] : [candidate(sysctl, 'the last packet')]
}

const udp: readonly TimeoutCandidate[] = [
  candidate('udp_timeout', 'a packet of an exchange without an answer, or of less than two seconds'),
  candidate('udp_timeout_stream', 'a packet of an exchange that has gone on for more than two seconds'),
]

const gre = [
  candidate('gre_timeout', 'a packet without an answer'),
  candidate('gre_timeout_stream', 'a packet of answered traffic'),
]

/** Only what was answered gets the longer one. */
function answered({ status }: EntryView, both: readonly TimeoutCandidate[]): readonly TimeoutCandidate[] {
  return (status & STATUS_SEEN_REPLY) === 0 ? both.slice(0, 1) : both
}

/** Shortest first. */
export function timeoutCandidates(entry: EntryView): readonly TimeoutCandidate[] {
  switch (entry.protocol) {
    case PROTOCOL_TCP:
      return tcpCandidates(entry)
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
      return answered(entry, udp)
    case PROTOCOL_ICMP:
      return [candidate('icmp_timeout', 'the last query or answer')]
    case PROTOCOL_ICMPV6:
      return [candidate('icmpv6_timeout', 'the last query or answer')]
    case PROTOCOL_SCTP:
      return sctpCandidates(entry.state)
    case PROTOCOL_GRE:
      return answered(entry, gre)
    default:
      return [candidate('generic_timeout', 'the last packet')]
  }
}

/** The timeouts that can have been set, the one set last first; empty where the time left is longer than each of them. */
export function possibleTimeouts(entry: EntryView): readonly TimeoutCandidate[] {
  return timeoutCandidates(entry).filter(({ seconds }) => seconds >= entry.timeout)
}

/** How long ago the likeliest timeout was set, in seconds; null where none is known. */
export function lastSet(entry: EntryView): number | null {
  const [likely] = possibleTimeouts(entry)
  return likely === undefined ? null : likely.seconds - entry.timeout
}

export function timeoutWords(entry: EntryView): string {
  const { timeout } = entry
  const left = `seconds left (${duration(timeout)}): then the entry goes, unless a packet renews it`
  const [likely, ...others] = possibleTimeouts(entry)
  if (likely === undefined) {
    const longest = timeoutCandidates(entry).at(-1)
    return longest === undefined
      ? left
      : `${left}. Longer than ${named(longest)}: that was set to more, or a rule gave the connection a timeout of its own`
  }
  // Two of one length cannot be told apart by what is left.
  const alike = others.filter(({ seconds }) => seconds === likely.seconds)
  const setBy = [likely, ...alike].map((one) => `${one.setBy} (${named(one)})`).join(', or ')
  const longer = others.find(({ seconds }) => seconds > likely.seconds)
  const rather =
    longer === undefined
      ? ''
      : `; or, ${ago(longer.seconds - timeout)}, by ${longer.setBy} (${named(longer)})`
  return `${left}. Set ${ago(likely.seconds - timeout)}, by ${setBy}${rather}`
}

function named({ sysctl, seconds }: TimeoutCandidate): string {
  return sysctl === null ? `fixed, ${grouped(seconds)} s` : `${sysctl}, ${grouped(seconds)} s by default`
}

function ago(seconds: number): string {
  return seconds === 0 ? 'less than a second ago' : `${duration(seconds)} ago`
}
