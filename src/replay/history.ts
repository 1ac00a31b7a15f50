/**
 * The connections that ended last, found again by their addresses and ports: what comes after a close is told by them.
 *
 * An entry is written here when it leaves the table: a packet of a living connection costs nothing. Memory is bounded;
 * the oldest is forgotten first.
 */
import {
  DESTINATION,
  FLOW,
  FLOW_LAST_DIRECTION_SHIFT,
  FLOW_STATE_MASK,
  FLOW_STATE_SHIFT,
  PORTS,
  PROTOCOL,
  PROTOCOL_IPV6_BIT,
  SOURCE,
  STATUS,
} from '../conntrack/entry.ts'
import { ORIGINAL, REPLY, STATUS_DST_NAT, STATUS_SEEN_REPLY, STATUS_SRC_NAT } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { stateName, viewTuple } from '../conntrack/view-entry.ts'
import { PROTOCOL_TCP } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { isInverse, isSame } from './flow-tuple.ts'
import type { FlowTuples } from './flow-tuples.ts'
import type { Former } from './former.ts'

/** Connections. A power of two. */
const REMEMBERED = 32_768
/** Looked at for one packet, at most: flows of other addresses may have the same hash. */
const TRIES = 32

/** Words of a place: both tuples (addresses, ports), protocol, status, flow word. */
const PLACE_WORDS = 21
const PORTS_AT = 8
const REPLY_AT = 9
const REPLY_PORTS_AT = 17
const PROTOCOL_AT = 18
const STATUS_AT = 19
const FLOW_AT = 20

const NAT = STATUS_SRC_NAT | STATUS_DST_NAT
const NOWHERE = -1

export class History {
  readonly #tracker: Tracker
  readonly #words = new Int32Array(REMEMBERED * PLACE_WORDS)
  /** Ticks since 1970; negative for an entry that a packet ended. */
  readonly #ended = new Float64Array(REMEMBERED)
  /** Connections that ended so far; each stands at its number modulo REMEMBERED. */
  #count = 0
  /**
   * Chains by hash, made when somebody asks: most runs have few who do. Numbers of connections, from 1: the last of each
   * chain, and by twice the place (once for each side of a NAT) the one before. What is overwritten by now ends its chain.
   */
  readonly #last = new Float64Array(REMEMBERED)
  readonly #before = new Float64Array(REMEMBERED * 2)
  #chained = 0
  readonly #original = new Tuple()
  readonly #reply = new Tuple()

  /**
   * Is told by the tracker from now on. `all`: of every connection; else of those for which somebody may come too late: TCP
   * that was answered, and everything else that was not.
   */
  constructor(tracker: Tracker, { all }: { readonly all: boolean }) {
    this.#tracker = tracker
    tracker.onEnd = (entry, ticks) => {
      if (all || this.#isAwaited(entry)) this.#add(entry, ticks)
    }
  }

  #isAwaited(entry: number): boolean {
    const { table } = this.#tracker
    const words = table.words(entry)
    const at = table.at(entry)
    const isAnswered = (words[at + STATUS]! & STATUS_SEEN_REPLY) !== 0
    return isAnswered === ((words[at + PROTOCOL]! & 0xff) === PROTOCOL_TCP)
  }

  /** The last connection that the tuple, whose hash is computed, belonged to and that has ended; null: none, or it is forgotten. */
  find(tuple: Tuple): Former | null {
    const place = this.#find(tuple)
    return place === NOWHERE ? null : this.#formerAt(place)
  }

