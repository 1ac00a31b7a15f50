/** One of the two runs that are compared. */
import type { Outcome } from '../../conntrack/outcome.ts'
import type { Firewall } from '../../firewall/firewall.ts'
import type { Note } from '../../hook/note.ts'
import type { Passage } from '../../hook/passage.ts'
import type { Packet } from '../../packet/packet.ts'
import type { PacketRecord } from '../record.ts'

/** What a side is made of. */
export interface SideParts {
  /** With rules of at least one family. */
  readonly firewall: Firewall
  /** The record of the packet that went through it last: `recordOf` with this firewall and its tracker. */
  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord
  /** What tells two notes of LOG or NFLOG apart: a line of the kernel log. */
  noteText(note: Note, passage: Passage): string
}

/** A firewall whose notes are gathered packet by packet. */
export class Side {
  /** Its rules and their tracker. */
  readonly firewall: Firewall
  /** What rules had to say about the last packet. */
  notes: string[] = []
  readonly #parts: SideParts

  /** Becomes the listener of the firewall's notes. */
  constructor(parts: SideParts) {
    this.#parts = parts
    this.firewall = parts.firewall
    this.firewall.onNote = (passage, note) => this.notes.push(parts.noteText(note, passage))
  }

  /** Ahead of a packet: random numbers begin anew, so that a packet more or less on one side changes nothing for later ones. */
  begin(number: number): void {
    if (this.notes.length > 0) this.notes = []
    this.firewall.random.restart(number)
  }

  /** The record of the last packet, with what was logged. */
  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord {
    const record = this.#parts.recordOf(packet, outcome, number)
    if (this.notes.length > 0) record.log = this.notes
    return record
  }
}
