/** What rules see of the connection that a packet belongs to (nf_ct_get). */

import { PORTS, PROTOCOL, PROTOCOL_IPV6_BIT, STATUS } from '../conntrack/entry.ts'
import { invertedIcmpType, invertedIcmpv6Type } from '../conntrack/icmp-type.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_NEW,
  CTINFO_NONE,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  CTINFO_UNTRACKED,
} from '../conntrack/status.ts'
import type { StateTable } from '../conntrack/table.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import type { Environment } from '../hook/environment.ts'
import { type Passage, STOP_UNKNOWN } from '../hook/passage.ts'
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../packet/packet.ts'

/** Bits of `stateNames`. */
export const STATE_INVALID = 1
export const STATE_NEW = 2
export const STATE_RELATED = 4
export const STATE_ESTABLISHED = 8
export const STATE_UNTRACKED = 16
export const STATE_SNAT = 32
export const STATE_DNAT = 64

/** The bit of a CTINFO_*; of a packet that met no tracker INVALID, as it has no entry. */
const stateBits = new Uint8Array(16).fill(STATE_INVALID)
stateBits[CTINFO_ESTABLISHED] = STATE_ESTABLISHED
stateBits[CTINFO_ESTABLISHED_REPLY] = STATE_ESTABLISHED
stateBits[CTINFO_RELATED] = STATE_RELATED
stateBits[CTINFO_RELATED_REPLY] = STATE_RELATED
stateBits[CTINFO_NEW] = STATE_NEW
stateBits[CTINFO_UNTRACKED] = STATE_UNTRACKED

export function stateBit(ctinfo: number): number {
  return stateBits[ctinfo]!
}

/** The packet has an entry, if only one that it ended itself. */
export function isTracked(ctinfo: number): boolean {
  return ctinfo <= CTINFO_RELATED_REPLY
}

/** The packet's direction is the reply direction, CTINFO2DIR. */
export function isReply(ctinfo: number): boolean {
  return ctinfo >= CTINFO_ESTABLISHED_REPLY
}

/** Number of the packet's entry; of one that the packet ended, which is in no table any more, but still readable. */
export function entryOf(outcome: Outcome): number {
  return outcome.entry >= 0 ? outcome.entry : outcome.ended
}

/** STATUS_* bits of the packet's entry. */
export function statusOf(table: StateTable, outcome: Outcome): number {
  const { entry } = outcome
  return entry >= 0 ? table.words(entry)[table.at(entry) + STATUS]! : outcome.endedStatus
}

/**
 * Whether a rule of this table can be told what the packet is: not where the capture was cut so short that the tracker
 * could not. Ahead of the tracker, in table raw, every packet is without a connection.
 */
export function isJudged(passage: Passage, raw: boolean): boolean {
  if (passage.outcome.ctinfo !== CTINFO_NONE || raw) return true
  passage.stop = STOP_UNKNOWN
  return false
}

export function isRaw({ table }: Environment): boolean {
  return table === 'raw'
}

/** The tuples of an entry, both directions: filled by `read`, and reused. */
export class EntryTuples {
  /** Source words 0–3, destination words 4–7; IPv4 addresses in 0 and 4. */
  readonly original = new Int32Array(8)
  readonly reply = new Int32Array(8)
  /** Source part << 16 | destination part, as the entry's PORTS. */
  originalPorts = 0
  replyPorts = 0
  /** Transport protocol. */
  protocol = 0
  readonly #table: StateTable

  constructor(table: StateTable) {
    this.#table = table
  }

  /** The packet has a connection. */
  read({ outcome, tuple }: Passage): void {
    const { entry } = outcome
    if (entry < 0) {
      this.#readPacket(tuple, isReply(outcome.ctinfo))
    } else this.readEntry(entry)
  }

  readEntry(entry: number): void {
    const words = this.#table.words(entry)
    const at = this.#table.at(entry)
    this.protocol = words[at + PROTOCOL]! & 0xff
    this.originalPorts = words[at + PORTS]!
    this.#table.readAddresses(entry, this.original)
    this.#mirror(words[at + PROTOCOL]! >= PROTOCOL_IPV6_BIT)
  }

  /** Of an entry that its packet ended: what the packet itself says. */
  #readPacket(tuple: Tuple, reply: boolean): void {
    this.protocol = tuple.protocol & 0xff
    this.originalPorts = reply ? tuple.inversePorts : tuple.ports
    const turn = reply ? 4 : 0
    for (let i = 0; i < 8; i++) this.original[i] = tuple.addresses[i ^ turn]!
    this.#mirror(tuple.protocol >= PROTOCOL_IPV6_BIT)
  }

  #mirror(ipv6: boolean): void {
    const { original, reply, originalPorts: ports } = this
    for (let i = 0; i < 8; i++) reply[i] = original[i ^ 4]!
    if (this.protocol === PROTOCOL_ICMP || this.protocol === PROTOCOL_ICMPV6) {
      const type = (ports >>> 8) & 0xff
      const partner = ipv6 ? invertedIcmpv6Type(type) : invertedIcmpType(type)
      this.replyPorts = (ports & 0xffff_00ff) | (partner << 8)
    } else this.replyPorts = (ports << 16) | (ports >>> 16)
  }
}
