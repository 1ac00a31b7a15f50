/** Which rules and policies counted one packet on its way, and whether the next one of its flow would meet the same. */
import type { CompiledChain } from './compiled-chain.ts'
import { type CompiledRule, NEVER } from './compiled-rule.ts'

/** Longer ways are not remembered. */
export const LONGEST_TRAIL = 64

/** Of the packet in hand; reused. */
export class Trail {
  /** Rules and, where a policy decided, built-in chains, in the order met: the first `count` of them. */
  readonly counted: (CompiledRule | CompiledChain)[] = []
  count = 0
  /** Something was asked or done that may be different for the next packet of the flow, or there is more than fits. */
  varies = false
  /** The same, where this packet is a SYN+ACK, and the next one is not. */
  answerVaries = false

  begin(): void {
    this.count = 0
    this.varies = false
    this.answerVaries = false
  }

  /** A rule did not take the packet, because of the condition `failed` (FAILED_*). */
  miss(rule: CompiledRule, failed: number): void {
    if (failed >= rule.variesFrom) this.varies = true
    if (failed >= rule.answerVariesFrom) this.answerVaries = true
  }

  /** A rule took the packet. */
  take(rule: CompiledRule): void {
    if (rule.variesFrom !== NEVER) this.varies = true
    if (rule.answerVariesFrom !== NEVER) this.answerVaries = true
    this.#add(rule)
  }

  /** The packet came to a policy. */
  end(chain: CompiledChain): void {
    this.#add(chain)
  }

  #add(one: CompiledRule | CompiledChain): void {
    if (this.count < LONGEST_TRAIL) this.counted[this.count++] = one
    else {
      this.varies = true
      this.answerVaries = true
    }
  }
}
