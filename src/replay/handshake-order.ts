/** Watches the packets of one conversation for a SYN+ACK that comes ahead of the SYN that it answers. */
import type { PacketRecord } from './record.ts'

/** Numbers of packets over the run, from 1. */
export interface Misordered {
  readonly synAck: number
  readonly syn: number
}

export class HandshakeOrder {
  /** The first of the conversation; null while there is none. */
  misordered: Misordered | null = null
  /** SYN+ACK that belonged to nothing. */
  #early: PacketRecord | null = null

  add(record: PacketRecord): void {
    const { tcpFlags, packet, sequence = 0 } = record
    if (this.misordered !== null || tcpFlags === undefined || !tcpFlags.includes('S')) return
    if (tcpFlags.includes('A')) {
      if (record.reasons.some(({ code }) => code === 'tcp-new')) this.#early = record
      return
    }
    const early = this.#early
    if (early === null || early.source !== record.destination) return
    if ((sequence + 1) >>> 0 === early.acknowledgment) this.misordered = { synAck: early.packet, syn: packet }
  }
}
