/**
 * Fragments put together before anything tracks them, as Linux's nf_defrag_ipv4 and nf_defrag_ipv6 do
 * (ip_frag_queue, nf_ct_frag6_queue and their reassembly), down to which odd piece kills what.
 *
 * To read before changing it: fragment-queue.ts for what overlaps; below, the order of the checks is the kernel's,
 * and some leave a trace (`total`, `sawLast`) even where the piece is then dropped.
 */

import { internetChecksum } from './checksum.ts'
import { firstPieceIsWhole } from './first-piece.ts'
import { DUPLICATE, FragmentQueue, INSERTED, type Peer } from './fragment-queue.ts'
import { decodeIPv4 } from './ipv4.ts'
import { decodeIPv6 } from './ipv6.ts'
import {
  DIRECTION_OUTGOING,
  FAMILY_IPV4,
  ISSUE_FRAGMENT,
  ISSUE_FRAGMENT_REFUSED,
  type Packet,
} from './packet.ts'

/** Not a fragment. */
export const FRAGMENT_WHOLE = 0
/** Kept until the rest arrives. Values: offset, length of the piece's data. */
export const FRAGMENT_HELD = 1
/** The packet is now the whole datagram. Values: pieces, length. */
export const FRAGMENT_COMPLETED = 2
/**
 * IPv6 only: not collected; goes on as it is. A later piece is INVALID (ISSUE_FRAGMENT_REFUSED); one at offset 0 is
 * decoded anew as if whole, and usually INVALID for its length or checksum. Values: offset, length.
 */
export const FRAGMENT_REFUSED = 3
/** Values: offset, length. */
export const FRAGMENT_DROPPED_DUPLICATE = 4
/** Values: offset, length. */
export const FRAGMENT_DROPPED_OVERLAP = 5
/** The end contradicts what is known of the datagram. Values: end, total. */
export const FRAGMENT_DROPPED_BAD_END = 6
/** Values: offset. */
export const FRAGMENT_DROPPED_EMPTY = 7
/** Values: length. */
export const FRAGMENT_DROPPED_OVERSIZE = 8
/** Values: a bit 1 << value for each ECN value in the pieces. */
export const FRAGMENT_DROPPED_ECN = 9
/** Values: charged, limit. */
export const FRAGMENT_DROPPED_MEMORY = 10

/** The sysctls that matter here: times in seconds, thresholds in bytes as the kernel charges them. */
export interface FragmentSettings {
  readonly ipfragTime: number
  readonly ipfragHighThresh: number
  /** 0 switches the distance check off. */
  readonly ipfragMaxDist: number
  readonly frag6Timeout: number
  readonly frag6HighThresh: number
}

export const fragmentDefaults: FragmentSettings = {
  ipfragTime: 30,
  ipfragHighThresh: 4_194_304,
  ipfragMaxDist: 64,
  frag6Timeout: 60,
  frag6HighThresh: 4_194_304,
}

/** Bytes charged for a queue; for a piece see `pieceCharge`. Orders of magnitude, not the kernel's allocator. */
const QUEUE_CHARGE = 200

/** Headers up to this length are in a piece's overhead; of what is longer (IPv6 extension headers) each byte counts. */
const USUAL_HEAD = 60

/** A buffer header, and room for data and its own overhead up to a power of two. */
function pieceCharge(length: number): number {
  const needed = length + 400
  return 256 + (needed <= 576 ? 576 : 1 << (32 - Math.clz32(needed - 1)))
}

const NOT_ECT_BIT = 1
const CE_BIT = 8
const CE = 3

/** The queues of one family. Map keeps them in the order of creation, which is that of their deadlines. */
class Queues {
  readonly byKey = new Map<string, FragmentQueue>()
  charged = 0
}

/**
 * Collects fragments. Time is in ticks of any length, `ticksPerSecond` of them a second, and must not run backwards.
 * Memory is bounded by the thresholds, as in the kernel: nothing old is evicted, new pieces are refused.
 */
export class Reassembler {
  /** What the last result has to say, in the order of its reason's fields. */
  readonly values: Float64Array = new Float64Array(2)
  /** Datagrams given up because pieces were missing when their time was over. */
  expired = 0
  readonly #settings: FragmentSettings
  readonly #ticksPerSecond: number
  readonly #four = new Queues()
  readonly #six = new Queues()
  readonly #peers = new Map<number, Peer>()

