/** Numbers that /etc/iproute2 has names for; of those only the one for 0 is the same everywhere. */
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal } from '../ruleset/extension.ts'
import { type MaskedNumber, maskedNumber } from '../ruleset/kind/number.ts'
import { UINT32_MAX } from '../ruleset/number.ts'

const numbers = maskedNumber('short')

export function groupNumber(zero: string): Kind<MaskedNumber> {
  return {
    ...numbers,
    usage: 'NUMBER[/MASK]',
    expected: `a number of 32 bits, with a mask or without; of names only ${zero}`,
    examples: (family) => [...numbers.examples(family), zero],
    read(texts, context) {
      if (texts[0] === zero) return { value: 0, mask: UINT32_MAX }
      const value = numbers.read(texts, context)
      return value instanceof Refusal
        ? new Refusal(`${shown(texts[0]!)} is no number; names are not looked up`)
        : value
    },
    print: (value, context) =>
      value.value === 0 && value.mask === UINT32_MAX ? zero : numbers.print(value, context),
  }
}
