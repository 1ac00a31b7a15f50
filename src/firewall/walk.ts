/** The walk of a packet through the rules of one table (ipt_do_table). */
import { VERDICT_ACCEPT, VERDICT_CONTINUE, VERDICT_DROP, VERDICT_RETURN } from '../hook/hook.ts'
import { type Passage, STOP_NO } from '../hook/passage.ts'
import type { CompiledChain } from './compiled-chain.ts'
import { type CompiledRule, MATCHED } from './compiled-rule.ts'

/** Behind the last rule of any chain. */
const END_OF_CHAIN = 0x7fffffff

/** Told of every rule that is asked. Made only where somebody wants to see the way of a packet. */
export interface WalkListener {
  /** Ahead of the first hook. */
  onPacket(): void
  /** `failed`: MATCHED, or the condition that failed first (FAILED_*). */
  onRule(chain: CompiledChain, rule: CompiledRule, failed: number, passage: Passage): void
  /** The end of a chain of the user's, or RETURN: back in `to`. */
  onReturn(from: CompiledChain, to: CompiledChain): void
  onPolicy(chain: CompiledChain, passage: Passage): void
}

/** Walks tables; reused. Behind `run`, who decided. */
export class Walk {
  /** Where it was decided; its rule, or null: by the policy. */
  chain: CompiledChain | null = null
  rule: CompiledRule | null = null
  listener: WalkListener | null = null
  readonly #chains: CompiledChain[] = []
  #places = new Int32Array(64)

  /**
   * From the first rule of a built-in chain to a verdict: VERDICT_ACCEPT, VERDICT_DROP or what else a target says, and
   * VERDICT_DROP with `passage.stop` set when a match stops the packet.
   */
  run(passage: Passage, start: CompiledChain): number {
    const { listener } = this
    const chains = this.#chains
    let depth = 0
    let chain = start
    let next = 0
    for (;;) {
      if (next >= chain.rules.length) {
        if (depth === 0) return this.#policy(passage, start)
        const from = chain
        chain = chains[--depth]!
        next = this.#places[depth]!
        if (listener !== null) listener.onReturn(from, chain)
        continue
      }
      const rule = chain.rules[next++]!
      const failed = rule.failedAt(passage)
      if (listener !== null) listener.onRule(chain, rule, failed, passage)
      if (failed !== MATCHED) {
        if (passage.stop === STOP_NO) continue
        this.chain = chain
        this.rule = rule
        return VERDICT_DROP
      }
      rule.packets++
      rule.bytes += passage.packet.length
      const { consequence } = rule
      switch (consequence.kind) {
        case 'count':
          continue
        case 'jump':
          this.#push(depth++, chain, next)
          chain = consequence.chain
          next = 0
          continue
        case 'goto':
          chain = consequence.chain
          next = 0
          continue
      }
      const verdict = consequence.action(passage)
      if (verdict === VERDICT_CONTINUE) continue
      if (verdict === VERDICT_RETURN) {
        next = END_OF_CHAIN
        continue
      }
      this.chain = chain
      this.rule = rule
      return verdict
    }
  }

  #push(depth: number, chain: CompiledChain, next: number): void {
    this.#chains[depth] = chain
    if (depth === this.#places.length) {
      const grown = new Int32Array(depth * 2)
      grown.set(this.#places)
      this.#places = grown
    }
    this.#places[depth] = next
  }

  #policy(passage: Passage, start: CompiledChain): number {
    start.packets++
    start.bytes += passage.packet.length
    this.chain = start
    this.rule = null
    if (this.listener !== null) this.listener.onPolicy(start, passage)
    return start.policyDrops === true ? VERDICT_DROP : VERDICT_ACCEPT
  }
}
