import type { ReasonData } from '../conntrack/reason.ts'
import type { Ctstate } from '../conntrack/status.ts'

/** Addresses and what stands in place of ports, as a record shows them. */
export interface RecordTuple {
  source: string
  destination: string
  sourcePort?: number
  destinationPort?: number
  type?: number
  code?: number
  id?: number
  /** GRE: the call id of version 1, else 0. */
  sourceKey?: number
  destinationKey?: number
}

export interface RecordEntry {
  /** As `/proc/net/nf_conntrack` names it: tcp, udp, udplite, icmp, icmpv6, gre, sctp, unknown. */
  protocol: string
  protocolNumber?: number
  state: string | null
  /** Whole seconds left. */
  timeout: number
  original: RecordTuple
  reply: RecordTuple
  /** ASSURED and UNREPLIED, as `conntrack -L` shows them. */
  flags: readonly string[]
  mark: number
  zone?: number
  zones?: { original: number; reply: number }
}

export interface DecidedBy {
  kind: 'rule' | 'policy' | 'conntrack' | 'helper' | 'hotdrop' | 'ip' | 'none'
  [field: string]: string | number
}

/**
 * What happened to one packet. Everything that prints, tests, draws or ships results uses it; as NDJSON it is
 * one line. Fields may be added, never renamed.
 */
export interface PacketRecord {
  /** Over the whole run, from 1. */
  packet: number
  file: string
  /** In its file, from 1, as Wireshark numbers. */
  frame: number
  /** Seconds since 1970 UTC with the file's precision. */
  time: string
  interface: string | null
  hook: string | null
  /** What an NFLOG capture tells besides: the packet's mark, the rule's prefix, interface indexes. */
  mark?: number
  prefix?: string
  inInterface?: number
  outInterface?: number
  family: 'ipv4' | 'ipv6' | null
  protocol?: string
  protocolNumber?: number
  source?: string
  sourcePort?: number
  destination?: string
  destinationPort?: number
  type?: number
  code?: number
  id?: number
  /** Letters in the order S F R P A U E W, e.g. "SA"; "" for none. */
  tcpFlags?: string
  /** TCP, where the header was captured: as unsigned numbers. */
  sequence?: number
  acknowledgment?: number
  window?: number
  /** IP total length. */
  length?: number
  ctstate: Ctstate | null
  reasons: ReasonData[]
  verdict: 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' | null
  decidedBy: DecidedBy
  egress: (RecordTuple & { interface: string | null }) | null
  entry: RecordEntry | null
}
