/** The ways to write a change of a mark, each of which is one: mark = (mark AND NOT mask) XOR value. */
import { type Shorthand, shorthand } from '../ruleset/extension.ts'
import { type MaskedNumber, maskedNumber, number } from '../ruleset/kind/number.ts'
import type { Settings } from '../ruleset/model.ts'
import { UINT32_MAX } from '../ruleset/number.ts'

const bits = number({ usage: 'BITS' })

/** Keys of the shorthands: an extension's option `xmark` excludes them. */
export const markShorthandKeys = ['setMark', 'andMark', 'orMark', 'xorMark'] as const

function xmark(value: number, mask: number): Settings {
  return {
    xmark: { value: { value: value >>> 0, mask: mask >>> 0 } satisfies MaskedNumber, inverted: false },
  }
}

/** @param excludes Keys of further options that change the mark. */
export function markShorthands(excludes: readonly string[]): Readonly<Record<string, Shorthand<unknown>>> {
  const others = [...excludes, ...markShorthandKeys]
  return {
    setMark: shorthand(maskedNumber('full'), {
      names: ['--set-mark'],
      summary: 'clears the bits of the mask, and sets those of the value',
      excludes: others,
      stands: ({ value, mask }) => xmark(value, value | mask),
    }),
    andMark: shorthand(bits, {
      names: ['--and-mark'],
      summary: 'keeps only these bits',
      excludes: others,
      stands: (value) => xmark(0, ~value),
    }),
    orMark: shorthand(bits, {
      names: ['--or-mark'],
      summary: 'sets these bits',
      excludes: others,
      stands: (value) => xmark(value, value),
    }),
    xorMark: shorthand(bits, {
      names: ['--xor-mark'],
      summary: 'turns these bits over',
      excludes: others,
      stands: (value) => xmark(value, 0),
    }),
  }
}

export const fullMask = UINT32_MAX
