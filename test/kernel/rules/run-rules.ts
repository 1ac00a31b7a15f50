/** `npm run kernel -- rules`: random rulesets for as long as one likes. */

import { runRuleCampaign } from './rule-campaign.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'

export interface RunRulesOptions {
  readonly seed: number
  readonly rulesets: number
  readonly progress?: (rulesets: number) => void
}

/** Prints what came of it; true when both agree. */
export async function runRules({ seed, rulesets, progress }: RunRulesOptions): Promise<boolean> {
  const kernel = RuleKernel.open()
  const started = performance.now()
  const player = { kernel, engine: new RuleEngine(kernel.lab) }
  const result = await runRuleCampaign(player, { seed, rulesets, ...(progress ? { progress } : {}) })
  kernel.close()
  const seconds = (performance.now() - started) / 1000
  console.log(result.coverage.report())
  console.log('\nleft out:')
  for (const [name, count] of [...result.excluded].sort()) console.log(`  ${name}: ${count}`)
  console.log('\nnot evaluated:')
  for (const text of [...result.unevaluated].sort()) console.log(`  ${text}`)
  for (const { text } of result.unsteady) console.log(`\nunsteady ${text}`)
  for (const { text } of result.failures) console.log(`\n${text}`)
  console.log(
    `\nseed ${seed}: ${result.rulesets} rulesets, ${result.packets} packets, ${result.failures.length} differences, ` +
      `${result.unsteady.length} unsteady; ${seconds.toFixed(1)} s`,
  )
  return result.failures.length === 0
}
