import type { Environment, Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { number } from '../ruleset/kind/number.ts'

/** The kernel compares with a random number of 31 bits. */
const ONE = 2 ** 31
const decimal = /^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const DECIMALS = 11

/** Of 2^31. */
const probability: Kind<number> = {
  usage: 'P',
  expected: 'a number from 0 to 1',
  examples: () => ['0', '1', '0.5', '.01', '0.33332999982', '1e-3', '0.000244140625'],
  words: 1,
  read([text]) {
    const value = text!.length <= 64 && decimal.test(text!) ? Number(text!) : Number.NaN
    return value >= 0 && value <= 1
      ? Math.round(value * ONE)
      : new Refusal(`${shown(text!)} is no number from 0 to 1`)
  },
  /** As C rounds: the half to the even digit, which toFixed does not. */
  print(value) {
    const scaled = BigInt(value) * 10n ** BigInt(DECIMALS)
    const one = BigInt(ONE)
    const twice = (scaled % one) * 2n
    let digits = scaled / one
    if (twice > one || (twice === one && digits % 2n === 1n)) digits++
    const text = String(digits).padStart(DECIMALS + 1, '0')
    return `${text.slice(0, -DECIMALS)}.${text.slice(-DECIMALS)}`
  },
}

export const statistic = defineMatch({
  name: 'statistic',
  summary: 'matches some packets: by chance, or every nth',
  options: {
    mode: option(choice({ usage: 'MODE', names: ['random', 'nth'] }), {
      names: ['--mode'],
      summary: 'by chance, or counted',
      required: true,
    }),
    probability: option(probability, {
      names: ['--probability'],
      summary: 'of a match, 0–1 (random)',
      invertible: true,
      excludes: ['every', 'packet'],
    }),
    every: option(number({ min: 1 }), {
      names: ['--every'],
      summary: 'one packet of so many (nth)',
      invertible: true,
    }),
    packet: option(number(), { names: ['--packet'], summary: 'which one of them, from 0 (nth)' }),
  },
  check({ mode, probability, every, packet }) {
    const problems: Problem[] = []
    const missing = (message: string) => problems.push({ code: 'missing-option', message })
    if (mode.value === 'random' && !probability) missing('--mode random needs --probability')
    if (mode.value === 'nth' && (!every || !packet)) missing('--mode nth needs --every and --packet')
    if (every && packet && packet.value >= every.value) {
      const message = `packets are counted from 0 to ${every.value - 1} here`
      problems.push({ code: 'bad-value', option: 'packet', message })
    }
    return problems
  },
  compile({ probability, every, packet }, { random }: Environment): Test {
    if (probability !== undefined) {
      const { value, inverted } = probability
      return () => (random.next() & 0x7fff_ffff) < value !== inverted
    }
    const { value: length, inverted } = every!
    // Unsigned, in an array: a number beyond 31 bits would be made anew at each change.
    const count = new Uint32Array([length - 1 - packet!.value])
    return () => {
      const next = count[0] === length - 1 ? 0 : count[0]! + 1
      count[0] = next
      return (next === 0) !== inverted
    }
  },
})
