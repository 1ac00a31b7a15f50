/**
 * The conversations of a capture: packets by the addresses and ports that they were recorded with, both directions
 * together. NAT decides nothing here, so that two runs over the same packets have the same conversations. Where a router is
 * captured on both sides, second copies tell which other addresses and ports are the same conversation. Bounded: the oldest
 * makes room.
 */
import { PROTOCOL_IPV6_BIT } from '../../conntrack/entry.ts'
import type { FlowHash } from '../../conntrack/hash.ts'
import { Tuple } from '../../conntrack/tuple.ts'
import { hasPorts, isIcmp } from '../../nat/tuple-part.ts'
import { formatIPv4, formatIPv6 } from '../../packet/address.ts'
import {
  FAMILY_IPV6,
  FAMILY_NONE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  Packet,
} from '../../packet/packet.ts'
import { protocolName } from '../../packet/protocol.ts'
import { decodeQuoted, QUOTED_OK } from '../../packet/quoted.ts'
import { isErrorPacket } from '../error-packet.ts'
import { NOWHERE, Recent } from '../recent.ts'
import type { RecordTuple } from '../record.ts'

/** Remembered unless told: a power of two. */
const REMEMBERED = 262_144
const TUPLE_WORDS = 11
const QUOTE_OFFSET = 8
/** Of protocols without ports, and of packets whose ports nobody can read. */
const NO_PORTS = 0x1_0000

/** What is at a place. */
const NOTHING = 0
const CONVERSATION = 1
/** Other addresses and ports of a conversation. */
const ALIAS = 2

/** A conversation in words of a record, in the direction of its first packet. */
export interface Conversation extends RecordTuple {
  /** Of its addresses. */
  readonly family: 'ipv4' | 'ipv6'
  /** As `/proc/net/nf_conntrack` names it. */
  readonly protocol: string
  /** With protocol `unknown`: its number, 0–255. */
  readonly protocolNumber?: number
}

/** Conversations by place: numbers from 0 to `size` − 1. */
export class Conversations {
  /** So many are remembered at a time. */
  readonly size: number
  /** How many there were. */
  count = 0
  /** How many made room: a later packet of theirs counts as another conversation. */
  forgotten = 0
  readonly #flowHash: FlowHash
  readonly #recent: Recent
  readonly #words: Int32Array
  readonly #used: Uint8Array
  /** By place: which one it is in the order of their beginnings; of an alias that of its conversation. */
  readonly #begun: Float64Array
  /** Of aliases: the places of their conversations. */
  readonly #targets: Int32Array
  readonly #onEnd: (place: number) => void
  readonly #key = new Tuple()
  readonly #quoted = new Packet()

  /** `onEnd` is called for each conversation that is over, ahead of its place being taken by another. */
  constructor(flowHash: FlowHash, onEnd: (place: number) => void, size = REMEMBERED) {
    this.size = size
    this.#flowHash = flowHash
    this.#recent = new Recent(size)
    this.#words = new Int32Array(size * TUPLE_WORDS)
    this.#used = new Uint8Array(size)
    this.#begun = new Float64Array(size)
    this.#targets = new Int32Array(size)
    this.#onEnd = onEnd
  }

