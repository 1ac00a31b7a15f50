/** Where a walk is in one chain, and which of its rules comes next. */
import type { Passage } from '../hook/passage.ts'
import { type CompiledChain, INDEXED_FROM } from './compiled-chain.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { Candidates } from './rule-index.ts'
import type { Sifted } from './sieve.ts'

/** Behind the last rule of any chain. */
const END_OF_CHAIN = 0x7fffffff
const nothing: Int32Array = new Int32Array(0)

/** Reused from chain to chain. */
export class Cursor {
  chain: CompiledChain | null = null
  /** Place of the next rule, as long as all are looked at in turn. */
  #next = 0
  /** They are up to here; from here on rules are found by the chain's index, if it has one. */
  #end = 0
  #isIndexed = false
  #isFound = false
  readonly #found = new Candidates()
  #at = 0
  #always = nothing
  #alwaysAt = 0

  /** `isLinear`: every rule is asked. */
  begin(chain: CompiledChain, isLinear: boolean): void {
    this.chain = chain
    this.#next = 0
    this.#isIndexed = !isLinear && chain.index !== null
    this.#end = this.#isIndexed ? INDEXED_FROM : chain.rules.length
    this.#isFound = false
  }

  /** Nothing more is asked in this chain. */
  end(): void {
    this.#next = this.#end
    this.#isIndexed = false
  }

  /** The next rule that may take the packet, or null at the end of the chain; `sifted` is null where every rule is asked. */
  next(passage: Passage, sifted: Sifted | null): CompiledRule | null {
    const { rules, sieve } = this.chain!
    const end = this.#end
    if (this.#next < end) {
      const place = sifted === null ? this.#next : sieve.next(this.#next, end, sifted)
      this.#next = place + 1
      if (place < end) return rules[place]!
    }
    return this.#isIndexed ? this.#nextFound(passage, sifted!) : null
  }

  #nextFound(passage: Passage, sifted: Sifted): CompiledRule | null {
    if (!this.#isFound) this.#find(passage)
    const { rules, sieve } = this.chain!
    const found = this.#found
    const always = this.#always
    for (;;) {
      const place = this.#at < found.count ? found.places[this.#at]! : END_OF_CHAIN
      const other = this.#alwaysAt < always.length ? always[this.#alwaysAt]! : END_OF_CHAIN
      if (place === END_OF_CHAIN && other === END_OF_CHAIN) return null
      if (place < other) this.#at++
      else this.#alwaysAt++
      const next = Math.min(place, other)
      if (sieve.next(next, next + 1, sifted) === next) return rules[next]!
    }
  }

  #find(passage: Passage): void {
    const index = this.chain!.index!
    this.#always = index.find(passage, this.#found)
    this.#at = 0
    this.#alwaysAt = 0
    this.#isFound = true
  }
}
