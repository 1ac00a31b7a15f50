import type { Difference } from './compare.ts'
import { Coverage } from './coverage.ts'
import type { Engine } from './engine.ts'
import type { Kernel } from './kernel.ts'
import { type Player, playCase } from './play.ts'
import { shrinkCase } from './shrink.ts'
import type { Case } from './traffic/case.ts'
import { generateCase, SPECIAL_KINDS } from './traffic/generator.ts'

export interface CampaignOptions {
  readonly seed: number
  readonly packets: number
  /** Only cases of this kind. */
  readonly kind?: string
  /** Stop after so many differences; default 10. */
  readonly most?: number
  readonly progress?: (packets: number) => void
}

/** A disagreement, shrunk, with all that is needed to look at it. */
export interface Failure {
  readonly seed: number
  readonly kind: string
  readonly difference: Difference
  readonly text: string
}

export interface CampaignResult {
  readonly cases: number
  readonly packets: number
  readonly failures: readonly Failure[]
  /** Differences that were gone when the same case ran again: the kernel's timing, not its logic. */
  readonly unsteady: readonly Failure[]
  /** Cases run again because the machine was too slow. */
  readonly slow: number
  /** Entries in the kernel's table that nobody here knew of, at the end. */
  readonly lost: number
  readonly coverage: Coverage
}

/** Did kernel and engine agree throughout? A difference that is gone the next time is one until somebody has said what it was. */
export function isClean({ packets, failures, unsteady, lost }: CampaignResult): boolean {
  return packets > 0 && failures.length === 0 && unsteady.length === 0 && lost === 0
}

/** Lets signals be heard: everything else here runs without a pause. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Plays cases until enough packets have gone through both. Every case has a seed of its own, printed when it fails. */
export async function runCampaign(
  kernel: Kernel,
  engine: Engine,
  options: CampaignOptions,
): Promise<CampaignResult> {
  const coverage = new Coverage()
  const player: Player = { kernel, engine, coverage }
  const failures: Failure[] = []
  const unsteady: Failure[] = []
  let slow = 0
  let cases = 0
  const special = options.kind === undefined ? [...SPECIAL_KINDS] : []
  while (coverage.packets < options.packets && failures.length < (options.most ?? 10)) {
    await breathe()
    const made = generateCase(options.seed * 1_000_000 + cases++, special.shift() ?? options.kind)
    const outcome = playCase(player, made)
    if (!outcome) {
      slow++
      const again = playCase(player, made)
      if (!again?.difference) continue
    }
    options.progress?.(coverage.packets)
    if (outcome && !outcome.difference) continue
    const again = playAgain(kernel, engine, made)
    if (again) failures.push(again)
    else if (outcome?.difference) unsteady.push(failure(made, outcome.difference, ['gone when run again']))
  }
  kernel.clear()
  return { cases, packets: coverage.packets, failures, unsteady, slow, lost: kernel.count(), coverage }
}

/** Runs a case once more from a clean state; a failure that is still there comes back shrunk. */
function playAgain(kernel: Kernel, engine: Engine, made: Case): Failure | null {
  const player: Player = { kernel, engine, coverage: null }
  if (!playCase(player, made)?.difference) return null
  const small = shrinkCase(player, made)
  const outcome = playCase(player, small, true) ?? playCase(player, small, true)
  return outcome?.difference ? failure(small, outcome.difference, outcome.trace) : null
}

function failure(made: Case, difference: Difference, trace: readonly string[]): Failure {
  const settings = Object.entries(made.settings).map(([name, value]) => ` ${name}=${value}`)
  const text = [
    `case ${made.seed} (${made.kind})${settings.join('')}`,
    ...trace,
    `=> ${difference.what}`,
    `   kernel: ${difference.kernel}`,
    `   engine: ${difference.engine}`,
  ].join('\n')
  return { seed: made.seed, kind: made.kind, difference, text }
}

/** One case again, with everything that happens in it: `--case`. */
export function traceCase(kernel: Kernel, engine: Engine, seed: number, kind?: string): string {
  const made = generateCase(seed, kind)
  const outcome = playCase({ kernel, engine, coverage: null }, made, true)
  if (!outcome) return 'the machine was too slow'
  const difference = outcome.difference ?? { what: 'no difference', kernel: '', engine: '' }
  return failure(made, difference, outcome.trace).text
}
