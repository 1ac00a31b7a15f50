/** What TTL and HL have in common: how many more routers may pass the packet on. */
import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { setTtl } from '../packet/rewrite.ts'
import { option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

const step = number({ min: 1, max: 255 })

/** @param prefix Of the names of the options: `ttl` or `hl`. */
export function hopChanges<const P extends string>(prefix: P) {
  return {
    set: option(number({ max: 255 }), {
      names: [`--${prefix}-set`],
      summary: 'sets it to this number',
      excludes: ['decrement', 'increment'],
    }),
    decrement: option(step, {
      names: [`--${prefix}-dec`],
      summary: 'takes this number away; what would be below 0 is 0',
      excludes: ['increment'],
    }),
    increment: option(step, {
      names: [`--${prefix}-inc`],
      summary: 'adds this number; what would be above 255 is 255',
    }),
  }
}

interface HopSettings {
  readonly set?: Setting<number>
  readonly decrement?: Setting<number>
  readonly increment?: Setting<number>
}

export function changeHops({ set, decrement, increment }: HopSettings): Action {
  const step = (increment?.value ?? 0) - (decrement?.value ?? 0)
  const fixed = set?.value ?? -1
  return (passage) => {
    const { ttl } = passage
    const wanted = fixed >= 0 ? fixed : Math.min(Math.max(ttl + step, 0), 255)
    if (wanted !== ttl) setTtl(passage.writable(), wanted)
    return VERDICT_CONTINUE
  }
}

export const oneHopChange = [['set', 'decrement', 'increment']] as const
