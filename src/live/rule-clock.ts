/** Which rules have a clock of their own, that only real time moves. */
import type { HashBurst, HashRate } from '../match/hashlimit.ts'
import type { Rule, Ruleset, Use } from '../ruleset/model.ts'

export interface RuleClock {
  /** Milliseconds after which nothing of what rules remember depends on time any more: longer is never waited. */
  readonly memory: number
  /** Milliseconds by which the clock may be late, for the sake of its shortest period. */
  readonly tolerance: number
  /** connlimit looks at most once a tick for connections that have ended. */
  readonly counts: boolean
  /** A rule that asks for the time of day, which no namespace has of its own. */
  readonly timeOfDay: boolean
}

export const noClock: RuleClock = { memory: 0, tolerance: Infinity, counts: false, timeOfDay: false }

/** A machine that is busy elsewhere needs that much at times. */
const LEAST_TOLERANCE_MS = 30

export function ruleClock(rulesets: Iterable<Ruleset>): RuleClock {
  let clock = noClock
  for (const { tables } of rulesets)
    for (const { chains } of tables)
      for (const { rules } of chains) for (const rule of rules) clock = withRule(clock, rule)
  return clock
}

function withRule(clock: RuleClock, { matches }: Rule): RuleClock {
  let next = clock
  for (const match of matches) {
    if (match.name === 'connlimit') next = { ...next, counts: true }
    if (match.name === 'time') next = { ...next, timeOfDay: true }
    const { memory, period } = memoryOf(match)
    if (memory === 0) continue
    const tolerance = Math.max(LEAST_TOLERANCE_MS, period * 0.8)
    next = {
      ...next,
      memory: Math.max(next.memory, memory),
      tolerance: Math.min(next.tolerance, tolerance),
    }
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
