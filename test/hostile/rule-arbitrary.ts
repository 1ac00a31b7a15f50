/** Rulesets and machines for fast-check. */
import fc from 'fast-check'
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT } from '../../src/hook/hook.ts'
import type { Family } from '../../src/ruleset/model.ts'
import type { HostileRules } from './harness.ts'
import { busyRouter, families, fullHouse, randomRules, written } from './rulesets.ts'

/** What a ruleset is made from: short enough to be read in a counterexample. */
export type DrawnText =
  | { readonly kind: 'router' | 'all' | 'all-going-on' | 'none' }
  | { readonly kind: 'written' | 'random'; readonly seed: number }

export interface DrawnRules extends Omit<HostileRules, 'texts'> {
  readonly ipv4: DrawnText
  readonly ipv6: DrawnText
}

const MOST_RULES = 60

export function textOf(drawn: DrawnText, family: Family): string | null {
  switch (drawn.kind) {
    case 'router':
      return busyRouter(family)
    case 'all':
      return fullHouse(family, false)
    case 'all-going-on':
      return fullHouse(family, true)
    case 'written':
      return written[family][drawn.seed % written[family].length]!
    case 'random':
      return randomRules(family, drawn.seed, MOST_RULES)
    default:
      return null
  }
}

export function rulesOf({ ipv4, ipv6, ...others }: DrawnRules): HostileRules {
  const drawn = { ipv4, ipv6 }
  const texts: Partial<Record<Family, string>> = {}
  for (const family of families) {
    const text = textOf(drawn[family], family)
    if (text !== null) texts[family] = text
  }
  return { texts, ...others }
}

const anyText: fc.Arbitrary<DrawnText> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant('random' as const), seed: fc.nat({ max: 0xffff }) }),
    weight: 4,
  },
  { arbitrary: fc.constantFrom<DrawnText>({ kind: 'router' }, { kind: 'all-going-on' }), weight: 4 },
  { arbitrary: fc.constantFrom<DrawnText>({ kind: 'all' }, { kind: 'none' }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('written' as const), seed: fc.nat({ max: 99 }) }), weight: 2 },
)

/** Mostly one where it is. */
const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 })

export const anyRules: fc.Arbitrary<DrawnRules> = fc
  .record({
    ipv4: anyText,
    ipv6: anyText,
    hook: some(HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT),
    host: fc.constantFrom('nobody' as const, 'router' as const, 'end' as const),
    strict: fc.boolean(),
    captured: some('inside' as const, 'outside' as const, 'both' as const),
    asRecorded: fc.boolean(),
    conntrack: fc.constantFrom('always' as const, 'always' as const, 'auto' as const),
    trace: some('rules' as const, 'kernel' as const),
  })
  .map(
    (drawn) =>
      Object.fromEntries(
        Object.entries(drawn).filter(([, value]) => value !== undefined),
      ) as unknown as DrawnRules,
  )
