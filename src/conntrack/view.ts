/** Entries, expectations and events as plain data, at one moment: what formats print. */

/** One direction of a flow. Its protocol decides which fields it has beside the addresses. */
export interface TupleView {
  /** Source address as `inet_ntop` prints it: dotted, or compressed IPv6 in lower case. */
  readonly source: string
  /** Destination address, likewise. */
  readonly destination: string
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  readonly sourcePort?: number
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535. */
  readonly destinationPort?: number
  /** ICMP, ICMPv6: 0–255; in the reply direction the type of the answer. */
  readonly type?: number
  /** ICMP, ICMPv6: 0–255. */
  readonly code?: number
  /** ICMP, ICMPv6: identifier, 0–65535. */
  readonly id?: number
  /** GRE: call id of version 1 (RFC 2637), else 0. */
  readonly sourceKey?: number
  /** GRE: call id of version 1 (RFC 2637), else 0. */
  readonly destinationKey?: number
}

/** What was accounted of one direction. */
export interface CounterView {
  /** Packets, at most 2^48. */
  readonly packets: number
  /** Sum of their IP lengths in bytes; exact below 2^53. */
  readonly bytes: number
}

/** One entry of the state table, as `conntrack -L` shows it. */
export interface EntryView {
  /** Network protocol of both directions. */
  readonly family: 'ipv4' | 'ipv6'
  /** Transport protocol number, 0–255. */
  readonly protocol: number
  /** TCP and SCTP state as Linux prints it, else null. */
  readonly state: string | null
  /** Remaining whole seconds, rounded down. */
  readonly timeout: number
  /** The direction of the first packet. */
  readonly original: TupleView
  /** What an answer looks like. */
  readonly reply: TupleView
  /** IPS_* bits (Linux `enum ip_conntrack_status`): 2 seen reply, 4 assured, 8 confirmed. */
  readonly status: number
  /** Connection mark, an unsigned 32-bit number. */
  readonly mark: number
  /** Zone of the original direction, 0–65535; equal to the other for a zone of both. */
  readonly zoneOriginal: number
  /** Zone of the reply direction, 0–65535. */
  readonly zoneReply: number
  /** Packets and bytes if the entry is accounted (`nf_conntrack_acct`), else null. */
  readonly counters: { readonly original: CounterView; readonly reply: CounterView } | null
  /**
   * When it began, if the entry is time-stamped (`nf_conntrack_timestamp`), else null: seconds since 1970 UTC and
   * nanoseconds.
   */
  readonly start: { readonly seconds: number; readonly nanoseconds: number } | null
  /** When it ended, likewise; null for an entry in the table. */
  readonly stop: { readonly seconds: number; readonly nanoseconds: number } | null
  /** Whole seconds since `start`; null without it. */
  readonly deltaTime: number | null
  /** Name of its helper, such as `ftp`, or null. */
  readonly helper: string | null
  /** GRE: its two timeouts in seconds; null for other protocols. */
  readonly gre: { readonly timeout: number; readonly streamTimeout: number } | null
  /** SCTP: the verification tags expected in packets of each direction, as unsigned numbers. */
  readonly tags?: { readonly original: number; readonly reply: number }
  /** References as an idle reader of `conntrack -L` sees them: 1 and one for each living child. */
  readonly use: number
  /** Our own, not the kernel's: 32 bits, unique for the run; 0 for one read from a text without ids. */
  readonly id: number
}

/** A connection that a helper expects, as `conntrack -L expect` shows it. */
export interface ExpectationView {
  /** Network protocol. */
  readonly family: 'ipv4' | 'ipv6'
  /** Transport protocol number, 0–255. */
  readonly protocol: number
  /** Remaining whole seconds, or null for one that does not expire. */
  readonly timeout: number | null
  /** Source address that is expected, as far as `maskSource` goes. */
  readonly source: string
  /** Destination address that is expected. */
  readonly destination: string
  /** Source port that is expected, 0–65535, as far as `maskSourcePort` goes. */
  readonly sourcePort: number
  /** Destination port that is expected, 0–65535. */
  readonly destinationPort: number
  /** Bits of the source address that count, written as an address. */
  readonly maskSource: string
  /** Bits of the destination address that count: all of them. */
  readonly maskDestination: string
  /** Bits of the source port that count: 0 for any port, 65535 for just that one. */
  readonly maskSourcePort: number
  /** Bits of the destination port that count: 65535. */
  readonly maskDestinationPort: number
  /** Original direction of the connection that announced it. */
  readonly master: TupleView
  /** NF_CT_EXPECT_* bits: 1 permanent, 2 inactive, 4 from user space. */
  readonly flags: number
  /** Which of its helper's classes, from 0. */
  readonly class: number
  /** Name of the helper that made it, such as `ftp`. */
  readonly helper: string
  /** Zone, 0–65535. */
  readonly zone: number
}

/** A change of the table, as `conntrack -E` tells it. */
export interface EventView {
  /** NEW, UPDATE or DESTROY. */
  readonly type: 'new' | 'update' | 'destroy'
  /** When: whole seconds since 1970 UTC. An entry that expires does so at a tick of the clock. */
  readonly seconds: number
  /** Nanoseconds behind `seconds`, 0–999,999,999. */
  readonly nanoseconds: number
  /** The entry behind the change; with `destroy` as it was last. */
  readonly entry: EntryView
  /** Print the TCP (SCTP) state: always for `new`, else only if it changed; `destroy` has it too. */
  readonly showState: boolean
  /** The mark changed with this event (then it is printed even when 0). */
  readonly markChanged: boolean
}

/** The counters behind `conntrack -S` (Linux `struct ip_conntrack_stat`), over the whole run. */
export interface StatisticsView {
  /** Tuples that NAT wanted and found taken (nf_conntrack_tuple_taken); not counted yet: 0. */
  readonly found: number
  /** Packets that are INVALID. */
  readonly invalid: number
  /** Entries put in by hand (nf_conntrack_hash_check_insert); not counted yet: 0. */
  readonly insert: number
  /** Entries that could not enter the table (nf_conntrack_confirm); not counted yet: 0. */
  readonly insertFailed: number
  /** Packets dropped because the table was full. */
  readonly drop: number
  /** Entries that gave way to a new one in a full table (early_drop). */
  readonly earlyDrop: number
  /** ICMP errors that are INVALID. */
  readonly error: number
  /** Look-ups begun anew because the table changed meanwhile; not counted yet: 0. */
  readonly searchRestart: number
  /** Clashes of two new entries that were settled (nf_ct_resolve_clash); not counted yet: 0. */
  readonly clashResolve: number
  /** Entries refused because their hash chain was too long; not counted yet: 0. */
  readonly chainTooLong: number
  /** Expectations that a new entry fulfilled; not counted yet: 0. */
  readonly expectNew: number
  /** Expectations made; not counted yet: 0. */
  readonly expectCreate: number
  /** Expectations taken away; not counted yet: 0. */
  readonly expectDelete: number
}
