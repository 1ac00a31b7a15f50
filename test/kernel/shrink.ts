import { type Player, playCase } from './play.ts'
import type { Case, Step } from './traffic/case.ts'

const ATTEMPTS = 400

/** Drops steps while the same kind of difference stays; at most some hundred runs. */
export function shrinkCase(player: Player, failing: Case): Case {
  const first = playCase(player, failing)
  const what = first?.difference?.what
  if (!first || what === undefined) return failing
  const steps = shrinkSteps(failing.steps.slice(0, first.at + 1), (candidate) => {
    const outcome = playCase(player, { ...failing, steps: candidate })
    return outcome?.difference?.what === what
  })
  return { ...failing, steps, settings: shrinkSettings(player, failing, steps, what) }
}

/** Drops steps, the later and the more at once first, while what is left still fails. */
export function shrinkSteps(
  failing: readonly Step[],
  fails: (steps: readonly Step[]) => boolean,
): readonly Step[] {
  let steps = failing
  let attempts = 0
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = steps.length - size; at >= 0 && attempts < ATTEMPTS; at -= size) {
      const candidate = [...steps.slice(0, at), ...steps.slice(at + size)]
      attempts++
      if (fails(candidate)) steps = candidate
    }
  }
  return steps
}

function shrinkSettings(
  player: Player,
  failing: Case,
  steps: readonly Step[],
  what: string,
): Case['settings'] {
  let settings = failing.settings
  for (const name of Object.keys(settings)) {
    const fewer = Object.fromEntries(Object.entries(settings).filter(([other]) => other !== name))
    const outcome = playCase(player, { ...failing, steps, settings: fewer })
    if (outcome?.difference?.what === what) settings = fewer
  }
  return settings
}
