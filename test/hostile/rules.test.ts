/** Hostile packets through rules: the checks of the harness, with every match and target in the way. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runHostile } from './harness.ts'
import { corpus, inChunks, mutated, Random } from './mutate.ts'
import { anyCapture, anyOptions } from './packets.ts'
import { anyRules, type DrawnRules, rulesOf } from './rule-arbitrary.ts'
import { busyRouter, evaluable, everyone, families, fullHouse } from './rulesets.ts'

/** What no capture tells, or nobody evaluates yet. */
const LEFT = {
  ipv4: 'bpf cgroup cluster cpu devgroup ipvs osf owner physdev policy rateest realm socket CLUSTERIP HMARK SYNPROXY TEE TPROXY ULOG',
  ipv6: 'bpf cgroup cluster cpu devgroup ipvs owner physdev policy rateest socket DNPT HMARK SNPT SYNPROXY TEE TPROXY',
}

describe.each(families)('rules of %s for hostile packets', (family) => {
  test('all that can be evaluated is there', () => {
    const { left } = everyone(family)
    const missing = left.map((name) => name.split(' ')[1]!)
    expect(missing.filter((name) => !busyRouter(family).includes(` ${name} `)).join(' ')).toBe(LEFT[family])
  })

  test('they can be evaluated', () => {
    for (const text of [busyRouter(family), fullHouse(family, true), fullHouse(family, false)])
      expect(evaluable(text, family)).toBe(true)
  })
})

test('bent packets through rules: all that must hold does', async () => {
  await fc.assert(
    fc.asyncProperty(anyCapture, anyOptions, anyRules, async (capture, options, drawn: DrawnRules) => {
      await runHostile(capture, { ...options, rules: rulesOf(drawn) })
    }),
    { numRuns: 60 },
  )
}, 60_000)

test('bent files through rules: all that must hold does', async () => {
  const captures = corpus()
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyOptions, anyRules, async (seed, options, drawn: DrawnRules) => {
      const random = new Random(seed)
      const inputs = [{ name: 'bent', chunks: inChunks(mutated(captures, random), random) }]
      await runHostile(inputs, { ...options, rules: rulesOf(drawn) })
    }),
    { numRuns: 60 },
  )
}, 60_000)
