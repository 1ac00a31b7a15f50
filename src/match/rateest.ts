import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, type Problem, Refusal, shorthand } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { text } from '../ruleset/kind/text.ts'
import type { Setting, Settings } from '../ruleset/model.ts'
import { inRange, UINT32_MAX } from '../ruleset/number.ts'

/** IFNAMSIZ without its terminator. */
const LONGEST = 15

/** Bits a second. */
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }
const binaryFactors: Readonly<Record<string, number>> = {
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

/** Bytes a second, 32 bits of them; null for no rate. */
function readRate(text: string): number | null {
  const parts = /^(0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:([kmgt]?)(i?)(bit|bps))?$/i.exec(text)
  if (parts === null) return null
  const [, digits, prefix = '', binary = '', unit = 'bit'] = parts
  if (binary !== '' && prefix === '') return null
  const factor = (binary === '' ? factors : binaryFactors)[prefix.toLowerCase()]!
  const bits = Number(digits) * factor * (unit.toLowerCase() === 'bps' ? 8 : 1)
  return Number.isFinite(bits) ? Math.trunc(bits / 8) % 2 ** 32 : null
}

/** As printf("%.0f") rounds. */
function toEven(value: number): number {
  const down = Math.floor(value)
  const rest = value - down
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down
}

const rate: Kind<number> = {
  usage: '[RATE]',
  expected: 'a number with bit, Kbit, Mbit, Gbit or bps, KBps, MBps behind it; bit unless told. Left out: 0',
  examples: () => ['', '8', '1kbit', '5Mbit', '2Gbit', '100bps', '1Kibit'],
  words: 1,
  optional: true,
  read([text]) {
    if (text === undefined) return 0
    return readRate(text) ?? new Refusal(`${shown(text)} is no rate`)
  },
  print(bytes) {
    const bits = bytes * 8
    if (bits >= 1e9) return `${toEven(bits / 1e6)}Mbit`
    return bits >= 1e6 ? `${toEven(bits / 1e3)}Kbit` : `${bits}bit`
  },
}

const packets: Kind<number> = {
  usage: '[N]',
  expected: 'a number of packets a second. Left out: 0',
  examples: () => ['', '0', '7', '0x10', '4294967295'],
  words: 1,
  optional: true,
  read([text]) {
    if (text === undefined) return 0
    return inRange(text, 0, UINT32_MAX) ?? new Refusal(`${shown(text)} is no number of 32 bits`)
  },
  print: String,
}

const name = text({ usage: 'NAME', max: LONGEST, cut: true, print: 'bare', examples: ['e', 'f'] })

type Comparison = 'lt' | 'gt' | 'eq'

const kindOf = (how: Comparison): Kind<Comparison> => ({
  usage: '',
  expected: 'no value',
  examples: () => [''],
  words: 0,
  read: () => how,
  print: () => '',
})

const comparison = (how: Comparison) =>
  shorthand(kindOf(how), {
    names: [`--rateest-${how}`],
    summary: `the rate is ${how === 'gt' ? 'above' : 'equal'}`,
    invertible: true,
    // iptables-save writes it with the bytes and again with the packets.
    repeatable: true,
    excludes: ['comparison', 'gt', 'eq'].filter((other) => other !== how),
    stands: (_, inverted) => ({ comparison: { value: how, inverted } }),
  })

export const rateest = defineMatch({
  name: 'rateest',
  summary: 'compares a rate that the target RATEEST estimates, with a number or with another one',
  oneOf: [
    ['comparison', 'gt', 'eq'],
    ['bytes1', 'bytes2', 'packets1', 'packets2'],
  ],
  options: {
    delta: option(flag, {
      names: ['--rateest-delta'],
      summary: 'compares how far the rates lie below the numbers given',
    }),
    first: option(name, {
      names: ['--rateest1', '--rateest'],
      summary: 'the estimate, 15 bytes at most',
      required: true,
    }),
    second: option(name, { names: ['--rateest2'], summary: 'the estimate that it is compared with' }),
    bytes1: option(rate, {
      names: ['--rateest-bps1'],
      summary: 'compares bits a second; the number for the first estimate counts with a delta only',
    }),
    bytes2: option(rate, {
      names: ['--rateest-bps2', '--rateest-bps'],
      summary: 'compares bits a second, with this number unless there is a second estimate',
    }),
    packets1: option(packets, {
      names: ['--rateest-pps1'],
      summary: 'compares packets a second; the number for the first estimate counts with a delta only',
    }),
    packets2: option(packets, {
      names: ['--rateest-pps2', '--rateest-pps'],
      summary: 'compares packets a second, with this number unless there is a second estimate',
    }),
    comparison: option(kindOf('lt'), {
      names: ['--rateest-lt'],
      summary: 'the rate is below',
      invertible: true,
      repeatable: true,
    }),
  },
  shorthands: { gt: comparison('gt'), eq: comparison('eq') },
  /** Numbers that do not count are not kept. */
  normalise(options): Settings {
    const { delta, second, bytes1, bytes2, packets1, packets2, ...rest } = options
    const zero: Setting = { value: 0, inverted: false }
    const kept: Record<string, Setting> = { ...rest }
    if (delta) kept['delta'] = delta
    if (second) kept['second'] = second
    const keep = (unit: 'bytes' | 'packets', one: Setting | undefined, two: Setting | undefined) => {
      if (!one && !two) return
      if (delta) kept[`${unit}1`] = one ?? zero
      kept[`${unit}2`] = second && !delta ? zero : (two ?? zero)
    }
    keep('bytes', bytes1, bytes2)
    keep('packets', packets1, packets2)
    return kept
  },
  check({ first }): readonly Problem[] {
    const message = 'no estimate is without a name'
    return first.value === '' ? [{ code: 'bad-value', option: 'first', message }] : []
  },
  print({ delta, first, second, comparison, ...numbers }, context): string {
    const how = `${comparison!.inverted ? '! ' : ''}--rateest-${comparison!.value}`
    const words = delta ? ['--rateest-delta'] : []
    words.push(`${second ? '--rateest1' : '--rateest'} ${first!.value}`)
    for (const [key, option, kind] of [
      ['bytes', '--rateest-bps', rate],
      ['packets', '--rateest-pps', packets],
    ] as const) {
      const one = numbers[`${key}1`]
      const two = numbers[`${key}2`]
      if (two === undefined) continue
      if (one) words.push(`${option}1 ${kind.print(one.value as number, context)}`)
      words.push(how, `${option}${delta ? '2' : ''}`)
      if (delta || !second) words.push(kind.print(two.value as number, context))
    }
    if (second) words.push(`--rateest2 ${second.value}`)
    return words.join(' ')
  },
})
