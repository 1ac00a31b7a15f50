import type { CompiledChain } from '../../../src/firewall/compiled-chain.ts'
import { type CompiledRule, MATCHED } from '../../../src/firewall/compiled-rule.ts'
import type { WalkListener } from '../../../src/firewall/walk.ts'
import { ruleKind } from '../../../src/format/kernel-trace.ts'
import type { Passage } from '../../../src/hook/passage.ts'

/** What TRACE logs, as far as the number: every rule that takes a traced packet, every end of a chain, every policy. */
export class TraceLines implements WalkListener {
  lines: string[] = []

  onPacket(): void {}

  onRule(chain: CompiledChain, rule: CompiledRule, failed: number, passage: Passage): void {
    if (passage.traced && failed === MATCHED) this.#add(chain, ruleKind(chain, rule), rule.number)
  }

  onReturn(from: CompiledChain, passage: Passage): void {
    if (passage.traced) this.#add(from, 'return', from.rules.length + 1)
  }

  onPolicy(chain: CompiledChain, passage: Passage): void {
    if (passage.traced) this.#add(chain, 'policy', chain.rules.length + 1)
  }

  #add({ table, name }: CompiledChain, kind: string, number: number): void {
    this.lines.push(`${table}:${name}:${kind}:${number}`)
  }
}
