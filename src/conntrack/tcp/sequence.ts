/**
 * Sequence numbers of a connection whose payload NAT makes longer or shorter (nf_conntrack_seqadj.c).
 *
 * For each direction two offsets: of what comes before the last change, and of what comes behind it. The tracker knows the
 * numbers as their sender has them; an ACK answers those that went on, so it is taken back before it is judged.
 */
import { adjustChecksum32 } from '../../packet/adjust.ts'
import type { Packet } from '../../packet/packet.ts'
import { TCP_ACK } from '../../packet/packet.ts'
import { after, before } from './side.ts'

const OPTION_END = 0
const OPTION_NOP = 1
const OPTION_SACK = 5

export class SequenceAdjustment {
  /** By direction: the sequence number of the last segment that was changed. */
  readonly #position = new Int32Array(2)
  readonly #before = new Int32Array(2)
  readonly #after = new Int32Array(2)

  /** A segment with this sequence number became so many bytes longer; not 0. */
  note(direction: number, sequence: number, change: number): void {
    const first = this.#before[direction] === this.#after[direction]
    // A segment that is sent again was counted.
    if (!first && !before(this.#position[direction]!, sequence)) return
    this.#position[direction] = sequence
    this.#before[direction] = this.#after[direction]!
    this.#after[direction] = this.#after[direction]! + change
  }

  /** By how much a sequence number of this direction was raised. */
  offset(direction: number, sequence: number): number {
    return after(sequence, this.#position[direction]!) ? this.#after[direction]! : this.#before[direction]!
  }

  /** Writes the numbers that the other side knows (nf_ct_seq_adjust). False: the TCP options cannot be read. */
  adjust(packet: Packet, direction: number): boolean {
    const { view, transportOffset: at } = packet
    const sequence = (packet.sequence + this.offset(direction, packet.sequence)) | 0
    this.#write(packet, at + 4, sequence)
    packet.sequence = sequence
    if ((packet.tcpFlags & TCP_ACK) === 0) return true
    const other = direction ^ 1
    const acknowledgment = this.#original(other, packet.acknowledgment)
    this.#write(packet, at + 8, acknowledgment)
    packet.acknowledgment = acknowledgment
    const end = at + Math.min(packet.tcpHeaderLength, packet.transportCaptured)
    for (let option = at + 20; option < end; ) {
      const kind = view.getUint8(option)
      if (kind === OPTION_END) return true
      if (kind === OPTION_NOP) {
        option++
        continue
      }
      const length = option + 1 < end ? view.getUint8(option + 1) : 0
      // Cut by the snap length, or by the header itself: only the latter is Linux's business.
      if (length < 2 || option + length > end) return packet.transportCaptured < packet.tcpHeaderLength
      if (kind === OPTION_SACK && length >= 10 && (length - 2) % 8 === 0) {
        for (let edge = option + 2; edge < option + length; edge += 4)
          this.#write(packet, edge, this.#original(other, view.getInt32(edge)))
      }
      option += length
    }
    return true
  }

  /** A number that acknowledges what a direction was made to look like, as its sender has it. */
  #original(direction: number, number: number): number {
    const raised = after((number - this.#before[direction]!) | 0, this.#position[direction]!)
    return (number - (raised ? this.#after[direction]! : this.#before[direction]!)) | 0
  }

  #write({ view, transportOffset, transportCaptured }: Packet, at: number, value: number): void {
    if (at + 4 > transportOffset + transportCaptured) return
    if (transportCaptured >= 18) adjustChecksum32(view, transportOffset + 16, view.getInt32(at), value)
    view.setInt32(at, value)
  }
}

/** Of the connection whose segment is judged next, where it has STATUS_SEQ_ADJUST: the tracker sets it. */
export const judged: { adjustment: SequenceAdjustment | null } = { adjustment: null }
