/**
 * What a helper is: it reads a control connection and announces the connections to come.
 *
 * It runs at the very end of POSTROUTING and INPUT, on packets that survived all rules, just before the entry is
 * confirmed, and not for RELATED_REPLY. Only control connections have one, so helpers may allocate.
 */
import type { Packet } from '../../packet/packet.ts'
import type { FlowTuple, Follow, SourceMask } from '../expectation.ts'
import type { Reasons } from '../reason.ts'

export const HELPER_ACCEPT = 0
export const HELPER_DROP = 1

/** A kind of expectation of one helper, by its place in `Helper.classes`. */
export interface HelperClass {
  /** Empty for the first, which is not named in output. */
  readonly name: string
  /** At most so many of one control connection at a time. */
  readonly maxExpected: number
  /** Lifetime of an expectation in seconds. */
  readonly timeout: number
}

/** Where the packet names the address: what NAT would rewrite. Offsets into `packet.bytes`. */
export interface ExpectationText {
  readonly kind: string
  readonly start: number
  readonly end: number
}

export interface ExpectationRequest {
  readonly tuple: FlowTuple
  readonly mask: SourceMask
  readonly class: number
  /** Null if the address is not in the packet. */
  readonly text: ExpectationText | null
}

/** Where a packet is rewritten: at the end of its way through the hooks. */
export interface Rewritable {
  /** The packet, whose bytes may be changed, and have `spare` free behind them. */
  writable(spare?: number): Packet
}

/** NAT's part in the work of helpers. */
export interface HelperTranslation {
  /** Translates an entry that was just made as its master, another entry, is. */
  follow(entry: number, master: number, follow: Follow): void
  /** One of the `size` numbers from `from` on: where the search for a free port begins. */
  firstPort(from: number, size: number): number
}

export interface HelperContext {
  readonly packet: Packet
  /** ORIGINAL or REPLY. */
  readonly direction: number
  /** CTINFO_* */
  readonly ctinfo: number
  /** Both tuples of the entry, by direction. */
  readonly tuples: readonly [FlowTuple, FlowTuple]
  readonly reasons: Reasons
  /** Adds an expectation of this connection, with its class's lifetime and maximum; false if it cannot be. */
  readonly expect: (request: ExpectationRequest) => boolean
}

/** A helper at work on one connection, with what it remembers of it. */
export interface HelperSession {
  /** HELPER_ACCEPT or HELPER_DROP. Adds the reason of a drop, and of what it could not see. */
  help(context: HelperContext): number
  /** The connection was loaded in mid-stream (`conntrack -I`, a saved table), not seen from its start. */
  pickUp(): void
}

export interface Helper {
  /** As `-j CT --helper` and `conntrack -L` name it. */
  readonly name: string
  /** Transport protocols whose connections it may be attached to. */
  readonly protocols: readonly number[]
  readonly classes: readonly HelperClass[]
  attach(): HelperSession
}

/** Every bit of the source address counts, none of the source port: what helpers mostly ask for. */
export const anySourcePort: SourceMask = { source: [-1, -1, -1, -1], sourcePort: 0 }
