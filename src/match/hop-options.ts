/** The tests on what is left of a packet's hops: one byte, in IPv4 and IPv6. */
import type { Test } from '../hook/environment.ts'
import { option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

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

/** ttl_mt and hl_mt6; exactly one of the options is given. */
export function hopTest(options: {
  readonly eq?: Setting<number>
  readonly lt?: Setting<number>
  readonly gt?: Setting<number>
}): Test {
  const { eq, lt, gt } = options
  if (eq !== undefined) {
    const { value, inverted } = eq
    return (passage) => (passage.ttl === value) !== inverted
  }
  if (lt !== undefined) {
    const { value } = lt
    return (passage) => passage.ttl < value
  }
  const { value } = gt!
  return (passage) => passage.ttl > value
}
