/** Random rulesets with random traffic through Linux and through the engine: `notYet` is all that may be missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extensions } from '../../../src/firewall/extensions.ts'
import { notInLab, notYet, unknowable } from './generate/exclusions.ts'
import { whyNoRules } from './needs.ts'
import type { Exit, Journey, Said } from './observed.ts'
import type { RulePlayer } from './play-rules.ts'
import { type RuleCampaignResult, runRuleCampaign } from './rule-campaign.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'

const FIXED_SEED = 7
const freshSeed = Date.now() % 1_000_000_000
const RULESETS = 250

const missing = whyNoRules()
const title = 'the same rules in Linux and in the engine'
if (missing !== null) console.warn(`SKIPPED: 8 tests of ${title}, because ${missing}`)

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

  test.for([
    ['forgets marks', { exit: (exit: Exit) => ({ ...exit, mark: 0 }) }],
    ['rewrites nothing', { exit: (exit: Exit, sent: Uint8Array) => ({ ...exit, bytes: sent }) }],
    ['never answers', { answers: [] }],
    ['says nothing', { said: [] }],
    ['counts one too many', { counts: (packets: number) => packets + 1 }],
  ] as const)('an engine that %s is found out', async ([, change]) => {
    const engine = spoiled(player.engine, change)
    const options = { seed: FIXED_SEED, rulesets: RULESETS, most: 1 }
    expect((await runRuleCampaign({ kernel, engine }, options)).failures).toHaveLength(1)
  })
})

interface Spoiling {
  readonly exit?: (exit: Exit, sent: Uint8Array) => Exit
  readonly answers?: readonly Journey[]
  readonly said?: readonly Said[]
  readonly counts?: (packets: number) => number
}

function spoiled(engine: RulePlayer['engine'], { exit, counts, ...changes }: Spoiling): RulePlayer['engine'] {
  return {
    load: (one) => engine.load(one),
    faults: (one) => engine.faults(one),
    begin: () => engine.begin(),
    entries: () => engine.entries(),
    entriesOfTuple: (tuple) => engine.entriesOfTuple(tuple),
    counts: () =>
      engine.counts().map((one) => (counts ? { ...one, packets: String(counts(Number(one.packets))) } : one)),
    send(step, elapsed) {
      const seen = engine.send(step, elapsed)
      const { journey } = seen
      const left = journey.exit && exit ? exit(journey.exit, step.bytes) : journey.exit
      return { ...seen, ...changes, journey: { ...journey, exit: left } }
    },
  }
}
