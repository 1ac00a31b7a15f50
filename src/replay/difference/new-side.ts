/** The side of NEW: what a replay of OLD hands on goes through it once more, from the same record of the capture. */
import type { Outcome } from '../../conntrack/outcome.ts'
import { Tuple } from '../../conntrack/tuple.ts'
import { decodeRecord } from '../../packet/decode.ts'
import { Packet } from '../../packet/packet.ts'
import type { Station } from '../station.ts'
import { Side, type SideParts } from './side.ts'

/** What the side of NEW is made of. */
export interface NewSideParts extends Omit<SideParts, 'firewall'> {
  /** Of its firewall. */
  readonly station: Station
}

/** For `Comparison` and `Tracing`. */
export class NewSide extends Side {
  /** Between `receive` and `send`: as it was recorded. */
  readonly packet: Packet = new Packet()
  /** Of the packet as it was recorded. */
  readonly tuple: Tuple = new Tuple()
  readonly #station: Station

  /** Becomes the listener of the firewall's notes. */
  constructor({ station, ...parts }: NewSideParts) {
    super({ ...parts, firewall: station.firewall })
    this.#station = station
  }

  /** What became of the last packet. */
  get outcome(): Outcome {
    return this.#station.outcome
  }

  /** The packet that OLD's replay hands on, as the capture has it. */
  receive({ record }: Packet): void {
    Object.assign(this.packet.record, record)
    decodeRecord(this.packet, this.firewall.tracker.headerCheck)
    this.firewall.prepare(this.packet, this.tuple)
  }

  /** Sends it on its way; `number` counts packets from 1. */
  send(number: number): void {
    this.begin(number)
    this.#station.take(this.packet, this.tuple, number)
  }
}
