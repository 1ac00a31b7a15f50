import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, neverOmitted, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'
import type { Settings } from '../ruleset/model.ts'
import { UINT32_MAX } from '../ruleset/number.ts'

const SECOND = 1_000_000
/** Half a second is the first that is longer than the shortest interval. */
const SHORTEST = SECOND / 4
const INTERVALS = 6
const units: Readonly<Record<string, number>> = {
  '': 1,
  us: 1,
  usec: 1,
  usecs: 1,
  ms: 1000,
  msec: 1000,
  msecs: 1000,
  s: SECOND,
  sec: SECOND,
  secs: SECOND,
}

/** Microseconds. */
const time: Kind<number> = {
  usage: 'TIME',
  expected: 'a number with s, ms or us behind it; us unless told',
  examples: () => ['250ms', '1s', '500000', '8.0s'],
  words: 1,
  read([text]) {
    const [, digits, unit] = /^(\d+(?:\.\d*)?(?:e\d+)?)([a-z]*)$/i.exec(text!) ?? []
    const factor = units[unit?.toLowerCase() ?? '-']
    if (digits === undefined || factor === undefined) return new Refusal(`${shown(text!)} is no time`)
    const value = Math.trunc(Number(digits) * factor)
    return value <= UINT32_MAX ? value : new Refusal(`${shown(text!)} is longer than 4294 s`)
  },
  print(value) {
    if (value >= SECOND) return `${(value / SECOND).toFixed(1)}s`
    return value >= 1000 ? `${(value / 1000).toFixed(1)}ms` : `${value}us`
  },
}

/** The least interval that the kernel has and is not shorter; null where all are. */
function keptInterval(interval: number): number | null {
  for (let i = 0; i < INTERVALS; i++) if (interval <= SHORTEST << i) return SHORTEST << i
  return null
}

/** The logarithm of the weight whose average takes that long (RATEEST_final_check), 0 or 31 for none. */
function weightLog(interval: number, average: number): number {
  let log = 1
  while (log < 32 && interval / -Math.log(1 - 1 / 2 ** log) <= average) log++
  return log - 1
}

export const rateest = defineTarget({
  name: 'RATEEST',
  summary: 'counts the packet for the estimate of a rate, which the match of the same name compares',
  options: {
    name: option(text({ usage: 'NAME', max: 15, cut: true, print: 'bare', examples: ['a'] }), {
      names: ['--rateest-name'],
      summary: 'of the estimate, 15 bytes at most',
      required: true,
    }),
    interval: option(time, {
      names: ['--rateest-interval'],
      summary: 'how often the rate is taken: 250ms, 500ms, 1s, 2s, 4s, 8s, or the next one above',
      required: true,
    }),
    average: option(time, {
      names: ['--rateest-ewmalog'],
      summary: 'over which time it is averaged, roughly: a power of 2 of the interval',
      required: true,
      omit: neverOmitted,
    }),
  },
  normalise(options): Settings {
    const interval = options['interval']!.value as number
    const kept = keptInterval(interval)
    const log = weightLog(interval, options['average']!.value as number)
    // What is out of range stays as it was given, for `check`.
    if (kept === null || log === 0 || log >= 31) return options
    const average = kept * 2 ** log
    return {
      ...options,
      interval: { value: kept, inverted: false },
      average: { value: average, inverted: false },
    }
  },
  check({ interval, average }): readonly Problem[] {
    if (keptInterval(interval.value) === null)
      return [{ code: 'bad-value', option: 'interval', message: 'the interval is longer than 8 s' }]
    const log = weightLog(interval.value, average.value)
    if (log !== 0 && log < 31) return []
    const message = 'the average has to be taken over more than the interval'
    return [{ code: 'bad-value', option: 'average', message }]
  },
  // Only the match of the same name would see the rate, and that is not evaluated.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
