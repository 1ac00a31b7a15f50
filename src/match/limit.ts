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

/** CONFIG_HZ of the kernels that most distributions build, and the credits a tick gives there. */
export const TICKS_PER_SECOND = 250
const CREDITS_PER_TICK = 128
const UINT32 = 2 ** 32

/** user2credits of xt_limit: unsigned, 32 bits, and it wraps around. */
export function limitCredits(interval: number): number {
  const perSecond = TICKS_PER_SECOND * CREDITS_PER_TICK
  if (interval > Math.floor((UINT32 - 1) / perSecond)) {
    return (Math.floor(interval / SCALE) * perSecond) % UINT32
  }
  return Math.floor((interval * perSecond) / SCALE)
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
    if (limitCredits((interval * burst) % UINT32) >= limitCredits(interval)) return []
    const message = `the interval times the burst of ${burst} is more than the kernel's 32 bits hold: choose a smaller burst`
    return [{ code: 'bad-value', option: 'limit', message }]
  },
})