  constructor(settings: FragmentSettings, ticksPerSecond: number) {
    this.#settings = settings
    this.#ticksPerSecond = ticksPerSecond
  }

  /** Datagrams that wait for pieces. */
  get pending(): number {
    return this.#four.byKey.size + this.#six.byKey.size
  }

  /** Bytes charged at present, both families. */
  get charged(): number {
    return this.#four.charged + this.#six.charged
  }

  /**
   * Takes a decoded packet: FRAGMENT_WHOLE at once if it is no fragment. With FRAGMENT_COMPLETED the packet is
   * decoded anew, from bytes of its own, and `largestFragment` is set. The packet's bytes are copied if kept.
   */
  accept(packet: Packet, ticks: number): number {
    if (packet.issue !== ISSUE_FRAGMENT) return FRAGMENT_WHOLE
    return packet.family === FAMILY_IPV4 ? this.#acceptFour(packet, ticks) : this.#acceptSix(packet, ticks)
  }

  /** Gives up what is due at `ticks`; `accept` does so by itself. */
  expire(ticks: number): void {
    this.#expireOf(this.#four, ticks)
    this.#expireOf(this.#six, ticks)
  }

  #expireOf(queues: Queues, ticks: number): void {
    for (const queue of queues.byKey.values()) {
      if (queue.deadline > ticks) return
      this.#remove(queues, queue)
      this.expired++
    }
  }

  #acceptFour(packet: Packet, ticks: number): number {
    const { ipfragTime, ipfragHighThresh, ipfragMaxDist } = this.#settings
    const queues = this.#four
    this.#expireOf(queues, ticks)
    const start = packet.fragmentOffset
    const length = packet.transportLength
    if (queues.charged > ipfragHighThresh || ipfragHighThresh === 0) {
      return this.#result(FRAGMENT_DROPPED_MEMORY, queues.charged, ipfragHighThresh)
    }
    const deadline = ticks + ipfragTime * this.#ticksPerSecond
    const key = `${place(packet)} ${packet.source0} ${packet.destination0} ${packet.identification} ${packet.protocol}`
    const queue = queues.byKey.get(key) ?? this.#open(queues, key, packet.source0, deadline)
    if (isTooFar(queue, ipfragMaxDist)) this.#restart(queues, queue, deadline)

    let end = start + length
    if (!packet.moreFragments) {
      if (end < queue.total || (queue.sawLast && end !== queue.total)) {
        return this.#kill(queues, queue, FRAGMENT_DROPPED_BAD_END, end, queue.total)
      }
      queue.sawLast = true
      queue.total = end
    } else {
      end &= ~7
      if (end > queue.total) {
        if (queue.sawLast) return this.#kill(queues, queue, FRAGMENT_DROPPED_BAD_END, end, queue.total)
        queue.total = end
      }
    }
    if (end === start) return this.#kill(queues, queue, FRAGMENT_DROPPED_EMPTY, start)
    const placed = queue.place(start, end)
    if (placed === DUPLICATE) return this.#result(FRAGMENT_DROPPED_DUPLICATE, start, length)
    if (placed !== INSERTED) return this.#kill(queues, queue, FRAGMENT_DROPPED_OVERLAP, start, length)

    const headerLength = packet.transportOffset - packet.networkOffset
    this.#add(queues, queue, packet, start, end, headerLength)
    const size = headerLength + end - start
    if (size > queue.largest) queue.largest = size
    if (packet.dontFragment && size > queue.largestUnfragmentable) queue.largestUnfragmentable = size
    if (!queue.isComplete) return this.#result(FRAGMENT_HELD, start, length)
    this.#remove(queues, queue)
    return this.#completeFour(packet, queue)
  }

  #acceptSix(packet: Packet, ticks: number): number {
    const { frag6Timeout, frag6HighThresh } = this.#settings
    const queues = this.#six
    this.#expireOf(queues, ticks)
    const start = packet.fragmentOffset
    const length = packet.transportLength
    // The Fragment header itself is not all there.
    if (packet.issueDetail !== 0) return this.#result(FRAGMENT_DROPPED_EMPTY, 0)
    if (!firstPieceIsWhole(packet)) return this.#refuse(packet)
    if (queues.charged > frag6HighThresh || frag6HighThresh === 0) {
      return this.#result(FRAGMENT_DROPPED_MEMORY, queues.charged, frag6HighThresh)
    }
    const key = keySix(packet)
    const deadline = ticks + frag6Timeout * this.#ticksPerSecond
    const queue = queues.byKey.get(key) ?? this.#open(queues, key, null, deadline)

    const end = start + length
    if (end > 65_535) return this.#result(FRAGMENT_DROPPED_OVERSIZE, end)
    if (!packet.moreFragments) {
      if (end < queue.total || (queue.sawLast && end !== queue.total)) {
        return this.#result(FRAGMENT_DROPPED_BAD_END, end, queue.total)
      }
      queue.sawLast = true
      queue.total = end
    } else {
      if ((end & 7) !== 0) {
        this.#remove(queues, queue)
        return this.#refuse(packet)
      }
      if (end > queue.total) {
        if (queue.sawLast) return this.#result(FRAGMENT_DROPPED_BAD_END, end, queue.total)
        queue.total = end
      }
    }
    if (end === start) return this.#result(FRAGMENT_DROPPED_EMPTY, start)
    const placed = queue.place(start, end)
    if (placed === DUPLICATE) return this.#result(FRAGMENT_DROPPED_DUPLICATE, start, length)
    if (placed !== INSERTED) return this.#kill(queues, queue, FRAGMENT_DROPPED_OVERLAP, start, length)

    this.#add(queues, queue, packet, start, end, packet.transportOffset - packet.networkOffset)
    if (packet.length > queue.largest) queue.largest = packet.length
    if (!queue.isComplete) return this.#result(FRAGMENT_HELD, start, length)
    this.#remove(queues, queue)
    return this.#completeSix(packet, queue)
  }

  #completeFour(packet: Packet, queue: FragmentQueue): number {
    if (isEcnBad(queue)) return this.#result(FRAGMENT_DROPPED_ECN, queue.ecnMask)
    const head = queue.head!
    const length = head.length + queue.total
    if (length > 65_535) return this.#result(FRAGMENT_DROPPED_OVERSIZE, length)
    const bytes = new Uint8Array(length)
    const view = new DataView(bytes.buffer)
    bytes.set(head)
    const known = head.length + queue.copyTo(bytes, head.length)
    if ((queue.ecnMask & CE_BIT) !== 0) bytes[1] = bytes[1]! | CE
    view.setUint16(2, length)
    view.setUint16(6, queue.largestUnfragmentable === queue.largest ? 0x4000 : 0)
    view.setUint16(10, 0)
    view.setUint16(10, internetChecksum(view, 0, head.length))
    decodeIPv4(packet, view, bytes, 0, known, length, false)
    packet.largestFragment = queue.largest
    return this.#result(FRAGMENT_COMPLETED, queue.pieces.length, length)
  }

  #completeSix(packet: Packet, queue: FragmentQueue): number {
    if (isEcnBad(queue)) return this.#result(FRAGMENT_DROPPED_ECN, queue.ecnMask)
    const head = queue.head!
    // The Fragment header is the last 8 bytes of the head, and goes.
    const headLength = head.length - 8
    const payload = headLength - 40 + queue.total
    if (payload > 65_535) return this.#result(FRAGMENT_DROPPED_OVERSIZE, payload)
    const bytes = new Uint8Array(headLength + queue.total)
    const view = new DataView(bytes.buffer)
    bytes.set(head.subarray(0, headLength))
    const known = headLength + queue.copyTo(bytes, headLength)
    bytes[nextHeaderField(head)] = head[headLength]!
    view.setUint16(4, payload)
    if ((queue.ecnMask & CE_BIT) !== 0) bytes[1] = bytes[1]! | (CE << 4)
    // A Fragment header inside the datagram is not collected again.
    decodeIPv6(packet, view, bytes, 0, known, bytes.length, false)
    packet.largestFragment = queue.largest
    return this.#result(FRAGMENT_COMPLETED, queue.pieces.length, bytes.length)
  }

  #add(
    queues: Queues,
    queue: FragmentQueue,
    packet: Packet,
    start: number,
    end: number,
    headLength: number,
  ): void {
    const { bytes, networkOffset, transportOffset } = packet
    const captured = Math.min(packet.transportCaptured, end - start)
    queue.add({ start, end, bytes: bytes.slice(transportOffset, transportOffset + captured) })
    if (start === 0) queue.head = bytes.slice(networkOffset, networkOffset + headLength)
    queue.ecnMask |= 1 << (packet.tos & 3)
    const charge = pieceCharge(end - start + Math.max(0, headLength - USUAL_HEAD))
    queue.charged += charge
    queues.charged += charge
  }

  #open(queues: Queues, key: string, source: number | null, deadline: number): FragmentQueue {
    const queue = new FragmentQueue(key, source === null ? null : this.#peer(source), deadline)
    queue.charged = QUEUE_CHARGE
    queues.charged += QUEUE_CHARGE
    queues.byKey.set(key, queue)
    return queue
  }

  #peer(source: number): Peer {
    let peer = this.#peers.get(source)
    if (peer === undefined) {
      peer = { source, count: 0, queues: 0 }
      this.#peers.set(source, peer)
    }
    peer.queues++
    return peer
  }

  #restart(queues: Queues, queue: FragmentQueue, deadline: number): void {
    queues.charged -= queue.charged - QUEUE_CHARGE
    queue.charged = QUEUE_CHARGE
    queue.restart(deadline)
    // To the end of the line, where its new deadline belongs.
    queues.byKey.delete(queue.key)
    queues.byKey.set(queue.key, queue)
  }

  #remove(queues: Queues, queue: FragmentQueue): void {
    queues.byKey.delete(queue.key)
    queues.charged -= queue.charged
    if (queue.peer !== null && --queue.peer.queues === 0) {
      this.#peers.delete(queue.peer.source)
    }
  }

  #kill(queues: Queues, queue: FragmentQueue, result: number, a: number, b = 0): number {
    this.#remove(queues, queue)
    return this.#result(result, a, b)
  }

  /** A later piece has no transport header to be tracked by; the first is judged by what it holds. */
  #refuse(packet: Packet): number {
    const { fragmentOffset, transportLength, view, bytes, networkOffset, capturedEnd } = packet
    if (fragmentOffset === 0) {
      decodeIPv6(packet, view, bytes, networkOffset, capturedEnd, networkOffset + packet.length, false)
    } else {
      packet.issue = ISSUE_FRAGMENT_REFUSED
    }
    return this.#result(FRAGMENT_REFUSED, fragmentOffset, transportLength)
  }

  #result(result: number, a: number, b = 0): number {
    this.values[0] = a
    this.values[1] = b
    return result
  }
}

