import type { Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import type { Range } from '../ruleset/kind/number.ts'
import { hex, inRange, UINT32_MAX } from '../ruleset/number.ts'
import { U32Program } from './u32-program.ts'

/** XT_U32_MAXSIZE; a location has one number more than operators. */
const MOST = 10
const BITS = 32

export type U32Operator = '&' | '<<' | '>>' | '@'

export interface U32Test {
  readonly offset: number
  readonly steps: readonly { readonly operator: U32Operator; readonly value: number }[]
  /** One of these must hold the result. */
  readonly values: readonly Range[]
}

const token = /\s*(?:(0[xX][0-9a-fA-F]+|\d+)|(&&|<<|>>|[&@=,:]))/y

/** Numbers and signs, or where something else stands. */
function tokens(text: string): string[] | number {
  const list: string[] = []
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found || list.length > 1000) return at
    list.push(found[1] ?? found[2]!)
    at = token.lastIndex
  }
  return list
}

const expression: Kind<readonly U32Test[]> = {
  usage: 'TESTS',
  expected: 'LOCATION=VALUE[:VALUE][,…][&&…], LOCATION being OFFSET[&N|<<N|>>N|@N…]',
  examples: () => ['0=0', '"6&0xFF=1,2:5&&0>>28=4"', '"0>>22&0x3C@4>>15=0:0xffffffff"', '"4&1<<2=7"'],
  words: 1,
  read([text]) {
    const list = tokens(text!)
    if (typeof list === 'number')
      return new Refusal(`at character ${list + 1} stands what is neither number nor sign`)
    const tests: U32Test[] = []
    let at = 0
    const value = () => inRange(list[at++] ?? '', 0, UINT32_MAX)
    for (;;) {
      const offset = value()
      if (offset === null) return refused(list[at - 1], 'an offset')
      const steps: U32Test['steps'][number][] = []
      while (list[at] !== '=') {
        const operator = list[at++]
        if (operator !== '&' && operator !== '<<' && operator !== '>>' && operator !== '@') {
          return refused(operator, 'one of & << >> @ =')
        }
        const number = value()
        if (number === null) return refused(list[at - 1], 'a number of 32 bits')
        if ((operator === '<<' || operator === '>>') && number >= BITS) {
          return new Refusal(`a shift by ${number}: ${BITS - 1} is the most`)
        }
        steps.push({ operator, value: number })
      }
      if (steps.length >= MOST) return new Refusal(`more than ${MOST - 1} operators in a test`)
      at++
      const values: Range[] = []
      do {
        const from = value()
        if (from === null) return refused(list[at - 1], 'a number of 32 bits')
        let to: number | null = from
        if (list[at] === ':') {
          at++
          to = value()
        }
        if (to === null) return refused(list[at - 1], 'a number of 32 bits')
        values.push({ from, to })
      } while (list[at] === ',' && ++at)
      if (values.length > MOST) return new Refusal(`more than ${MOST} values in a test`)
      tests.push({ offset, steps, values })
      if (at === list.length) break
      if (list[at] !== '&&') return refused(list[at], ', or && or the end')
      at++
    }
    return tests.length <= MOST ? tests : new Refusal(`more than ${MOST} tests`)
  },
  print: (tests) => `"${tests.map(printTest).join('&&')}"`,
}

function refused(found: string | undefined, expected: string): Refusal {
  return new Refusal(
    found === undefined
      ? `it ends where ${expected} is due`
      : `${shown(found)} stands where ${expected} is due`,
  )
}

function printTest({ offset, steps, values }: U32Test): string {
  const location = hex(offset) + steps.map(({ operator, value }) => operator + hex(value)).join('')
  const ranges = values.map(({ from, to }) => (from === to ? hex(from) : `${hex(from)}:${hex(to)}`))
  return `${location}=${ranges.join(',')}`
}

export const u32 = defineMatch({
  name: 'u32',
  summary: 'compares numbers of 32 bits anywhere in the packet',
  options: {
    u32: option(expression, {
      names: ['--u32'],
      summary: 'tests on four bytes at an offset from the start of the IP header',
      invertible: true,
      required: true,
    }),
  },
  compile({ u32: { value, inverted } }): Test {
    const program = new U32Program(value)
    return (passage) => program.matches(passage, inverted)
  },
})
