/** The tests on what is left of a packet's hops: one byte, in IPv4 and IPv6. */
import { option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'

const hops = number({ max: 255 })

export const hopOptions = (
  equal: readonly [string, ...string[]],
  less: `--${string}`,
  greater: `--${string}`,
) => ({
  eq: option(hops, { names: equal, summary: 'it is this', invertible: true, excludes: ['lt', 'gt'] }),
  lt: option(hops, { names: [less], summary: 'it is less', excludes: ['gt'] }),
  gt: option(hops, { names: [greater], summary: 'it is greater' }),
})
