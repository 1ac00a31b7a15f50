/** `-i` and `-o`: the names of interfaces compared once each, then looked up by number (ifname_compare). */
import type { Interfaces } from '../host/interfaces.ts'
import type { InterfaceTest } from '../ruleset/model.ts'

const UNKNOWN = 0
const NO = 1
const YES = 2

/** Compares an interface by its number; what the name says about each number is remembered. */
export class InterfaceCondition {
  readonly #test: InterfaceTest
  readonly #interfaces: Interfaces
  #answers = new Uint8Array(16)

  constructor(test: InterfaceTest, interfaces: Interfaces) {
    this.#test = test
    this.#interfaces = interfaces
  }

  /** The interface of this number, 0 for none, is the one that is meant; inversion included. */
  matches(number: number): boolean {
    const answer = number < this.#answers.length ? this.#answers[number]! : UNKNOWN
    return answer === UNKNOWN ? this.#ask(number) : answer === YES
  }

  #ask(number: number): boolean {
    if (number >= this.#answers.length) {
      const grown = new Uint8Array(Math.max(number + 1, this.#answers.length * 2))
      grown.set(this.#answers)
      this.#answers = grown
    }
    const { name, inverted } = this.#test
    const found = this.#interfaces.nameOf(number)
    const same = name.endsWith('+') ? found.startsWith(name.slice(0, -1)) : found === name
    this.#answers[number] = same !== inverted ? YES : NO
    return same !== inverted
  }
}
