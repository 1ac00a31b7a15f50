import { buildPacket, type PacketPlan } from '../../../src/packet/build.ts'
import { internetChecksum } from '../../../src/packet/checksum.ts'
import type { Side } from '../kernel.ts'
import type { PacketStep } from './case.ts'
import type { Random } from './random.ts'

/** A host and where its packets enter. */
export interface End {
  readonly side: Side
  readonly address: string
}

export type Family = 4 | 6

/** The scenery of a case: hosts on both sides, the packets seen so far. */
export class Network {
  readonly random: Random
  /** The last packets, for ICMP errors to quote. */
  readonly recent: Uint8Array[] = []
  readonly #hostShare: number
  readonly #ipv6Share: number

  constructor(random: Random) {
    this.random = random
    this.#hostShare = random.pick([0, 0, 0, 0.3, 1])
    this.#ipv6Share = random.pick([0, 0.3, 0.3, 1])
  }

  family(): Family {
    return this.random.chance(this.#ipv6Share) ? 6 : 4
  }

  /** Two ends that can talk: through the router, or one of them the router itself. */
  pair(family: Family): [End, End] {
    const inside = this.end('in', family)
    const other = this.random.chance(this.#hostShare) ? this.end('host', family) : this.end('out', family)
    return this.random.chance(0.7) ? [inside, other] : [other, inside]
  }

  /** One of few hosts of a side, so that flows collide. */
  end(side: Side, family: Family): End {
    const number = side === 'host' ? 1 : this.random.range(2, 3)
    const net = side === 'out' ? 2 : 1
    return { side, address: family === 4 ? `10.0.${net}.${number}` : `fd00:${net}::${number}` }
  }

  /** One of many hosts of a side: for what must not meet earlier traffic. */
  farEnd(side: 'in' | 'out', family: Family): End {
    const net = side === 'out' ? 2 : 1
    const number = this.random.range(10, 250)
    return { side, address: family === 4 ? `10.0.${net}.${number}` : `fd00:${net}::${number}` }
  }

  packet(from: End, to: End, plan: Omit<PacketPlan, 'source' | 'destination'>): PacketStep {
    return this.raw(from.side, buildPacket({ source: from.address, destination: to.address, ...plan }))
  }

  raw(side: Side, bytes: Uint8Array): PacketStep {
    this.recent.push(bytes)
    if (this.recent.length > 12) this.recent.shift()
    return { kind: 'packet', side, bytes }
  }
}

/** Shortens an IP packet to `length` bytes, with the IP lengths to match. */
export function cutPacket(packet: Uint8Array, length: number): Uint8Array {
  const bytes = packet.slice(0, Math.min(length, packet.length))
  const view = new DataView(bytes.buffer)
  if (bytes[0]! >> 4 === 6) {
    if (bytes.length >= 40) view.setUint16(4, bytes.length - 40)
  } else if (bytes.length >= 20) {
    view.setUint16(2, bytes.length)
    view.setUint16(10, 0)
    view.setUint16(10, internetChecksum(view, 0, Math.min((bytes[0]! & 15) * 4, bytes.length)))
  }
  return bytes
}

/** Where the IP header of a packet ends: 40 for IPv6, whatever follows. */
export function headerLength(packet: Uint8Array): number {
  return packet[0]! >> 4 === 6 ? 40 : (packet[0]! & 15) * 4
}
