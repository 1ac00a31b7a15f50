/** One entry of the state table as plain data, at one moment: what formats print. */
export interface TupleView {
  /** As `inet_ntop` prints them: dotted, or compressed IPv6 in lower case. */
  readonly source: string
  readonly destination: string
  /** TCP, UDP, UDP-Lite, SCTP. */
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** ICMP, ICMPv6. */
  readonly type?: number
  readonly code?: number
  readonly id?: number
  /** GRE. */
  readonly sourceKey?: number
  readonly destinationKey?: number
}

export interface CounterView {
  readonly packets: number
  readonly bytes: number
}

export interface EntryView {
  readonly family: 'ipv4' | 'ipv6'
  /** Transport protocol number. */
  readonly protocol: number
  /** TCP and SCTP state as Linux prints it, else null. */
  readonly state: string | null
  /** Remaining whole seconds, rounded down. */
  readonly timeout: number
  readonly original: TupleView
  readonly reply: TupleView
  /** IPS_* bits, see status.ts. */
  readonly status: number
  readonly mark: number
  /** Equal for a zone of both directions. */
  readonly zoneOriginal: number
  readonly zoneReply: number
  /** Present when the entry is accounted. */
  readonly counters: { readonly original: CounterView; readonly reply: CounterView } | null
  /** Present when the entry is time-stamped: seconds since 1970 UTC and nanoseconds. */
  readonly start: { readonly seconds: number; readonly nanoseconds: number } | null
  readonly stop: { readonly seconds: number; readonly nanoseconds: number } | null
  /** Whole seconds since `start`. */
  readonly deltaTime: number | null
  readonly helper: string | null
  /** GRE: its two timeouts in seconds. */
  readonly gre: { readonly timeout: number; readonly streamTimeout: number } | null
  /** SCTP: the verification tags expected in packets of each direction, as unsigned numbers. */
  readonly tags?: { readonly original: number; readonly reply: number }
  /** References as an idle reader of `conntrack -L` sees them: 1 and one for each living child. */
  readonly use: number
  /** Our own: unique for the run. */
  readonly id: number
}

export interface ExpectationView {
  readonly family: 'ipv4' | 'ipv6'
  readonly protocol: number
  /** Remaining whole seconds, or null for one that does not expire. */
  readonly timeout: number | null
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
  readonly maskSource: string
  readonly maskDestination: string
  readonly maskSourcePort: number
  readonly maskDestinationPort: number
  readonly master: TupleView
  readonly flags: number
  readonly class: number
  readonly helper: string
  readonly zone: number
}

/** A change of the table, as `conntrack -E` tells it. */
export interface EventView {
  readonly type: 'new' | 'update' | 'destroy'
  readonly seconds: number
  readonly nanoseconds: number
  readonly entry: EntryView
  /** Print the TCP (SCTP) state: always for `new`, else only if it changed; `destroy` has it too. */
  readonly showState: boolean
  /** The mark changed with this event (then it is printed even when 0). */
  readonly markChanged: boolean
}

/** The counters behind `conntrack -S`. */
export interface StatisticsView {
  readonly found: number
  readonly invalid: number
  readonly insert: number
  readonly insertFailed: number
  readonly drop: number
  readonly earlyDrop: number
  readonly error: number
  readonly searchRestart: number
  readonly clashResolve: number
  readonly chainTooLong: number
  readonly expectNew: number
  readonly expectCreate: number
  readonly expectDelete: number
}
