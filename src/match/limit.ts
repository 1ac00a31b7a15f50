import { type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import { printRate, readRate } from './rate.ts'

/** XT_LIMIT_SCALE: a rate is kept as tenths of a millisecond between two packets. */
const SCALE = 10_000

const rate: Kind<number> = {
  usage: 'RATE',
  expected: 'a number and a unit: 5/second, 5/minute, 5/hour, 5/day; 10000/second at most',
  examples: () => ['1/s', '10000/s', '7/min', '100/hour', '2/day', '60/m', '3333'],
  words: 1,
  read([text]) {
    const read = readRate(text!, SCALE)
    return typeof read === 'string' ? new Refusal(`${shown(text!)}: ${read}`) : read.interval
  },
  print: (interval) => printRate(interval, SCALE).text,
}

/** CONFIG_HZ of the kernels that most distributions build: what a rule is checked for when it is read. */
export const TICKS_PER_SECOND = 250
const UINT32 = 2 ** 32
const DAY_SECONDS = 86_400

/** CREDITS_PER_JIFFY: so many that a day's still fit into 32 bits, a power of two. */
export function creditsPerTick(hz: number): number {
  return 2 ** Math.floor(Math.log2(Math.floor((UINT32 - 1) / (hz * DAY_SECONDS))))
}

/** user2credits of xt_limit: unsigned, 32 bits, and it wraps around. */
export function limitCredits(interval: number, hz: number = TICKS_PER_SECOND): number {
  const perSecond = hz * creditsPerTick(hz)
  if (interval > Math.floor((UINT32 - 1) / perSecond)) {
    return (Math.floor(interval / SCALE) * perSecond) % UINT32
  }
  return Math.floor((interval * perSecond) / SCALE)
}

/** Credits of a full bucket: those of the product, which wraps around as well. */
function fullCredits(interval: number, burst: number, hz: number): number {
  return limitCredits((interval * burst) % UINT32, hz)
}

/** Places in a bucket's state. */
const CREDIT = 0
const PREVIOUS = 1

/** limit_mt_check. */
function fits(interval: number, burst: number, hz: number): boolean {
  return fullCredits(interval, burst, hz) >= limitCredits(interval, hz)
}

export const limit = defineMatch({
  name: 'limit',
  summary: 'matches at a limited rate (token bucket)',
  options: {
    // 3/hour
    limit: option(rate, {
      names: ['--limit'],
      summary: 'packets in the long run',
      initial: 12_000_000,
      omit: () => false,
    }),
    burst: option(number({ max: 10_000, unit: 'packets' }), {
      names: ['--limit-burst'],
      summary: 'packets at once',
      initial: 5,
    }),
  },
  check({ limit: { value: interval }, burst: { value: burst } }) {
    if (burst === 0) {
      return [
        {
          code: 'bad-value',
          option: 'burst',
          message: 'a burst of 0 lets nothing pass: the kernel refuses it',
        },
      ]
    }
    if (fits(interval, burst, TICKS_PER_SECOND)) return []
    const message = `the interval times the burst of ${burst} is more than the kernel's 32 bits hold: choose a smaller burst`
    return [{ code: 'bad-value', option: 'limit', message }]
  },
  compile({ limit: { value: interval }, burst: { value: burst } }, { tracker }: Environment): Test {
    const { clock } = tracker
    const { hz } = clock
    if (!fits(interval, burst, hz)) {
      const message = `the interval times the burst is more than 32 bits hold at ${hz} ticks a second`
      throw new NotEvaluated(`${message}: the kernel refuses it`)
    }
    const perTick = creditsPerTick(hz)
    const cost = limitCredits(interval, hz)
    const cap = fullCredits(interval, burst, hz)
    // In an array, as numbers beyond 31 bits would be made anew at each change.
    const state = new Float64Array([cap, Number.NaN])
    return () => {
      const { now } = clock
      const begun = !Number.isNaN(state[PREVIOUS]!)
      // The rule is as old as its first packet: the bucket is full either way.
      const gained = begun ? Math.imul(now - state[PREVIOUS]!, perTick) >>> 0 : 0
      state[PREVIOUS] = now
      const credit = Math.min(cap, (state[CREDIT]! + gained) % UINT32)
      const matched = credit >= cost
      state[CREDIT] = matched ? credit - cost : credit
      return matched
    }
  },
})
