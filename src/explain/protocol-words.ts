/** Names of protocols, states, flags and types as the sentences have them. */
import { sctpStateNames } from '../conntrack/sctp/table.ts'
import { REPLY } from '../conntrack/status.ts'
import { TCP_STATE_NAMES } from '../conntrack/tcp/state.ts'
import { formatIPv4, formatIPv6 } from '../packet/address.ts'
import type { ReasonContext } from './entry.ts'

/** With its indefinite article, as the words are spoken: `a SYN`, `an ACK`, `an RST`. */
export function article(word: string): string {
  return /^(ACK|RST|ECE|INIT|ABORT|ERROR|I[A-Z]|[aeiou])/.test(word) ? `an ${word}` : `a ${word}`
}

export function inDirection(direction: number): string {
  return direction === REPLY ? 'in the reply direction' : 'in the original direction'
}

// TCP

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']
/** SYN and the like first, as they are spoken. */
const flagOrder = [1, 0, 2, 3, 4, 5, 6, 7]
const flagLetters = 'FSRPAUEW'

/** `SYN+ACK`, from the header's flag byte. */
export function tcpFlagNames(flags: number): string {
  const names = flagOrder.filter((bit) => ((flags >>> bit) & 1) !== 0).map((bit) => flagNames[bit]!)
  return names.length === 0 ? 'no flags' : names.join('+')
}

/** The flag byte of a record's letters; 0 where there are none. */
export function tcpFlagsOf(letters: string): number {
  let flags = 0
  for (const letter of letters) {
    const bit = flagLetters.indexOf(letter === 'C' ? 'W' : letter)
    if (bit >= 0) flags |= 1 << bit
  }
  return flags
}

/** By packet kind. A FIN without ACK is INVALID before it has a kind. */
const kindWords = ['SYN', 'SYN+ACK', 'FIN+ACK', 'ACK', 'RST', 'flagless segment']

/** The packet by its flags where the record has them, else by its kind: `a SYN+ACK`. */
export function tcpPacket(kind: number, context: ReasonContext): string {
  // ECE and CWR say nothing about states.
  const flags = tcpFlagsOf(context.tcpFlags ?? '') & 0x3f
  return article(flags === 0 ? tcpKind(kind) : tcpFlagNames(flags))
}

export function tcpKind(kind: number): string {
  return kindWords[kind] ?? `kind ${kind}`
}

export function tcpState(state: number): string {
  return TCP_STATE_NAMES[state] ?? String(state)
}

// SCTP

const chunkNames: Readonly<Record<number, string>> = {
  0: 'DATA',
  1: 'INIT',
  2: 'INIT_ACK',
  3: 'SACK',
  4: 'HEARTBEAT',
  5: 'HEARTBEAT_ACK',
  6: 'ABORT',
  7: 'SHUTDOWN',
  8: 'SHUTDOWN_ACK',
  9: 'ERROR',
  10: 'COOKIE_ECHO',
  11: 'COOKIE_ACK',
  12: 'ECNE',
  13: 'CWR',
  14: 'SHUTDOWN_COMPLETE',
  15: 'AUTH',
  64: 'I_DATA',
  128: 'ASCONF_ACK',
  130: 'RE_CONFIG',
  132: 'PAD',
  192: 'FORWARD_TSN',
  193: 'ASCONF',
  194: 'I_FORWARD_TSN',
}

export function sctpChunk(type: number): string {
  return chunkNames[type] ?? `type ${type}`
}

export function sctpState(state: number): string {
  return sctpStateNames[state] ?? String(state)
}

// ICMP

const icmpTypes: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'echo request',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded',
  12: 'parameter problem',
  13: 'timestamp request',
  14: 'timestamp reply',
  15: 'information request',
  16: 'information reply',
  17: 'address mask request',
  18: 'address mask reply',
}

const icmpv6Types: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  137: 'redirect',
  138: 'router renumbering',
  139: 'node information query',
  140: 'node information reply',
  141: 'inverse neighbour solicitation',
  142: 'inverse neighbour advertisement',
  144: 'home agent request',
  145: 'home agent reply',
  146: 'mobile prefix solicitation',
  147: 'mobile prefix advertisement',
  148: 'certification path solicitation',
  149: 'certification path advertisement',
  155: 'RPL control',
  157: 'duplicate address request',
  158: 'duplicate address confirmation',
}

