/** The rules of `sallyport replay`: read, checked, and refused where they cannot be evaluated. */
import { count } from '../explain/number-words.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { Unevaluated } from '../firewall/program.ts'
import type { Ruleset } from '../ruleset/model.ts'
import { EXIT_CHECK_FAILED, EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { Output } from './output.ts'
import type { ReplayOptions } from './replay-options.ts'
import { readRules } from './rules-file.ts'

/** @throws Failure where a file cannot be read, or has mistakes, which are told on standard error. */
export function loadRules(options: ReplayOptions, width: number): Ruleset[] {
  const errors = new Output(2)
  const given = [
    [options.rules, 'ipv4'],
    [options.rules6, 'ipv6'],
  ] as const
  const rulesets: Ruleset[] = []
  for (const [file, family] of given) {
    if (file === null) continue
    const { ruleset, failed } = readRules(file, family, errors, width)
    errors.flush()
    if (failed) throw new Failure(`${file}: not evaluated, because of the mistakes above`, EXIT_UNREADABLE)
    rulesets.push(ruleset)
  }
  return rulesets
}

/** Rules that a packet could meet, but that nobody here can evaluate. @throws Failure with `--unknown=refuse`. */
export function judgeUnevaluated({ programs }: Firewall, options: ReplayOptions): readonly Unevaluated[] {
  const met = [programs.ipv4, programs.ipv6].flatMap((program) => program?.unevaluated ?? [])
  if (met.length === 0 || options.unknown === 'ignore') return met
  const shown = met.slice(0, 20).map(unevaluatedText)
  const more = met.length > shown.length ? [`and ${met.length - shown.length} more`] : []
  throw new Failure(
    [
      `${count(met.length, 'rule')} cannot be evaluated (--unknown=ignore goes on without):`,
      ...[...shown, ...more].map((line) => `  ${line}`),
    ].join('\n'),
    EXIT_CHECK_FAILED,
  )
}

/** `rules.v4:12: filter FORWARD 3: socket is read and printed, but not evaluated yet`. */
export function unevaluatedText({ place, table, chain, number, extension, message }: Unevaluated): string {
  return `${place.file}:${place.line}: ${table} ${chain} ${number}: ${extension}: ${message}`
}
