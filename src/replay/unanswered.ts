/**
 * Connections whose source was translated and that nobody has answered yet. Where a capture shows what the router received
 * and not what it sent, the port that it chose shows only in the answer: to a port that no entry has, from where one is due.
 */
import { PROTOCOL_IPV6_BIT } from '../conntrack/entry.ts'
import type { FlowHash } from '../conntrack/hash.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import { hasPorts, isIcmp, partOf } from '../nat/tuple-part.ts'
import { type Packet, PROTOCOL_TCP, TCP_ACK } from '../packet/packet.ts'
import { END_DESTINATION, END_SOURCE } from '../packet/translate.ts'
import { NOWHERE, Recent } from './recent.ts'

const REMEMBERED = 8192
const MOST = 64
const TUPLE_WORDS = 11

export class Unanswered {
  readonly #flowHash: FlowHash
  readonly #recent = new Recent(REMEMBERED)
  readonly #words = new Int32Array(REMEMBERED * TUPLE_WORDS)
  readonly #next = new Int32Array(REMEMBERED)

  constructor(flowHash: FlowHash) {
    this.#flowHash = flowHash
  }

  /** A packet that opened a connection, with the tuple that it came with. */
  remember(packet: Packet, { addresses, ports, inversePorts, protocol }: Tuple): void {
    if (!isAnswered(protocol)) return
    const place = this.#recent.add(
      this.#hash(addresses, 4, partOf(ports, protocol, END_DESTINATION), protocol),
    )
    const at = place * TUPLE_WORDS
    for (let i = 0; i < 8; i++) this.#words[at + i] = addresses[i]!
    this.#words[at + 8] = ports
    this.#words[at + 9] = inversePorts
    this.#words[at + 10] = protocol
    this.#next[place] = (packet.sequence + 1) | 0
  }

  /**
   * Fills `came` with the tuple of the one connection that the packet, whose tuple is `tuple`, can be the first answer to,
   * and forgets it; false: there is none, or there are several. For an ICMP error, `tuple` is of an answer to what it quotes.
   */
  take(packet: Packet, tuple: Tuple, came: Tuple): boolean {
    const { addresses, ports, protocol } = tuple
    if (!isAnswered(protocol)) return false
    let found = NOWHERE
    let left = MOST
    const recent = this.#recent
    for (
      let place = recent.first(this.#hash(addresses, 0, partOf(ports, protocol, END_SOURCE), protocol));
      place !== NOWHERE;
      place = recent.older(place)
    ) {
      if (left-- === 0) return false
      if (!this.#answers(place, packet, tuple)) continue
      if (found !== NOWHERE) return false
      found = place
    }
    if (found === NOWHERE) return false
    const at = found * TUPLE_WORDS
    for (let i = 0; i < 8; i++) came.addresses[i] = this.#words[at + i]!
    came.ports = this.#words[at + 8]!
    came.inversePorts = this.#words[at + 9]!
    came.protocol = protocol
    recent.remove(found)
    return true
  }

  #answers(place: number, packet: Packet, { addresses, ports, protocol }: Tuple): boolean {
    const words = this.#words
    const at = place * TUPLE_WORDS
    if (words[at + 10] !== protocol) return false
    // An identifier is the same on the way back, and the answer's type has to fit.
    if (isIcmp(protocol) ? words[at + 9] !== ports : (words[at + 8]! & 0xffff) !== ports >>> 16) return false
    for (let i = 0; i < 4; i++) if (words[at + 4 + i] !== addresses[i]) return false
    if (packet.protocol !== PROTOCOL_TCP) return true
    return (packet.tcpFlags & TCP_ACK) !== 0 && packet.acknowledgment === this.#next[place]
  }

  /** Of one end of a tuple: its address, at 0 or 4, and port. */
  #hash(addresses: Int32Array, at: number, port: number, protocol: number): number {
    return protocol >= PROTOCOL_IPV6_BIT
      ? this.#flowHash.hash6(addresses, at, at, port, protocol)
      : this.#flowHash.hash4(addresses[at]!, 0, port, protocol)
  }
}

function isAnswered(protocol: number): boolean {
  return hasPorts(protocol) || isIcmp(protocol)
}