/** Pieces that come in and pieces that this host sends never meet. */
function place(packet: Packet): number {
  return packet.direction === DIRECTION_OUTGOING ? 1 : 0
}

function keySix(packet: Packet): string {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } =
    packet
  // The interface counts for multicast (ff00::/8) and link-local (fe80::/10) destinations.
  const isLocal = destination0 >>> 24 === 0xff || destination0 >>> 22 === 0x3fa
  const device = isLocal ? packet.interfaceIndex : -1
  const source = `${source0} ${source1} ${source2} ${source3}`
  const destination = `${destination0} ${destination1} ${destination2} ${destination3}`
  return `${place(packet)} ${source} ${destination} ${packet.identification} ${device}`
}

/** Counts a piece of this source; true if more than `most` of others passed since this queue's last one. */
function isTooFar(queue: FragmentQueue, most: number): boolean {
  const peer = queue.peer
  if (peer === null || most === 0) return false
  const before = queue.peerCount
  queue.peerCount = ++peer.count
  return !queue.isEmpty && peer.count - before > most
}

/** RFC 3168, 5.3: what does not know ECN cannot be joined with what does. */
function isEcnBad(queue: FragmentQueue): boolean {
  return (queue.ecnMask & NOT_ECT_BIT) !== 0 && queue.ecnMask !== NOT_ECT_BIT
}

/** Offset of the field that names the Fragment header, which ends `head`. */
function nextHeaderField(head: Uint8Array): number {
  let field = 6
  let at = 40
  while (at < head.length - 8) {
    const length = head[field] === 51 ? (head[at + 1]! + 2) << 2 : (head[at + 1]! + 1) << 3
    field = at
    at += length
  }
  return field
}
