/** A ruleset as data: what iptables-save prints, in the words of iptables. Knows no packets. */
import type { Registry } from './registry.ts'

/** Of iptables and of ip6tables. */
export type Family = 'ipv4' | 'ipv6'

export type Policy = 'ACCEPT' | 'DROP'

/** Where something stands in its file; both count from 1, columns in characters (UTF-16 units). */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** 64-bit, as in the kernel. */
export interface Counters {
  readonly packets: bigint
  readonly bytes: bigint
}

export const noCounts: Counters = { packets: 0n, bytes: 0n }

/** All tables of a family. */
export interface Ruleset {
  /** Of iptables or ip6tables. */
  readonly family: Family
  /** In the order of the file. */
  readonly tables: readonly Table[]
  /** Comment lines behind the last table. */
  readonly comments: readonly string[]
  /** The extensions it was read with, and by which it is printed. */
  readonly registry: Registry
  /** Its text had mistakes, so that it is not what was meant: no firewall takes it. */
  readonly faulty?: true
}

/** `filter`, `nat`, `mangle`, `raw`, `security`. */
export interface Table {
  /** As it stands behind the asterisk. */
  readonly name: string
  /** The built-in ones first, in the kernel's order, then the others as they came. */
  readonly chains: readonly Chain[]
  /** Where it begins. */
  readonly place: Place
  /** Comment lines in front of `*table`, each with its `#`; an empty line is ''. */
  readonly comments: readonly string[]
  /** The same in front of its `COMMIT`. */
  readonly lastComments: readonly string[]
}

/** A chain of a table, built-in or of the user's. */
export interface Chain {
  /** As rules jump to it. */
  readonly name: string
  /** Null in a chain of the user's. */
  readonly policy: Policy | null
  /** Of the policy. */
  readonly counters: Counters
  /** In the order in which they are asked. */
  readonly rules: readonly Rule[]
  /** Null if the file does not name it (a built-in one). */
  readonly place: Place | null
  /** Comment lines in front of it. */
  readonly comments: readonly string[]
}

/** One rule of one source and one destination: a list of addresses has become several rules. */
export interface Rule {
  /** Where it begins. */
  readonly place: Place
  /** Comment lines in front of it. */
  readonly comments: readonly string[]
  /** That it was loaded with. */
  readonly counters: Counters
  /** `-s`, or null: any. */
  readonly source: AddressTest | null
  /** `-d`, likewise. */
  readonly destination: AddressTest | null
  /** `-i`, likewise. */
  readonly inInterface: InterfaceTest | null
  /** `-o`, likewise. */
  readonly outInterface: InterfaceTest | null
  /** `-p`, likewise. */
  readonly protocol: ProtocolTest | null
  /** `-f`: second and further fragments. */
  readonly fragment: { readonly inverted: boolean } | null
  /** In the order in which they are asked. */
  readonly matches: readonly Use[]
  /** Null: count and go on. */
  readonly target: Target | null
}

/** One signed word (IPv4) or four (IPv6); the address is masked already. */
export interface MaskedAddress {
  readonly address: readonly number[]
  readonly mask: readonly number[]
}

export interface AddressTest extends MaskedAddress {
  readonly inverted: boolean
}

/** A final `+` stands for any ending. */
export interface InterfaceTest {
  readonly name: string
  readonly inverted: boolean
}

/** 0 is every protocol. */
export interface ProtocolTest {
  readonly number: number
  readonly inverted: boolean
}

/** What an option is set to. Its type is told by the extension's option table. */
export interface Setting<T = unknown> {
  readonly value: T
  readonly inverted: boolean
}

export type Settings = Readonly<Record<string, Setting>>

/** An extension as a rule uses it: the settings by the keys of its option table, defaults filled in. */
export interface Use {
  readonly name: string
  readonly options: Settings
}

export type Target =
  | ({ readonly kind: 'extension' } & Use)
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
