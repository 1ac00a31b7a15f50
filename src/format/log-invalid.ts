/**
 * The kernel's own words for a reason: what `nf_conntrack_log_invalid` makes it log behind `nf_ct_proto_<n>: `.
 */

import type { ReasonCode, ReasonData } from '../conntrack/reason.ts'
import { TCP_STATE_NAMES } from '../conntrack/tcp/state.ts'
import { formatIPv4, formatIPv6Full } from '../packet/address.ts'
import { PROTOCOL_ICMPV6, PROTOCOL_UDP } from '../packet/packet.ts'

type Text = string | ((value: (field: string) => number, protocol: number) => string)

/** `%x` of a value that lies in memory with its bytes in network order, read by a little-endian machine. */
function swappedHex(value: number): string {
  const swapped =
    ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | ((value >>> 24) & 0xff)
  return (swapped >>> 0).toString(16)
}

function stateName(state: number): string {
  return TCP_STATE_NAMES[state] ?? String(state)
}

function address(value: (field: string) => number, prefix: string, protocol: number): string {
  const word = (index: number) => value(`${prefix}${index}`) | 0
  return protocol === PROTOCOL_ICMPV6
    ? formatIPv6Full(word(0), word(1), word(2), word(3))
    : formatIPv4(word(0))
}

/** FTP's patterns in the order in which the helper numbers them. */
const FTP_PATTERNS = ['PORT', 'EPRT', '227 ', '229 ']

// Texts as seen from Linux 6.18.
const texts: Partial<Record<ReasonCode, Text>> = {
  'tcp-truncated': 'truncated packet',
  'tcp-checksum': 'bad checksum',
  'tcp-flags': 'invalid tcp flag combination',
  'tcp-new': 'invalid new',
  'tcp-state': (value) =>
    `packet (index ${value('index')}) in dir ${value('direction')} invalid, state ${stateName(value('state'))}`,
  'tcp-rst': 'invalid rst',
  'tcp-seq-high': (value) => `SEQ is over upper bound ${value('upper')} (over the window of the receiver)`,
  'tcp-ack-high': (value) => `ACK is over upper bound ${value('upper')} (ACKed data not seen yet)`,
  'tcp-response-timeout': (value) =>
    `packet (index ${value('index')}, dir ${value('direction')}) response for index ${value('lastIndex')} lower timeout to ${value('ticks')}`,
  'tcp-ignored': (value) =>
    `packet (index ${value('index')}) in dir ${value('direction')} ignored, state ${stateName(value('state'))}`,
  'tcp-challenge-ack': 'challenge-ack ignored',
  'tcp-seq-low': (value) => `SEQ is under lower bound ${value('lower')} (already ACKed data retransmitted)`,
  'tcp-ack-low': (value) => `ignored ACK under lower bound ${value('lower')} (possible overly delayed)`,
  'tcp-overshoot': (value) => `${value('over')} bytes more than expected`,
  'udp-short': 'short packet',
  'udp-length': 'truncated/malformed packet',
  'udp-checksum': 'bad checksum',
  'udplite-short': 'short packet',
  'udplite-coverage': 'invalid checksum coverage',
  'udplite-checksum-missing': 'checksum missing',
  'udplite-checksum': 'bad checksum',
  'icmp-short': 'short packet',
  'icmp-checksum': 'bad hw icmp checksum',
  'icmp-type': 'invalid icmp type',
  'icmp6-short': 'short packet',
  'icmp6-checksum': 'ICMPv6 checksum failed',
  'icmp6-redirect-short': 'short redirect',
  'icmp6-redirect-source': 'invalid saddr or hoplimit for redirect',
  'icmp6-redirect-options': 'redirect without options',
  'icmp-outer-destination': (value, protocol) =>
    `outer daddr ${address(value, 'outer', protocol)} != inner ${address(value, 'inner', protocol)}`,
  // Told by the helper, not by the protocol's tracker: without `nf_ct_proto_<n>: ` in front.
  'helper-partial': (value) =>
    `nf_ct_ftp: dropping packet: partial matching of \`${FTP_PATTERNS[value('pattern')] ?? '?'}'`,
  'helper-cannot-expect': (_, protocol) =>
    `nf_ct_${protocol === PROTOCOL_UDP ? 'tftp' : 'ftp'}: dropping packet: cannot add expectation`,
  'sctp-short': 'nf_ct_sctp: short packet',
  'sctp-crc': 'nf_ct_sctp: bad CRC',
  'sctp-chunks': (value) =>
    `do_basic_checks failed. chunk num ${value('chunk')}, type ${value('type')}, len ${swapped16(value('length'))} flag ${value('flag')}`,
  'sctp-vtag': (value) =>
    `verification tag check failed ${swappedHex(value('found'))} vs ${swappedHex(value('expected'))} for dir ${value('direction')}`,
  'sctp-state': (value) =>
    `Invalid, old_state ${value('state')}, dir ${value('direction')}, type ${value('type')}`,
}

/** The length field as it lies in memory, read by a little-endian machine. */
function swapped16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8)
}

/**
 * The kernel's text for `reason` of a packet of that transport protocol, without the `nf_ct_proto_<n>: ` in front;
 * null where the kernel logs nothing. Numbers are decimal as the kernel prints them, ticks included.
 */
export function logInvalidText(reason: ReasonData, protocol: number): string | null {
  const text = texts[reason.code]
  if (text === undefined) return null
  return typeof text === 'string' ? text : text((field) => Number(reason[field] ?? 0), protocol)
}

/** The texts turned round: what stands for a value in them is any number, address or state. */
const patterns = Object.entries(texts).map(([code, text]) => {
  const plain = typeof text === 'string' ? text : text(() => 0, 0)
  const literal = plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = literal.replace(/\b0+(\\\.0)*\b/g, '[\\w.:]+').replace(/\bNONE\b/g, '\\w+')
  return [code as ReasonCode, new RegExp(`^${pattern}$`)] as const
})

/** Texts that several protocols share are told apart by the number in front. */
const codePrefixes: Readonly<Record<number, RegExp>> = {
  1: /^icmp-/,
  6: /^tcp-/,
  17: /^udp-/,
  58: /^icmp(6|-outer)-/,
  132: /^sctp-/,
  136: /^udplite-/,
}

/** The reason that the kernel told with this text, `nf_ct_proto_<protocol>: ` taken off; null for a text of something else. */
export function reasonOfLogText(text: string, protocol: number): ReasonCode | null {
  const prefix = codePrefixes[protocol] ?? /^/
  return patterns.find(([code, pattern]) => prefix.test(code) && pattern.test(text))?.[0] ?? null
}
