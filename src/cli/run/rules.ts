/** The rules of `sallyport replay`: read, checked, and refused where they cannot be evaluated. */
import { readFileSync } from 'node:fs'
import type { Settings } from '../../conntrack/settings.ts'
import {
  readTimeoutPolicies,
  type TimeoutPolicy,
  TimeoutPolicyError,
} from '../../conntrack/timeout-policy.ts'
import { printable } from '../../diagnostic/printable.ts'
import { count } from '../../explain/number-words.ts'
import type { Unevaluated } from '../../firewall/program.ts'
import { formatSetProblem, readSets } from '../../ipset/reader.ts'
import { Sets } from '../../ipset/sets.ts'
import type { Family, Ruleset } from '../../ruleset/model.ts'
import { unevaluatedText } from '../../run/unevaluated-text.ts'
import { EXIT_CHECK_FAILED, EXIT_UNREADABLE } from '../exit-codes.ts'
import { Failure, unreadable } from '../failure.ts'
import { Output } from '../output.ts'
import type { RunOptions } from './options.ts'

/** @throws Failure where a file cannot be read, or has mistakes, which are told on standard error. */
export async function loadRules(options: RunOptions, width: number): Promise<Ruleset[]> {
  const given = [
    [options.rules, 'ipv4'],
    [options.rules6, 'ipv6'],
  ] as const
  const rulesets: Ruleset[] = []
  for (const [file, family] of given) if (file !== null) rulesets.push(await loadRuleset(file, family, width))
  return rulesets
}

/** @throws Failure where the file cannot be read, or has mistakes, which are told on standard error. */
export async function loadRuleset(file: string, family: Family, width: number): Promise<Ruleset> {
  // The language of rules is half of the program: whoever has none does not wait for it.
  const { readRules } = await import('../rules-file.ts')
  const errors = new Output(2)
  const { ruleset, failed } = readRules(file, family, errors, width)
  errors.flush()
  if (failed)
    throw new Failure(`${printable(file)}: not evaluated, because of the mistakes above`, EXIT_UNREADABLE)
  return ruleset
}

/** @throws Failure where a file cannot be read, or has mistakes, which are told on standard error. */
export function loadSets(options: Pick<RunOptions, 'ipset'>, width: number): Sets {
  return setsMaker(options, width)()
}

/** The same, for whoever needs them anew: the files are read, and their mistakes told, once. @throws Failure */
export function setsMaker({ ipset }: Pick<RunOptions, 'ipset'>, width: number): () => Sets {
  const files = ipset.map((file) => ({ file, text: readText(file) }))
  let first: Sets | null = tellSetProblems(files, width)
  return () => {
    const sets = first ?? new Sets()
    const isRead = first !== null
    first = null
    if (isRead) return sets
    for (const { file, text } of files) readSets(text, file, sets)
    return sets
  }
}

function tellSetProblems(files: readonly { file: string; text: string }[], width: number): Sets {
  const sets = new Sets()
  for (const { file, text } of files) {
    const problems = readSets(text, file, sets)
    if (problems.length === 0) continue
    const errors = new Output(2)
    for (const problem of problems) errors.line(formatSetProblem(problem, text, width))
    errors.flush()
    if (problems.some(({ severity }) => severity === 'error'))
      throw new Failure(`${printable(file)}: not used, because of the mistakes above`, EXIT_UNREADABLE)
  }
  return sets
}

/** The policies of --timeouts. @throws Failure */
export function loadTimeoutPolicies(
  { timeouts }: RunOptions,
  settings: Settings,
): ReadonlyMap<string, TimeoutPolicy> {
  if (timeouts === null) return new Map()
  try {
    return readTimeoutPolicies(readText(timeouts), settings)
  } catch (error) {
    if (error instanceof TimeoutPolicyError)
      throw new Failure(`${printable(timeouts)}: ${error.message}`, EXIT_UNREADABLE)
    throw error
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** Rules that a packet could meet, but that nobody here can evaluate. @throws Failure where there are some. */
export function refuseUnevaluated(met: readonly Unevaluated[]): void {
  if (met.length === 0) return
  const shown = met.slice(0, 20).map((one) => printable(unevaluatedText(one)))
  const more = met.length > shown.length ? [`and ${met.length - shown.length} more`] : []
  throw new Failure(
    [
      `${count(met.length, 'rule')} cannot be evaluated (--unknown=ignore goes on without):`,
      ...[...shown, ...more].map((line) => `  ${line}`),
    ].join('\n'),
    EXIT_CHECK_FAILED,
  )
}
