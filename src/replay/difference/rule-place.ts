/** Rules and policies by their places, as text and data. */
import type { CompiledChain } from '../../firewall/compiled-chain.ts'
import type { CompiledRule } from '../../firewall/compiled-rule.ts'
import type { Firewall } from '../../firewall/firewall.ts'
import { FAMILY_IPV4, type Packet } from '../../packet/packet.ts'
import type { Family, Ruleset } from '../../ruleset/model.ts'
import { printRule } from '../../ruleset/printer.ts'

/** A rule, or the policy of a chain. */
export interface RulePlace {
  /** Of iptables or ip6tables. */
  readonly family: Family
  /** `filter`, `nat`, … */
  readonly table: string
  /** Its name. */
  readonly chain: string
  /** In its chain, from 1; null: the policy. */
  readonly number: number | null
  /** Of its rules. */
  readonly file: string
  /** Null for a policy that the file does not name. */
  readonly line: number | null
  /** As iptables-save prints it, without its chain; `policy DROP`. */
  readonly text: string
}

export function familyOf(packet: Packet): Family {
  return packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
}

/** Who decided on the last packet; null: no rule and no policy did. */
export function deciderOf({ programs, decision }: Firewall, family: Family): RulePlace | null {
  const program = programs[family]
  if (program === null || decision.chain === null) return null
  return placeOf(program.ruleset, decision.chain, decision.rule)
}

/** Printing a rule takes a while, and one rule may decide about many flows. */
const known = new WeakMap<CompiledRule | CompiledChain, RulePlace>()

/** Of a rule, or of the chain's policy. */
export function placeOf(ruleset: Ruleset, chain: CompiledChain, rule: CompiledRule | null): RulePlace {
  const key = rule ?? chain
  const place = known.get(key) ?? newPlaceOf(ruleset, chain, rule)
  known.set(key, place)
  return place
}

function newPlaceOf(ruleset: Ruleset, chain: CompiledChain, rule: CompiledRule | null): RulePlace {
  const { family } = ruleset
  const { table, name } = chain
  // Of a built-in chain that the file does not name, the table tells the file.
  const beginning = chain.chain.place ?? ruleset.tables.find((one) => one.name === table)?.place
  if (rule === null) {
    const text = `policy ${chain.policyDrops === true ? 'DROP' : 'ACCEPT'}`
    const line = chain.chain.place?.line ?? null
    return { family, table, chain: name, number: null, file: beginning?.file ?? '', line, text }
  }
  const { file, line } = rule.rule.place
  const text = printRule(rule.rule, ruleset).trim()
  return { family, table, chain: name, number: rule.number, file, line, text }
}
