/** The tests of the u32 match, flattened. */
import { type Passage, STOP_UNKNOWN } from '../hook/passage.ts'
import type { U32Operator, U32Test } from './u32.ts'

const AND = 0
const LEFT = 1
const RIGHT = 2
const AT = 3
const codes: Readonly<Record<U32Operator, number>> = { '&': AND, '<<': LEFT, '>>': RIGHT, '@': AT }

interface Test {
  readonly offset: number
  readonly operators: Uint8Array
  readonly numbers: Uint32Array
  readonly from: Uint32Array
  readonly to: Uint32Array
}

const NO = 0
const YES = 1
/** A byte was not captured. */
const UNKNOWN = 2

/** u32_match_it. Numbers are unsigned. */
export class U32Program {
  readonly #tests: readonly Test[]

  constructor(tests: readonly U32Test[]) {
    this.#tests = tests.map(({ offset, steps, values }) => ({
      offset,
      operators: Uint8Array.from(steps, ({ operator }) => codes[operator]),
      numbers: Uint32Array.from(steps, ({ value }) => value),
      from: Uint32Array.from(values, ({ from }) => from),
      to: Uint32Array.from(values, ({ to }) => to),
    }))
  }

  /** Inverted as a whole: a place outside of the packet makes the tests false, and their opposite true. */
  matches(passage: Passage, inverted: boolean): boolean {
    const tests = this.#tests
    for (let i = 0; i < tests.length; i++) {
      const answer = ask(passage, tests[i]!)
      if (answer === YES) continue
      if (answer === NO) return inverted
      passage.stop = STOP_UNKNOWN
      return false
    }
    return !inverted
  }
}

function ask(passage: Passage, { offset, operators, numbers, from, to }: Test): number {
  const { view, networkOffset, length, capturedEnd } = passage.settled()
  const captured = capturedEnd - networkOffset
  if (offset > length - 4) return NO
  if (offset > captured - 4) return UNKNOWN
  let value = view.getUint32(networkOffset + offset)
  let base = 0
  for (let i = 0; i < operators.length; i++) {
    const number = numbers[i]!
    switch (operators[i]) {
      case AND:
        value = (value & number) >>> 0
        break
      case LEFT:
        value = (value << number) >>> 0
        break
      case RIGHT:
        value >>>= number
        break
      default:
        base += value
        // 32 bits in the kernel: what overflows there is beyond any packet.
        if (base + number > length - 4) return NO
        if (base + number > captured - 4) return UNKNOWN
        value = view.getUint32(networkOffset + base + number)
    }
  }
  for (let i = 0; i < from.length; i++) if (from[i]! <= value && value <= to[i]!) return YES
  return NO
}
