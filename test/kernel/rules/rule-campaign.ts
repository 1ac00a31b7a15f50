/** Random rulesets with random traffic, through Linux and through the engine. */
import { extensions } from '../../../src/firewall/extensions.ts'
import type { Difference } from '../compare.ts'
import { Random } from '../traffic/random.ts'
import { notInLab, notYet } from './generate/exclusions.ts'
import { RulesetMaker } from './generate/ruleset.ts'
import { TrafficMaker } from './generate/traffic.ts'
import { playRules, playTraffic, type RuleOutcome, type RulePlayer } from './play-rules.ts'
import type { RuleCase, RuleStep } from './rule-case.ts'
import { type RuleCoverage, ruleCoverage } from './rule-coverage.ts'
import { shrinkRules } from './shrink-rules.ts'

export interface RuleCampaignOptions {
  readonly seed: number
  readonly rulesets: number
  /** Rules of each; 20 unless told. */
  readonly rules?: number
  /** Packets through each; 20 unless told. */
  readonly packets?: number
  /** Stop after so many differences; 10 unless told. */
  readonly most?: number
  readonly progress?: (rulesets: number) => void
}

export interface RuleFailure {
  readonly name: string
  readonly difference: Difference
  readonly text: string
}

export interface RuleCampaignResult {
  readonly rulesets: number
  readonly packets: number
  readonly failures: readonly RuleFailure[]
  /** Gone when the same was played again: the kernel's timing, not its logic. */
  readonly unsteady: readonly RuleFailure[]
  /** What was drawn and left out, by name. */
  readonly excluded: ReadonlyMap<string, number>
  /** What the engine said it cannot evaluate. */
  readonly unevaluated: ReadonlySet<string>
  readonly coverage: RuleCoverage
}

const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

interface Made extends Pick<RuleCase, 'name' | 'family' | 'rules'> {
  readonly traffic: TrafficMaker
}

/** Everything of a ruleset comes from its seed. */
function make(player: RulePlayer, seed: number, rules: number, result: MutableResult): Made {
  const random = new Random(seed)
  const family = random.chance(0.6) ? 'ipv4' : 'ipv6'
  const maker = new RulesetMaker(extensions, family, random, new Set([...notYet, ...Object.keys(notInLab)]))
  const lines = maker.make(rules, (candidate) => {
    const faults = player.engine.faults({ family, rules: candidate })
    for (const name of faults.unevaluated) result.unevaluated.add(name)
    return faults.lines
  })
  for (const [name, count] of maker.excluded)
    result.excluded.set(name, (result.excluded.get(name) ?? 0) + count)
  return { name: `seed ${seed}`, family, rules: lines, traffic: new TrafficMaker(family, random) }
}

const RANDOM_PORT = 'a port that NAT searched for'

interface MutableResult {
  readonly excluded: Map<string, number>
  readonly unevaluated: Set<string>
}

/** Plays rulesets of one seed; each has a seed of its own, printed when it fails. */
export async function runRuleCampaign(
  player: RulePlayer,
  { seed, rulesets, rules = 20, packets: each = 20, most = 10, progress }: RuleCampaignOptions,
): Promise<RuleCampaignResult> {
  const made: MutableResult = { excluded: new Map(), unevaluated: new Set() }
  const failures: RuleFailure[] = []
  const unsteady: RuleFailure[] = []
  const coverage = ruleCoverage()
  let packets = 0
  let played = 0
  while (played < rulesets && failures.length < most) {
    await breathe()
    const one = make(player, seed * 1_000_000 + played++, rules, made)
    const outcome = playMade(player, one, each)
    packets += outcome.packets
    coverage.add(one, outcome)
    progress?.(played)
    if (outcome.choseAnotherPort) made.excluded.set(RANDOM_PORT, (made.excluded.get(RANDOM_PORT) ?? 0) + 1)
    if (!outcome.difference) continue
    const again = playAgain(player, { ...one, steps: outcome.steps })
    if (again) failures.push(again)
    else unsteady.push(ruleFailure({ ...one, steps: outcome.steps }, outcome.difference, []))
  }
  return { rulesets: played, packets, failures, unsteady, coverage, ...made }
}

function playMade(player: RulePlayer, { family, rules, traffic }: Made, packets: number): RuleOutcome {
  let sent = 0
  return playTraffic(player, { family, rules }, (last): RuleStep | null =>
    sent++ < packets ? traffic.next(last) : null,
  )
}

/** Once more from the start; what still differs comes back shrunk. */
export function playAgain(player: RulePlayer, one: RuleCase): RuleFailure | null {
  if (!playRules(player, one).difference) return null
  const small = shrinkRules(player, one)
  const { difference, trace } = playRules(player, small, true)
  return difference ? ruleFailure(small, difference, trace) : null
}

/** Lines that say something. */
function brief(rules: readonly string[]): string[] {
  const words = rules.filter((line) => line.startsWith('-A') || line.startsWith('*') || / DROP /.test(line))
  return words.filter((line, index) => !line.startsWith('*') || !(words[index + 1] ?? '*').startsWith('*'))
}

export function ruleFailure(
  { name, family, rules }: RuleCase,
  difference: Difference,
  trace: readonly string[],
): RuleFailure {
  const text = [
    `${name} (${family})`,
    ...brief(rules).map((line) => `  ${line}`),
    ...trace,
    `=> ${difference.what}`,
    `   kernel: ${difference.kernel}`,
    `   engine: ${difference.engine}`,
  ].join('\n')
  return { name, difference, text }
}
