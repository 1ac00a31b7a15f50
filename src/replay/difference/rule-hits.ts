/** How often each rule was met on each side. */
import type { Firewall } from '../../firewall/firewall.ts'
import type { Family } from '../../ruleset/model.ts'
import { type ChainOfSide, type ChainPair, pairChains } from './rule-pairs.ts'
import { placeOf, type RulePlace } from './rule-place.ts'

/** A rule or a policy on one side. */
export interface Met extends RulePlace {
  /** Packets that it took: of a policy, those that the chain left to it. */
  readonly packets: number
}

/** A rule or policy that stands elsewhere, only on one side, or was met by another number of packets. */
export interface HitChange {
  /** `moved`: others stand ahead of it that stood behind it, or the other way round. */
  readonly kind: 'same' | 'moved' | 'added' | 'removed' | 'changed'
  /** Null: it is new. */
  readonly old: Met | null
  /** Null: it is gone. */
  readonly new: Met | null
}

/** Packets of rules and policies before the moment from which they count. */
export type Baseline = ReadonlyMap<object, number>

/** What is counted so far: rules and chains of a firewall. */
export function baselineOf({ programs }: Firewall): Baseline {
  const counts = new Map<object, number>()
  for (const program of Object.values(programs)) {
    for (const { chains } of program?.tables.values() ?? []) {
      for (const chain of chains.values()) {
        counts.set(chain, chain.packets)
        for (const rule of chain.rules) counts.set(rule, rule.packets)
      }
    }
  }
  return counts
}

/** In the order of NEW's chains; what is gone stands where it stood. */
export function hitChangesOf(old: Firewall, now: Firewall, since: Baseline = new Map()): HitChange[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family: Family) =>
    pairChains(old.programs[family], now.programs[family]).flatMap((pair) => [
      ...rulesOf(pair, since),
      ...policyOf(pair, since),
    ]),
  )
}

function rulesOf(
  { old, now, newOf, oldOf, moved, wasOf, becameOf }: ChainPair,
  since: Baseline,
): HitChange[] {
  const changes: HitChange[] = []
  const isGone = (index: number) => newOf[index] === -1 && becameOf[index] === -1
  let next = 0
  /** Rules that are gone, up to one that is still there. */
  const gone = (until: number) => {
    for (; next < until; next++) {
      if (isGone(next)) changes.push({ kind: 'removed', old: ruleOf(old!, next, since), new: null })
    }
  }
  oldOf.forEach((same, index) => {
    const before = same === -1 ? wasOf[index]! : same
    if (moved[index] === 0 && before !== -1) gone(before)
    const after = ruleOf(now!, index, since)
    if (before === -1) {
      changes.push({ kind: 'added', old: null, new: after })
      return
    }
    const kind = same === -1 ? 'changed' : moved[index] === 1 ? 'moved' : 'same'
    const was = ruleOf(old!, before, since)
    if (kind !== 'same' || was.packets !== after.packets) changes.push({ kind, old: was, new: after })
  })
  gone(newOf.length)
  return changes
}

function policyOf({ old, now }: ChainPair, since: Baseline): HitChange[] {
  const before = old === null || old.chain.policyDrops === null ? null : policy(old, since)
  const after = now === null || now.chain.policyDrops === null ? null : policy(now, since)
  if (before !== null && after !== null) {
    const kind = before.text === after.text ? 'same' : 'changed'
    return kind === 'same' && before.packets === after.packets ? [] : [{ kind, old: before, new: after }]
  }
  // A chain that a file does not have is there all the same, empty.
  const only = before ?? after
  if (only === null || only.text === 'policy ACCEPT') return []
  return [{ kind: before === null ? 'added' : 'removed', old: before, new: after }]
}

function ruleOf({ ruleset, chain }: ChainOfSide, index: number, since: Baseline): Met {
  const rule = chain.rules[index]!
  return { ...placeOf(ruleset, chain, rule), packets: rule.packets - (since.get(rule) ?? 0) }
}

function policy({ ruleset, chain }: ChainOfSide, since: Baseline): Met {
  return { ...placeOf(ruleset, chain, null), packets: chain.packets - (since.get(chain) ?? 0) }
}