/** By type × 256 + code, where the code says more than the type. */
const icmpCodes: Readonly<Record<number, string>> = {
  [0x0300]: 'network unreachable',
  [0x0301]: 'host unreachable',
  [0x0302]: 'protocol unreachable',
  [0x0303]: 'port unreachable',
  [0x0304]: 'fragmentation needed',
  [0x0309]: 'network prohibited',
  [0x030a]: 'host prohibited',
  [0x030d]: 'communication prohibited',
  [0x0500]: 'network redirect',
  [0x0501]: 'host redirect',
  [0x0b00]: 'TTL exceeded in transit',
  [0x0b01]: 'reassembly time exceeded',
}

const icmpv6Codes: Readonly<Record<number, string>> = {
  [0x0100]: 'no route to destination',
  [0x0101]: 'communication prohibited',
  [0x0103]: 'address unreachable',
  [0x0104]: 'port unreachable',
  [0x0105]: 'source address failed policy',
  [0x0106]: 'route rejected',
  [0x0300]: 'hop limit exceeded in transit',
  [0x0301]: 'reassembly time exceeded',
}

/** Whether the packet is of IPv6; null where nothing tells. */
function isIPv6(context: ReasonContext): boolean | null {
  if (context.protocol === 'icmpv6') return true
  if (context.protocol === 'icmp') return false
  return context.family === undefined || context.family === null ? null : context.family === 'ipv6'
}

/** Types that mean something in one of the two protocols only tell it by themselves. */
function isIcmpv6(type: number, context: ReasonContext): boolean | null {
  const known = isIPv6(context)
  if (known !== null) return known
  if (type >= 128) return true
  return type in icmpTypes && !(type in icmpv6Types) ? false : null
}

/** `ICMP time exceeded (type 11)`, `ICMPv6 port unreachable (type 1 code 4)`, `ICMP type 42`. */
export function icmpMessage(type: number, context: ReasonContext, code?: number): string {
  const six = isIcmpv6(type, context)
  const protocol = six ? 'ICMPv6' : 'ICMP'
  const numbers = code === undefined ? `type ${type}` : `type ${type} code ${code}`
  if (six === null) return `${protocol} ${numbers}`
  const byCode = code === undefined ? undefined : (six ? icmpv6Codes : icmpCodes)[type * 256 + code]
  const name = byCode ?? (six ? icmpv6Types : icmpTypes)[type]
  return name === undefined ? `${protocol} ${numbers}` : `${protocol} ${name} (${numbers})`
}

/** An address of four words, of which IPv4 uses the first; the family is the packet's, or told by the others being 0. */
export function addressWords(words: readonly [number, number, number, number], isFour: boolean): string {
  const [w0, w1, w2, w3] = words
  return isFour ? formatIPv4(w0 | 0) : formatIPv6(w0 | 0, w1 | 0, w2 | 0, w3 | 0)
}

export function isIPv4(context: ReasonContext, restOfWords: readonly number[]): boolean {
  const six = isIPv6(context)
  return six === null ? restOfWords.every((word) => word === 0) : !six
}

// Other numbers

const protocols: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPIP',
  6: 'TCP',
  17: 'UDP',
  33: 'DCCP',
  41: 'IPv6',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
  136: 'UDP-Lite',
}

/** `TCP`, `protocol 253`. */
export function ipProtocol(protocol: number): string {
  return protocols[protocol] ?? `protocol ${protocol}`
}

const etherTypes: Readonly<Record<number, string>> = {
  [0x0806]: 'ARP',
  [0x0842]: 'Wake-on-LAN',
  [0x8035]: 'RARP',
  [0x8847]: 'MPLS',
  [0x8848]: 'MPLS multicast',
  [0x8863]: 'PPPoE discovery',
  [0x8864]: 'PPPoE',
  [0x888e]: '802.1X',
  [0x88cc]: 'LLDP',
  [0x88e5]: 'MACsec',
  [0x88f7]: 'PTP',
  [0x8906]: 'FCoE',
  [0x9000]: 'loopback test',
}

/** `ARP`, or undefined. */
export function etherTypeName(etherType: number): string | undefined {
  return etherTypes[etherType]
}

const ecnNames = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE']

/** The ECN values of a set of fragments: bit n stands for value n (RFC 3168, 5). */
export function ecnValues(mask: number): string {
  const names = ecnNames.filter((_, value) => ((mask >>> value) & 1) !== 0)
  return names.length === 0 ? 'none' : names.join(' with ')
}
