/** Which conversations the last packets belonged to, by their numbers: a ring. */
import { NOWHERE } from '../recent.ts'

/** A power of two: more than come between a packet and its second copy. */
const REMEMBERED = 65_536

export class PacketPlaces {
  readonly #numbers = new Float64Array(REMEMBERED)
  readonly #places = new Int32Array(REMEMBERED)

  /** `number` counts packets from 1; `place`: of its conversation. */
  remember(number: number, place: number): void {
    const at = number & (REMEMBERED - 1)
    this.#numbers[at] = number
    this.#places[at] = place
  }

  /** NOWHERE: it belonged to none, or is forgotten. */
  placeOf(number: number): number {
    const at = number & (REMEMBERED - 1)
    return this.#numbers[at] === number ? this.#places[at]! : NOWHERE
  }
}
