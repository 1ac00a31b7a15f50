/** The walk of a packet through the rules of one table (ipt_do_table). */
import { VERDICT_ACCEPT, VERDICT_CONTINUE, VERDICT_DROP, VERDICT_RETURN } from '../hook/hook.ts'
import { type Passage, STOP_NO } from '../hook/passage.ts'
import type { CompiledChain } from './compiled-chain.ts'
import { type CompiledRule, MATCHED } from './compiled-rule.ts'
import { Cursor } from './cursor.ts'
import { canBeLookedUp } from './rule-key.ts'
import { Sifted } from './sieve.ts'
import { Trail } from './trail.ts'

/** Told of every rule that is asked. Made only where somebody wants to see the way of a packet. */
export interface WalkListener {
  /** Ahead of the first hook. */
  onPacket(): void
  /** `failed`: MATCHED, or the condition that failed first (FAILED_*). */
  onRule(chain: CompiledChain, rule: CompiledRule, failed: number, passage: Passage): void
  /** A packet has come to the end of a chain of the user's: past its last rule, not by RETURN. */
  onReturn(from: CompiledChain, passage: Passage): void
  onPolicy(chain: CompiledChain, passage: Passage): void
}

/** Walks tables; reused. Behind `run`, who decided. */
export class Walk {
  /** Where it was decided; its rule, or null: by the policy. */
  chain: CompiledChain | null = null
  rule: CompiledRule | null = null
  listener: WalkListener | null = null
  /** What the packet in hand met, in all its walks. */
  readonly trail = new Trail()
  /** By depth: where the walk is in each chain that is not done. */
  readonly #cursors: Cursor[] = [new Cursor()]
  readonly #sifted = new Sifted()

  /**
   * From the first rule of a built-in chain to a verdict: VERDICT_ACCEPT, VERDICT_DROP or what else a target says, and
   * VERDICT_DROP with `passage.stop` set when a match stops the packet. Where that match says yes all the same, because it
   * is inverted, the rule counts the packet and its target acts on it ahead of that (`while (!acpar.hotdrop)`).
   */
  run(passage: Passage, start: CompiledChain): number {
    const { listener } = this
    if (start.rules.length === 0) return this.#policy(passage, start)
    const isLinear = listener !== null || !canBeLookedUp(passage.packet)
    const sifted = isLinear ? null : this.#sifted
    if (sifted !== null) sifted.read(passage)
    let depth = 0
    let returned = false
    let cursor = this.#cursors[0]!
    cursor.begin(start, isLinear)
    for (;;) {
      const rule = cursor.next(passage, sifted)
      if (rule === null) {
        const chain = cursor.chain!
        // A chain that RETURN left has not come to its end; one that was gone to has, whether or not somebody waits.
        if (listener !== null && !returned && chain.policyDrops === null) listener.onReturn(chain, passage)
        returned = false
        if (depth === 0) return this.#policy(passage, start)
        cursor = this.#cursors[--depth]!
        continue
      }
      if (sifted === null || (rule.untold & sifted.rest) !== 0) {
        const failed = rule.failedAt(passage)
        if (listener !== null) listener.onRule(cursor.chain!, rule, failed, passage)
        if (failed !== MATCHED) {
          this.trail.miss(rule, failed)
          if (passage.stop === STOP_NO) continue
          this.chain = cursor.chain
          this.rule = rule
          return VERDICT_DROP
        }
      }
      rule.packets++
      rule.bytes += passage.packet.length
      this.trail.take(rule)
      const { action, chain } = rule
      if (passage.stop !== STOP_NO) {
        if (action !== null) action(passage)
        this.chain = cursor.chain
        this.rule = rule
        return VERDICT_DROP
      }
      if (chain !== null) {
        if (!rule.isGoto) cursor = this.#cursorAt(++depth)
        cursor.begin(chain, isLinear)
        continue
      }
      if (action === null) continue
      const verdict = action(passage)
      if (verdict === VERDICT_CONTINUE) continue
      if (verdict === VERDICT_RETURN) {
        cursor.end()
        returned = true
        continue
      }
      this.chain = cursor.chain
      this.rule = rule
      return verdict
    }
  }

  #cursorAt(depth: number): Cursor {
    let cursor = this.#cursors[depth]
    if (cursor === undefined) {
      cursor = new Cursor()
      this.#cursors.push(cursor)
    }
    return cursor
  }

  #policy(passage: Passage, start: CompiledChain): number {
    start.packets++
    start.bytes += passage.packet.length
    this.trail.end(start)
    this.chain = start
    this.rule = null
    if (this.listener !== null) this.listener.onPolicy(start, passage)
    return start.policyDrops === true ? VERDICT_DROP : VERDICT_ACCEPT
  }
}
