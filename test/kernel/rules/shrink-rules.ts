import { playRules, type RulePlayer } from './play-rules.ts'
import type { RuleCase } from './rule-case.ts'

const ATTEMPTS = 250

/** Drops rules and packets, then options, while the same kind of difference stays. */
export function shrinkRules(player: RulePlayer, failing: RuleCase): RuleCase {
  const first = playRules(player, failing)
  const what = first.difference?.what
  if (what === undefined) return failing
  let attempts = 0
  const fails = (candidate: RuleCase) => {
    if (attempts++ >= ATTEMPTS) return false
    return playRules(player, candidate).difference?.what === what
  }
  let small: RuleCase = { ...failing, steps: failing.steps.slice(0, first.at + 1) }
  for (let before = -1; before !== small.rules.length + small.steps.length; ) {
    before = small.rules.length + small.steps.length
    const { steps } = small
    const rules = shrinkList(small.rules, isRule, (kept) => fails({ ...small, rules: kept, steps }))
    small = { ...small, rules }
    small = {
      ...small,
      steps: shrinkList(
        steps,
        () => true,
        (kept) => fails({ ...small, steps: kept }),
      ),
    }
  }
  return small
}

const isRule = (line: string) => line.startsWith('-A ')

/** Leaves out as much of a list as it can, the more at once first. */
function shrinkList<T>(
  list: readonly T[],
  mayGo: (item: T) => boolean,
  fails: (kept: readonly T[]) => boolean,
): readonly T[] {
  let kept = list
  const count = () => kept.filter(mayGo).length
  for (let size = Math.ceil(count() / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = count() - size; at >= 0; at -= size) {
      let number = 0
      const candidate = kept.filter((item) => {
        if (!mayGo(item)) return true
        const here = number++
        return here < at || here >= at + size
      })
      if (fails(candidate)) kept = candidate
    }
  }
  return kept
}
