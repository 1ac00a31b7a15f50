/** A mark compared under a mask: the packet's, or its connection's. */
import { option, type Problem } from '../ruleset/extension.ts'
import { type MaskedNumber, maskedNumber } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

export const markOption = option(maskedNumber('short'), {
  names: ['--mark'],
  summary: 'the bits of MASK are those of VALUE',
  invertible: true,
  required: true,
})

/** The value is not masked first, as in xt_mark. */
export function checkMark({ value, inverted }: Setting<MaskedNumber>): readonly Problem[] {
  if (inverted || (value.value & ~value.mask) === 0) return []
  const message = 'the value has bits that the mask has not: this never matches'
  return [{ severity: 'warning', code: 'never-matches', option: 'mark', message }]
}