  /** Adds the tuples of that connection. */
  addTuples(tuple: Tuple, tuples: FlowTuples): void {
    if (this.#find(tuple) === NOWHERE) return
    tuples.add(this.#original, ORIGINAL)
    tuples.add(this.#reply, REPLY)
  }

  /** Its place, which is read. */
  #find(tuple: Tuple): number {
    this.#chain()
    const oldest = this.#count - REMEMBERED
    let number = this.#last[tuple.hash & (REMEMBERED - 1)]!
    for (let left = TRIES; left > 0 && number > oldest && number > 0; left--) {
      const place = (number - 1) & (REMEMBERED - 1)
      this.#read(place)
      const isOriginal = isEither(this.#original, tuple)
      if (isOriginal || isEither(this.#reply, tuple)) return place
      number = this.#before[place * 2 + (this.#isChainedByReply(place, tuple.hash) ? 1 : 0)]!
    }
    return NOWHERE
  }

  /** Of the place that was read last: does it stand in this chain for its reply tuple? */
  #isChainedByReply(place: number, hash: number): boolean {
    if ((this.#words[place * PLACE_WORDS + STATUS_AT]! & NAT) === 0) return false
    this.#original.computeHash(this.#tracker.table.flowHash)
    return (this.#original.hash & (REMEMBERED - 1)) !== (hash & (REMEMBERED - 1))
  }

  /** Puts those into their chains that ended since somebody asked last. */
  #chain(): void {
    const { flowHash } = this.#tracker.table
    for (
      let number = Math.max(this.#chained, this.#count - REMEMBERED) + 1;
      number <= this.#count;
      number++
    ) {
      const place = (number - 1) & (REMEMBERED - 1)
      this.#read(place)
      this.#original.computeHash(flowHash)
      this.#link(this.#original.hash, place * 2, number)
      if ((this.#words[place * PLACE_WORDS + STATUS_AT]! & NAT) === 0) continue
      this.#reply.computeHash(flowHash)
      const isSameChain = ((this.#reply.hash ^ this.#original.hash) & (REMEMBERED - 1)) === 0
      if (!isSameChain) this.#link(this.#reply.hash, place * 2 + 1, number)
    }
    this.#chained = this.#count
  }

  #link(hash: number, at: number, number: number): void {
    const chain = hash & (REMEMBERED - 1)
    this.#before[at] = this.#last[chain]!
    this.#last[chain] = number
  }

  #add(entry: number, ticks: number): void {
    const { table, clock } = this.#tracker
    const place = this.#count++ & (REMEMBERED - 1)
    const words = table.words(entry)
    const from = table.at(entry)
    const status = words[from + STATUS]!
    const protocol = words[from + PROTOCOL]!
    const own = this.#words
    const at = place * PLACE_WORDS
    this.#ended[place] = ticks < 0 ? -clock.ticks : ticks
    own[at + PORTS_AT] = words[from + PORTS]!
    own[at + PROTOCOL_AT] = protocol
    own[at + STATUS_AT] = status
    own[at + FLOW_AT] = words[from + FLOW]!
    if (protocol < PROTOCOL_IPV6_BIT && (status & NAT) === 0) {
      own[at] = words[from + SOURCE]!
      own[at + 4] = words[from + DESTINATION]!
      return
    }
    const tuple = this.#original
    table.readTuple(entry, ORIGINAL, tuple)
    for (let i = 0; i < 8; i++) own[at + i] = tuple.addresses[i]!
    table.readTuple(entry, REPLY, tuple)
    for (let i = 0; i < 8; i++) own[at + REPLY_AT + i] = tuple.addresses[i]!
    own[at + REPLY_PORTS_AT] = tuple.ports
  }

  /** Fills both tuples. */
  #read(place: number): void {
    const words = this.#words
    const at = place * PLACE_WORDS
    const original = this.#original
    const ipv6 = words[at + PROTOCOL_AT]! >= PROTOCOL_IPV6_BIT
    // What an IPv6 entry left there before is not erased.
    for (let i = 0; i < 8; i++) original.addresses[i] = ipv6 || (i & 3) === 0 ? words[at + i]! : 0
    original.setParts(words[at + PROTOCOL_AT]!, words[at + PORTS_AT]!)
    const reply = this.#reply
    if ((words[at + STATUS_AT]! & NAT) === 0) {
      reply.invert(original)
      return
    }
    for (let i = 0; i < 8; i++) reply.addresses[i] = words[at + REPLY_AT + i]!
    reply.setParts(words[at + PROTOCOL_AT]!, words[at + REPLY_PORTS_AT]!)
  }

  /** Of the place that was read last. */
  #formerAt(place: number): Former {
    const { hz } = this.#tracker.clock
    const at = place * PLACE_WORDS
    const status = this.#words[at + STATUS_AT]!
    const flow = this.#words[at + FLOW_AT]!
    const protocol = this.#words[at + PROTOCOL_AT]! & 0xff
    const ended = this.#ended[place]!
    const isReply = ((flow >>> FLOW_LAST_DIRECTION_SHIFT) & 1) === REPLY
    return {
      protocol: protocolName(protocol),
      state: stateName(protocol, (flow >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK),
      endedBy: ended < 0 ? 'packet' : 'timeout',
      ended: Math.abs(ended) / hz,
      lastFrom: protocol !== PROTOCOL_TCP ? null : isReply ? 'reply' : 'original',
      answered: (status & STATUS_SEEN_REPLY) !== 0,
      translated: (status & NAT) !== 0,
      original: viewTuple(this.#original),
      reply: viewTuple(this.#reply),
    }
  }
}

function isEither(known: Tuple, tuple: Tuple): boolean {
  return isSame(known, tuple) || isInverse(known, tuple)
}
