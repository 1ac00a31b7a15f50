/** Where a walk is in one chain, and which of its rules comes next. */
import type { Passage } from '../hook/passage.ts'
import { type CompiledChain, INDEXED_FROM } from './compiled-chain.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { Candidates } from './rule-index.ts'

/** Behind the last rule of any chain. */
const END_OF_CHAIN = 0x7fffffff
const nothing: Int32Array = new Int32Array(0)

/** Reused from chain to chain. */
export class Cursor {
  chain: CompiledChain | null = null
  /** Place of the next rule, as long as all are asked in turn. */
  #next = 0
  /** From here on rules are found by the chain's index. */
  #indexedFrom = END_OF_CHAIN
  #isLinear = false
  #isFound = false
  readonly #found = new Candidates()
  #at = 0
  #always = nothing
  #alwaysAt = 0

  /** `isLinear`: every rule is asked. */
  begin(chain: CompiledChain, isLinear: boolean): void {
    this.chain = chain
    this.#next = 0
    this.#isLinear = isLinear
    this.#indexedFrom = isLinear || chain.index === null ? END_OF_CHAIN : INDEXED_FROM
    this.#isFound = false
  }

  /** Nothing more is asked in this chain. */
  end(): void {
    this.#next = END_OF_CHAIN
    this.#indexedFrom = END_OF_CHAIN
  }

  /** The next rule that may take the packet, or null at the end of the chain. */
  next(passage: Passage): CompiledRule | null {
    const { rules } = this.chain!
    const end = Math.min(this.#indexedFrom, rules.length)
    if (this.#isLinear) return this.#next < end ? rules[this.#next++]! : null
    const { packet } = passage
    while (this.#next < end) {
      const rule = rules[this.#next++]!
      if (!rule.cannotTake(packet)) return rule
    }
    return this.#indexedFrom === END_OF_CHAIN ? null : this.#nextFound(passage)
  }

  #nextFound(passage: Passage): CompiledRule | null {
    if (!this.#isFound) this.#find(passage)
    const { rules } = this.chain!
    const found = this.#found
    const always = this.#always
    for (;;) {
      const place = this.#at < found.count ? found.places[this.#at]! : END_OF_CHAIN
      const other = this.#alwaysAt < always.length ? always[this.#alwaysAt]! : END_OF_CHAIN
      if (place === END_OF_CHAIN && other === END_OF_CHAIN) return null
      if (place < other) this.#at++
      else this.#alwaysAt++
      const rule = rules[Math.min(place, other)]!
      if (!rule.cannotTake(passage.packet)) return rule
    }
  }

  #find(passage: Passage): void {
    const index = this.chain!.index!
    index.find(passage, this.#found)
    this.#always = index.always
    this.#at = 0
    this.#alwaysAt = 0
    this.#isFound = true
  }
}
