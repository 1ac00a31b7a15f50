/** Which rules have a clock of their own, that only real time moves. */
import type { HashBurst, HashRate } from '../match/hashlimit.ts'
import type { Family, Rule, Ruleset, Use } from '../ruleset/model.ts'

export interface RuleClock {
  /** Milliseconds after which nothing of what rules remember depends on time any more: longer is never waited. */
  readonly memory: number
  /** Milliseconds by which the clock may be late, for the sake of its shortest period. */
  readonly tolerance: number
  /** Rules of `limit`, by their place, and how many packets each lets pass without a look at the clock. */
  readonly bursts: ReadonlyMap<string, number>
  /** Other rules have a clock: of these nobody knows when they look. */
  readonly always: boolean
  /** A rule remembers what would be lost if it was loaded again. */
  readonly keeps: boolean
  /** connlimit looks at most once a tick for connections that have ended. */
  readonly counts: boolean
  /** A rule that asks for the time of day, which no namespace has of its own. */
  readonly timeOfDay: boolean
}

export const noClock: RuleClock = {
  memory: 0,
  tolerance: Number.POSITIVE_INFINITY,
  bursts: new Map(),
  always: false,
  keeps: false,
  counts: false,
  timeOfDay: false,
}

/** Their memory is that of the rule itself, and goes with it. */
const keepers: ReadonlySet<string> = new Set(['connlimit', 'quota', 'statistic'])

/** A machine that is busy elsewhere needs that much at times. */
const LEAST_TOLERANCE_MS = 30

export function ruleKey(family: Family, table: string, chain: string, number: number): string {
  return `${family} ${table} ${chain} ${number}`
}

export function ruleClock(rulesets: Iterable<Ruleset>): RuleClock {
  let clock = noClock
  for (const { family, tables } of rulesets)
    for (const { name: table, chains } of tables)
      for (const { name: chain, rules } of chains)
        for (const [index, rule] of rules.entries())
          clock = withRule(clock, rule, ruleKey(family, table, chain, index + 1))
  return clock
}

function withRule(clock: RuleClock, { matches }: Rule, key: string): RuleClock {
  let next = clock
  for (const [index, match] of matches.entries()) {
    if (keepers.has(match.name)) next = { ...next, keeps: true }
    if (match.name === 'connlimit') next = { ...next, counts: true }
    if (match.name === 'time') next = { ...next, timeOfDay: true }
    const { memory, period } = memoryOf(match)
    if (memory === 0) continue
    next = {
      ...next,
      memory: Math.max(next.memory, memory),
      tolerance: Math.min(next.tolerance, Math.max(LEAST_TOLERANCE_MS, period * 0.8)),
    }
    // Only of what is asked last it shows how often it said yes: the rule took the packet.
    const burst = match.name === 'limit' && index === matches.length - 1 ? match.options['burst'] : undefined
    next =
      burst === undefined
        ? { ...next, always: true }
        : { ...next, bursts: new Map([...next.bursts, [key, Number(burst.value)]]) }
  }
  return next
}

/** What is remembered for so long at most, and how soon it changes; milliseconds. */
function memoryOf({ name, options }: Use): { readonly memory: number; readonly period: number } {
  const number = (key: string): number => Number(options[key]?.value ?? 0)
  switch (name) {
    case 'limit': {
      const period = number('limit') / 10
      return { memory: number('burst') * period, period }
    }
    case 'hashlimit': {
      const rate = (options['above'] ?? options['upto'])?.value as HashRate
      if (options['rateMatch'] !== undefined || rate.bytes)
        return { memory: Math.max(1000 * number('rateInterval'), number('expire')), period: 1000 }
      const period = rate.amount / 1000
      const burst = options['burst']?.value as HashBurst
      return { memory: Math.max(burst.count * period, number('expire')), period }
    }
    case 'recent': {
      const memory = number('seconds') * 1000
      return { memory, period: memory }
    }
    default:
      return { memory: 0, period: 0 }
  }
}
