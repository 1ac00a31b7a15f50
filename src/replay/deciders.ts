/** Who decided how many packets of a run. */
import type { Firewall } from '../firewall/firewall.ts'
import { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT } from '../hook/hook.ts'
import { printRule } from '../ruleset/printer.ts'

/** A rule or policy that had the last word on packets. */
export interface Decider {
  readonly packets: number
  readonly table: string
  readonly chain: string
  /** From 1; null: the policy. */
  readonly number: number | null
  /** Of the file of rules; null for a policy that it does not name. */
  readonly line: number | null
  /** As iptables-save prints it, or the policy. */
  readonly text: string
}

/** Packets by verdict: only verdicts that there were. */
export function verdictsOf({ verdicts }: Firewall): [verdict: string, packets: number][] {
  const all: [string, number][] = [
    ['ACCEPT', verdicts[VERDICT_ACCEPT]!],
    ['DROP', verdicts[VERDICT_DROP]!],
    ['REJECT', verdicts[VERDICT_REJECT]!],
    ['QUEUE', verdicts[VERDICT_QUEUE]!],
  ]
  return all.filter(([, packets]) => packets > 0)
}

/** Those that decided most packets first. */
export function decidersOf({ programs }: Firewall): Decider[] {
  const deciders: Decider[] = []
  for (const program of [programs.ipv4, programs.ipv6]) {
    for (const { name: table, chains } of program?.tables.values() ?? []) {
      for (const { name: chain, rules, chain: source, decided, policyDrops } of chains.values()) {
        if (decided > 0) {
          const text = policyDrops === true ? 'policy DROP' : 'policy ACCEPT'
          deciders.push({
            packets: decided,
            table,
            chain,
            number: null,
            line: source.place?.line ?? null,
            text,
          })
        }
        for (const { rule, number, decided: packets } of rules) {
          if (packets === 0) continue
          const text = printRule(rule, program!.ruleset).trim()
          deciders.push({ packets, table, chain, number, line: rule.place.line, text })
        }
      }
    }
  }
  return deciders.sort((a, b) => b.packets - a.packets)
}
