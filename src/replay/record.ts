import type { ReasonData } from '../conntrack/reason.ts'
import type { Ctstate } from '../conntrack/status.ts'
import type { TraceStep } from './trace.ts'

/** Addresses and what stands in place of ports, as a record shows them. */
export interface RecordTuple {
  /** Source address: dotted, or compressed IPv6 in lower case. */
  source: string
  /** Destination address, likewise. */
  destination: string
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  sourcePort?: number
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  destinationPort?: number
  /** ICMP, ICMPv6: 0–255. */
  type?: number
  /** ICMP, ICMPv6: 0–255. */
  code?: number
  /** ICMP, ICMPv6: identifier, 0–65535. */
  id?: number
  /** GRE: the call id of version 1, else 0. */
  sourceKey?: number
  /** GRE: the call id of version 1, else 0. */
  destinationKey?: number
}

/** A packet as it leaves. */
export interface RecordEgress extends RecordTuple {
  /** Name of the device, where it is known. */
  interface: string | null
  /** With rules: the packet's mark, an unsigned 32-bit number, where it is not 0. */
  mark?: number
  /** With rules: TTL or hop limit. */
  ttl?: number
  /** With rules: the TOS byte or traffic class. */
  tos?: number
}

/** A packet that the machine sends because of the record's own. */
export interface RecordAnswer extends RecordTuple {
  /** `tcp` for a reset, `icmp` or `icmpv6` for an error. */
  protocol: string
  /** Of a reset, as in the record. */
  tcpFlags?: string
  /** The state that rules in OUTPUT match. */
  ctstate: Ctstate | null
  /** What became of the answer itself. */
  verdict: PacketRecord['verdict']
  /** Who decided that. */
  decidedBy: DecidedBy
  /** Name of the device that it leaves by, where that is known. */
  interface: string | null
}

/** An entry of the state table as a record shows it, behind what its packet did to it. */
export interface RecordEntry {
  /** As `/proc/net/nf_conntrack` names it: tcp, udp, udplite, icmp, icmpv6, gre, sctp, unknown. */
  protocol: string
  /** With protocol `unknown`: its number, 0–255. */
  protocolNumber?: number
  /** TCP and SCTP state as Linux prints it, else null. */
  state: string | null
  /** Whole seconds left. */
  timeout: number
  /** The direction of the first packet. */
  original: RecordTuple
  /** What an answer looks like. */
  reply: RecordTuple
  /** ASSURED and UNREPLIED, as `conntrack -L` shows them. */
  flags: readonly string[]
  /** Connection mark, an unsigned 32-bit number. */
  mark: number
  /** Zone of both directions, 0–65535. */
  zone?: number
  /** Instead of `zone`, where the directions differ. */
  zones?: { original: number; reply: number }
}

/** Who decided on a packet. */
export interface DecidedBy {
  /**
   * `ip` is the stack; `none` that nobody had anything against it; `unknown` that nobody can tell, because the rule that
   * is named asks for bytes that were not captured.
   */
  readonly kind: 'rule' | 'policy' | 'conntrack' | 'nat' | 'helper' | 'hotdrop' | 'ip' | 'unknown' | 'none'
  /** Which of its kind, such as the rule. */
  readonly [field: string]: string | number
}

/** While no rules are loaded. */
export const decidedByNobody: DecidedBy = Object.freeze({ kind: 'none' })

/**
 * What happened to one packet. Everything that prints, tests, draws or ships results uses it; as NDJSON it is
 * one line. Fields may be added, never renamed.
 */
export interface PacketRecord {
  /** Over the whole run, from 1. */
  packet: number
  /** Name of its file. */
  file: string
  /** In its file, from 1, as Wireshark numbers. */
  frame: number
  /** Seconds since 1970 UTC with the file's precision. */
  time: string
  /** Name of the interface that it was captured on, where the capture tells. */
  interface: string | null
  /** PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING: as the capture tells, else FORWARD; null for what is not IP. */
  hook: string | null
  /** NFLOG captures: the packet's mark, an unsigned 32-bit number, where it is not 0. */
  mark?: number
  /** NFLOG captures: the rule's `--nflog-prefix`. */
  prefix?: string
  /** NFLOG captures: index of the interface that it came in on. */
  inInterface?: number
  /** NFLOG captures: index of the interface that it leaves on. */
  outInterface?: number
  /** Null for what is not IP. */
  family: 'ipv4' | 'ipv6' | null
  /** As `/proc/net/nf_conntrack` names it. This and what follows stands as far as it was captured. */
  protocol?: string
  /** With protocol `unknown`: its number, 0–255. */
  protocolNumber?: number
  /** Source address: dotted, or compressed IPv6 in lower case. */
  source?: string
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  sourcePort?: number
  /** Destination address, likewise. */
  destination?: string
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  destinationPort?: number
  /** ICMP, ICMPv6: 0–255. */
  type?: number
  /** ICMP, ICMPv6: 0–255. */
  code?: number
  /** ICMP, ICMPv6: bytes 4–5, 0–65535. */
  id?: number
  /** Letters in the order S F R P A U E W, e.g. "SA"; "" for none. */
  tcpFlags?: string
  /** TCP: sequence number, unsigned. */
  sequence?: number
  /** TCP: acknowledgment number, unsigned, whether ACK is set or not. */
  acknowledgment?: number
  /** TCP: as in the header, not scaled, 0–65535. */
  window?: number
  /** IP total length in bytes, header included. */
  length?: number
  /** The state that rules match; null for a packet that the tracker never judged. */
  ctstate: Ctstate | null
  /** Why, in the order met; at most 8. */
  reasons: readonly ReasonData[]
  /** What became of it; null for a fragment that is held, and for what nobody judged. */
  verdict: 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' | null
  /** Who decided that. */
  decidedBy: DecidedBy
  /** How it leaves, where it does. */
  egress: RecordEgress | null
  /** Its entry behind what it did to it; null for none, and for one that it deleted. */
  entry: RecordEntry | null
  /** What LOG wrote into the kernel log. */
  log?: readonly string[]
  /** What REJECT answered. */
  answers?: readonly RecordAnswer[]
  /** Every rule that it met, where that was asked for. */
  trace?: readonly TraceStep[]
}
