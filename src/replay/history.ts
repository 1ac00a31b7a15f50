/**
 * The connections that ended last, found again by their addresses and ports: what comes after a close is told by them.
 *
 * An entry is written here when it leaves the table: a packet of a living connection costs nothing. Memory is bounded;
 * the oldest is forgotten first.
 */
import {
  FLOW,
  FLOW_LAST_DIRECTION_SHIFT,
  FLOW_STATE_MASK,
  FLOW_STATE_SHIFT,
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
import { NOWHERE, Recent } from './recent.ts'

/** Connections; a translated one counts twice, once for each side of the NAT. A power of two. */
const REMEMBERED = 32_768
/** Looked at for one packet, at most: flows of other addresses may have the same hash. */
const TRIES = 16

/** Words of a place: both tuples (addresses, ports), protocol, status, flow word. */
const PLACE_WORDS = 21
const PORTS_AT = 8
const REPLY_AT = 9
const REPLY_PORTS_AT = 17
const PROTOCOL_AT = 18
const STATUS_AT = 19
const FLOW_AT = 20

export class History {
  readonly #tracker: Tracker
  readonly #recent = new Recent(REMEMBERED)
  readonly #words = new Int32Array(REMEMBERED * PLACE_WORDS)
  /** Ticks since 1970; negative for an entry that a packet ended. */
  readonly #ended = new Float64Array(REMEMBERED)
  readonly #original = new Tuple()
  readonly #reply = new Tuple()

  /** Is told by the tracker from now on. */
  constructor(tracker: Tracker) {
    this.#tracker = tracker
    tracker.onEnd = (entry, ticks) => this.#add(entry, ticks)
  }

  /** The last connection that the tuple belonged to and that has ended, or null: none, or it is forgotten. */
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
    let left = TRIES
    for (
      let place = this.#recent.first(tuple.hash);
      place !== NOWHERE && left > 0;
      place = this.#recent.older(place)
    ) {
      this.#read(place)
      if (isEither(this.#original, tuple) || isEither(this.#reply, tuple)) return place
      left--
    }
    return NOWHERE
  }

  #add(entry: number, ticks: number): void {
    const { table, clock } = this.#tracker
    const original = this.#original
    table.readTuple(entry, ORIGINAL, original)
    original.computeHash(table.flowHash)
    const words = table.words(entry)
    const at = table.at(entry)
    const status = words[at + STATUS]!
    const ended = ticks < 0 ? -clock.ticks : ticks
    const place = this.#write(original, ended, status, words[at + FLOW]!)
    if ((status & (STATUS_SRC_NAT | STATUS_DST_NAT)) === 0) return
    const reply = this.#reply
    table.readTuple(entry, REPLY, reply)
    reply.computeHash(table.flowHash)
    this.#writeReply(place, reply)
    if (reply.hash === original.hash) return
    this.#writeReply(this.#write(original, ended, status, words[at + FLOW]!, reply.hash), reply)
  }

  #write(tuple: Tuple, ended: number, status: number, flow: number, hash = tuple.hash): number {
    const place = this.#recent.add(hash)
    const words = this.#words
    const at = place * PLACE_WORDS
    const { addresses } = tuple
    for (let i = 0; i < 8; i++) words[at + i] = addresses[i]!
    words[at + PORTS_AT] = tuple.ports
    words[at + PROTOCOL_AT] = tuple.protocol
    words[at + STATUS_AT] = status
    words[at + FLOW_AT] = flow
    this.#ended[place] = ended
    return place
  }

  #writeReply(place: number, { addresses, ports }: Tuple): void {
    const at = place * PLACE_WORDS
    for (let i = 0; i < 8; i++) this.#words[at + REPLY_AT + i] = addresses[i]!
    this.#words[at + REPLY_PORTS_AT] = ports
  }

  /** Fills both tuples. */
  #read(place: number): void {
    const words = this.#words
    const at = place * PLACE_WORDS
    const original = this.#original
    for (let i = 0; i < 8; i++) original.addresses[i] = words[at + i]!
    original.setParts(words[at + PROTOCOL_AT]!, words[at + PORTS_AT]!)
    const reply = this.#reply
    if ((words[at + STATUS_AT]! & (STATUS_SRC_NAT | STATUS_DST_NAT)) === 0) {
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
      translated: (status & (STATUS_SRC_NAT | STATUS_DST_NAT)) !== 0,
      original: viewTuple(this.#original),
      reply: viewTuple(this.#reply),
    }
  }
}

function isEither(known: Tuple, tuple: Tuple): boolean {
  return isSame(known, tuple) || isInverse(known, tuple)
}
