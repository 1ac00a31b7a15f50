/**
 * What happened on a connection in few letters, as Zeek's conn.log has it: S a SYN, H a SYN with ACK, A a bare ACK, D data (and
 * whatever is not TCP), F a FIN, R a reset, I what is INVALID; capitals for who opened it, each letter once for each side.
 */

const LETTERS = 'SHADFRI'
const SIDES = 2
const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const ACK = 0x10

/** Number of the letter of a TCP segment. */
export function tcpLetter(flags: number, payload: number): number {
  if ((flags & RST) !== 0) return LETTERS.indexOf('R')
  if ((flags & SYN) !== 0) return LETTERS.indexOf((flags & ACK) !== 0 ? 'H' : 'S')
  if ((flags & FIN) !== 0) return LETTERS.indexOf('F')
  return LETTERS.indexOf(payload > 0 ? 'D' : 'A')
}

export const LETTER_DATA = LETTERS.indexOf('D')
export const LETTER_INVALID = LETTERS.indexOf('I')

/**
 * Histories as numbers: each is one letter behind another history, and few there are, whatever the number of connections. 0 is
 * the empty one.
 */
export class Histories {
  readonly #texts: string[] = ['']
  /** Bits of the letters that are in it: a letter for each side. */
  readonly #seen: number[] = [0]
  readonly #next = new Map<number, number>()

  /** `letter` from `tcpLetter` or LETTER_*; `side` 0 for who opened the connection, 1 for who answers. */
  with(history: number, letter: number, side: number): number {
    const bit = 1 << (letter * SIDES + side)
    const seen = this.#seen[history]!
    if ((seen & bit) !== 0) return history
    const step = history * 0x1_0000 + letter * SIDES + side
    const known = this.#next.get(step)
    if (known !== undefined) return known
    const name = LETTERS[letter]!
    const made = this.#texts.length
    this.#texts.push(this.#texts[history]! + (side === 0 ? name : name.toLowerCase()))
    this.#seen.push(seen | bit)
    this.#next.set(step, made)
    return made
  }

  text(history: number): string {
    return this.#texts[history] ?? ''
  }
}
