/** Random rulesets with random traffic through Linux and through the engine: `notYet` is all that may be missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extensions } from '../../../src/firewall/extensions.ts'
import { notInLab, notYet, unknowable } from './generate/exclusions.ts'
import { whyNoRules } from './needs.ts'
import type { RulePlayer } from './play-rules.ts'
import { type RuleCampaignResult, runRuleCampaign } from './rule-campaign.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'

const FIXED_SEED = 7
const freshSeed = Date.now() % 1_000_000_000
const RULESETS = 250

const missing = whyNoRules()
const title = 'the same rules in Linux and in the engine'
if (missing !== null) console.warn(`SKIPPED: 4 tests of ${title}, because ${missing}`)

describe.skipIf(missing !== null)(title, () => {
  let kernel: RuleKernel
  let player: RulePlayer

  beforeAll(() => {
    kernel = RuleKernel.open()
    player = { kernel, engine: new RuleEngine(kernel.lab) }
  })

  afterAll(() => {
    kernel?.close()
  })

  async function agreed(seed: number): Promise<RuleCampaignResult> {
    const result = await runRuleCampaign(player, { seed, rulesets: RULESETS })
    const { rulesets, packets, failures, unsteady, coverage } = result
    const left = [...result.excluded].map(([name, number]) => `${name} ${number}`).sort()
    console.log(
      `${title}: seed ${seed}, ${rulesets} rulesets, ${packets} packets, ${failures.length} differences, ` +
        `${unsteady.length} unsteady\nleft out: ${left.join(', ')}\n${coverage.report()}`,
    )
    expect(failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(unsteady.length).toBeLessThanOrEqual(RULESETS / 100)
    expect(rulesets).toBe(RULESETS)
    const told = [...result.unevaluated]
    expect(told.filter((text) => !(text.split(':')[0]! in unknowable))).toEqual([])
    return result
  }

  test('what is listed as not evaluated yet is just that', () => {
    const without = extensions.extensions.filter(({ compile }) => compile === undefined)
    expect(without.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([...notYet].sort())
  })

  test('a fixed seed: both agree, and every extension has its turn', async () => {
    const { coverage } = await agreed(FIXED_SEED)
    const silent = new Set([...notYet, ...Object.keys(notInLab)])
    const names = extensions.extensions.map(({ type, name }) => `${type} ${name}`)
    const unused = names.filter((name) => !coverage.used.has(name) && !silent.has(name))
    expect(unused.filter((name) => !(name.split(' ')[1]! in unknowable))).toEqual([])
  })

  test('a fresh seed: both agree', async () => {
    await agreed(freshSeed)
  })
})
