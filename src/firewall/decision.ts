/** What became of a packet, and who decided that. */
import type { CompiledChain } from './compiled-chain.ts'
import type { CompiledRule } from './compiled-rule.ts'

/** `Decision.by`: no rules are loaded, or nobody had anything against it. */
export const DECIDED_BY_NONE = 0
export const DECIDED_BY_RULE = 1
export const DECIDED_BY_POLICY = 2
/** A match dropped the packet itself, because it could not read it. */
export const DECIDED_BY_HOTDROP = 3
/** The stack: bad header, TTL, no route. */
export const DECIDED_BY_IP = 4
export const DECIDED_BY_CONNTRACK = 5
export const DECIDED_BY_HELPER = 6
/** Nobody can tell: a rule asks for bytes that were not captured. `chain` and `rule` say which. */
export const DECIDED_BY_UNKNOWN = 7
/** NAT found no address to translate to, or no free port. */
export const DECIDED_BY_NAT = 8

/** Of the last packet; reused. */
export class Decision {
  /** VERDICT_ACCEPT, _DROP, _REJECT or _QUEUE; -1: nobody decided, or nobody can tell. */
  verdict = -1
  /** DECIDED_BY_*. */
  by = DECIDED_BY_NONE
  /** Of a rule, a policy, a hotdrop: where. */
  chain: CompiledChain | null = null
  rule: CompiledRule | null = null
  /** HOOK_INPUT, HOOK_FORWARD or HOOK_OUTPUT: what the packet's way was; HOOK_NONE: it had none. */
  way = -1

  reset(): void {
    this.verdict = -1
    this.by = DECIDED_BY_NONE
    this.chain = null
    this.rule = null
    this.way = -1
  }

  set(
    verdict: number,
    by: number,
    chain: CompiledChain | null = null,
    rule: CompiledRule | null = null,
  ): void {
    this.verdict = verdict
    this.by = by
    this.chain = chain
    this.rule = rule
  }
}
