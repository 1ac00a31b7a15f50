/** Spans of time: `0.02`, `120s`, `5d1s`, `2m`, `500ms`. */
import { Refusal } from './problem.ts'
import { type Scanner, shown } from './scanner.ts'

/** Microseconds of each unit; the longest first. */
const units: readonly (readonly [name: string, microseconds: number])[] = [
  ['d', 86_400e6],
  ['h', 3_600e6],
  ['m', 60e6],
  ['s', 1e6],
  ['ms', 1e3],
  ['us', 1],
]

/** A hundred years: dates stay within what a capture can hold. */
const LONGEST = 36_500 * 86_400e6

/** In microseconds; a number without a unit is in seconds. @throws Refusal */
export function readDuration(scanner: Scanner): number {
  const found = scanner.match(/[0-9.]+[0-9.a-z]*/y)
  if (found === null) throw scanner.refusal('expected a time such as 0.02, 120s, 5d1s or 500ms')
  const { text } = found
  const refuse = (why: string) => new Refusal(found, `${shown(text)} ${why}`)
  let sum = 0
  let last = -1
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)([a-z]*)/g)]
  if (parts.map(([whole]) => whole).join('') !== text) throw refuse('is no time such as 0.02, 120s or 5d1s')
  for (const [, digits, unit] of parts) {
    const index = unit === '' ? 3 : units.findIndex(([name]) => name === unit)
    if (index < 0) throw refuse('has a unit that is none of d, h, m, s, ms, us')
    if (index <= last) throw refuse('has its units in another order than d, h, m, s, ms, us')
    last = index
    sum += Number(digits) * units[index]![1]
  }
  if (!(sum <= LONGEST)) throw refuse('is longer than a hundred years')
  return Math.round(sum)
}