  /**
   * The place of the packet's conversation, a new one where there is none yet; NOWHERE for what is not IP. The packet is as it
   * was recorded, and `tuple` was prepared from it. An ICMP error belongs to the conversation that it is about, if that is
   * known.
   */
  placeOf(packet: Packet, tuple: Tuple): number {
    const key = this.#key
    if (isErrorPacket(packet) && this.#readQuoted(packet)) {
      const about = this.#find(key)
      if (about !== NOWHERE) return about
    }
    if (!this.#readKey(packet, tuple)) return NOWHERE
    const known = this.#find(key)
    return known === NOWHERE ? this.#add() : known
  }

  /**
   * The packet is the second copy of one that belongs to the conversation at a place: what has its addresses and ports
   * belongs there too.
   */
  alias(place: number, packet: Packet, tuple: Tuple): void {
    if (!tuple.usable || !tuple.invertible || !this.#readKey(packet, tuple)) return
    let known = this.#findAny(this.#key)
    if (known !== NOWHERE && this.#used[known] !== ALIAS) return
    if (known === NOWHERE) known = this.#take(ALIAS)
    // The oldest makes room, which may have been this very conversation.
    if (this.#used[place] !== CONVERSATION) return
    this.#targets[known] = place
    this.#begun[known] = this.#begun[place]!
  }

  /** The conversation is over, and another one with the same addresses and ports begins: its place. */
  split(place: number): number {
    const words = this.#words
    const at = place * TUPLE_WORDS
    const key = this.#key
    for (let i = 0; i < 8; i++) key.addresses[i] = words[at + i]!
    key.ports = words[at + 8]!
    key.inversePorts = words[at + 9]!
    key.protocol = words[at + 10]!
    key.computeHash(this.#flowHash)
    this.#end(place)
    this.#recent.remove(place)
    return this.#add()
  }

  /** All that are left are over. */
  finish(): void {
    for (let place = 0; place < this.size; place++) this.#end(place)
  }

  /** Places in use. */
  *places(): Generator<number> {
    for (let place = 0; place < this.size; place++) if (this.#used[place] === CONVERSATION) yield place
  }

  /** In words: for output only. */
  view(place: number): Conversation {
    const words = this.#words
    const at = place * TUPLE_WORDS
    const kind = words[at + 10]!
    const isIPv6 = (kind & PROTOCOL_IPV6_BIT) !== 0
    const text = (from: number) =>
      isIPv6
        ? formatIPv6(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!)
        : formatIPv4(words[from]!)
    const number = kind & 0xff
    const protocol = protocolName(number)
    const view: Conversation = {
      family: isIPv6 ? 'ipv6' : 'ipv4',
      protocol,
      ...(protocol === 'unknown' && { protocolNumber: number }),
      source: text(at),
      destination: text(at + 4),
    }
    if ((kind & NO_PORTS) !== 0) return view
    const ports = words[at + 8]!
    if (hasPorts(kind)) return { ...view, sourcePort: ports >>> 16, destinationPort: ports & 0xffff }
    if (isIcmp(kind)) return { ...view, type: (ports >>> 8) & 0xff, code: ports & 0xff, id: ports >>> 16 }
    return view
  }

  #readQuoted(packet: Packet): boolean {
    const key = this.#key
    if (decodeQuoted(packet, QUOTE_OFFSET, this.#quoted) !== QUOTED_OK || !key.fromPacket(this.#quoted))
      return false
    key.computeHash(this.#flowHash)
    return true
  }

  #readKey(packet: Packet, tuple: Tuple): boolean {
    const key = this.#key
    if (tuple.usable) {
      key.copy(tuple)
      key.hash = tuple.hash
      // Of a type without an answer nothing is the other direction.
      if (!tuple.invertible) key.inversePorts = -1
      return true
    }
    if (packet.family === FAMILY_NONE) return false
    if (packet.issue === ISSUE_NETWORK_CUT || packet.issue === ISSUE_NETWORK_BAD) return false
    const isIPv6 = packet.family === FAMILY_IPV6
    const { addresses } = key
    addresses.fill(0)
    addresses[0] = packet.source0
    addresses[4] = packet.destination0
    if (isIPv6) {
      addresses[1] = packet.source1
      addresses[2] = packet.source2
      addresses[3] = packet.source3
      addresses[5] = packet.destination1
      addresses[6] = packet.destination2
      addresses[7] = packet.destination3
    }
    key.ports = 0
    key.inversePorts = 0
    key.protocol = packet.protocol | NO_PORTS | (isIPv6 ? PROTOCOL_IPV6_BIT : 0)
    key.computeHash(this.#flowHash)
    return true
  }

  /** The place of a conversation. */
  #find(key: Tuple): number {
    const place = this.#findAny(key)
    if (place === NOWHERE || this.#used[place] === CONVERSATION) return place
    const target = this.#targets[place]!
    const isThere = this.#used[target] === CONVERSATION && this.#begun[target] === this.#begun[place]
    return isThere ? target : NOWHERE
  }

  /** The place of a conversation or an alias. */
  #findAny({ addresses, ports, protocol, hash }: Tuple): number {
    const words = this.#words
    const recent = this.#recent
    for (let place = recent.first(hash); place !== NOWHERE; place = recent.older(place)) {
      const at = place * TUPLE_WORDS
      if (words[at + 10] !== protocol) continue
      if (words[at + 8] === ports && isAt(words, at, addresses, 0)) return place
      if (words[at + 9] === ports && isAt(words, at, addresses, 4)) return place
    }
    return NOWHERE
  }

  #add(): number {
    const place = this.#take(CONVERSATION)
    this.#begun[place] = ++this.count
    return place
  }

  #take(kind: number): number {
    const { addresses, ports, inversePorts, protocol, hash } = this.#key
    const place = this.#recent.add(hash)
    if (this.#used[place] === CONVERSATION) {
      this.forgotten++
      this.#end(place)
    }
    const words = this.#words
    const at = place * TUPLE_WORDS
    for (let i = 0; i < 8; i++) words[at + i] = addresses[i]!
    words[at + 8] = ports
    words[at + 9] = inversePorts
    words[at + 10] = protocol
    this.#used[place] = kind
    this.#begun[place] = 0
    return place
  }

  #end(place: number): void {
    if (this.#used[place] !== CONVERSATION) return
    this.#onEnd(place)
    this.#used[place] = NOTHING
  }
}

/** Are these the addresses at a place, from `turn` (0 or 4) on? */
function isAt(words: Int32Array, at: number, addresses: Int32Array, turn: number): boolean {
  for (let i = 0; i < 8; i++) if (words[at + (i ^ turn)] !== addresses[i]) return false
  return true
}
