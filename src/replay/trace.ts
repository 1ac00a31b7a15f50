/** The way of one packet through the tables, rule by rule: for output only, it allocates. */
import type { CompiledChain } from '../firewall/compiled-chain.ts'
import { type CompiledRule, MATCHED } from '../firewall/compiled-rule.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { WalkListener } from '../firewall/walk.ts'
import type { Passage } from '../hook/passage.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import { ruleParts } from '../ruleset/printer.ts'
import { hooks } from '../ruleset/tables.ts'

/** One rule that was asked, a return to the calling chain, or a policy. */
export interface TraceStep {
  /** `rule`; `return`: the end of a chain of the user's; `policy`. */
  readonly kind: 'rule' | 'return' | 'policy'
  /** Where it stands: PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING. */
  readonly hook: string
  /** `filter`, `nat`, `mangle`, `raw`, `security`. */
  readonly table: string
  /** Its name. */
  readonly chain: string
  /** The rule's place in its chain, from 1; of a return or a policy the number behind the last rule, as in Linux's TRACE. */
  readonly number: number
  /** Line of its file; 0 for a chain that the file does not name. */
  readonly line: number
  /** The rule took the packet. */
  readonly matched: boolean
  /** The first condition that failed, as iptables-save prints it; '' where none did. */
  readonly failed: string
  /** The rule as iptables-save prints it, or the policy. */
  readonly text: string
}

/** Listens to a firewall, and has the steps of the packet that went through it last. */
export class TraceRecorder implements WalkListener {
  /** Of the last packet, in the order met. */
  steps: TraceStep[] = []
  readonly #firewall: Firewall
  #hook = ''

  /** Becomes the firewall's listener. */
  constructor(firewall: Firewall) {
    this.#firewall = firewall
    firewall.listener = this
  }

  /** For the firewall, as what follows: a packet begins. */
  onPacket(): void {
    this.steps = []
  }

  /** A rule was asked. */
  onRule(chain: CompiledChain, rule: CompiledRule, failed: number, passage: Passage): void {
    this.#hook = hooks[passage.hook] ?? ''
    const program = this.#firewall.programs[passage.packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6']!
    const parts = ruleParts(rule.rule, program.ruleset).map((part) => part.trim())
    const matched = failed === MATCHED
    this.steps.push({
      ...this.#at('rule', chain, rule.number),
      line: rule.rule.place.line,
      matched,
      failed: matched ? '' : (parts[failed] ?? ''),
      text: parts.filter((part) => part !== '').join(' '),
    })
  }

  /** A chain of the user's has ended. */
  onReturn(from: CompiledChain): void {
    this.steps.push({
      ...this.#at('return', from, from.rules.length + 1),
      line: from.chain.place?.line ?? 0,
      matched: true,
      failed: '',
      text: '',
    })
  }

  /** A built-in chain has ended. */
  onPolicy(chain: CompiledChain, passage: Passage): void {
    this.#hook = hooks[passage.hook] ?? ''
    this.steps.push({
      ...this.#at('policy', chain, chain.rules.length + 1),
      line: chain.chain.place?.line ?? 0,
      matched: true,
      failed: '',
      text: chain.policyDrops === true ? 'DROP' : 'ACCEPT',
    })
  }

  #at(kind: TraceStep['kind'], { table, name }: CompiledChain, number: number) {
    return { kind, hook: this.#hook, table, chain: name, number }
  }
}
