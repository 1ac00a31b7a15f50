/** What TTL and HL have in common: how many more routers may pass the packet on. */
import { option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'

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

export const oneHopChange = [['set', 'decrement', 'increment']] as const
