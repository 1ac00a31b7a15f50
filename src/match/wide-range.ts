import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal } from '../ruleset/extension.ts'
import { wideNumber } from '../ruleset/kind/number.ts'

const UINT64_MAX = (1n << 64n) - 1n

/** Both ends included, 64 bits. */
export interface WideRange {
  readonly from: bigint
  readonly to: bigint
}

/** `A`, `A:` for no end, `A:B`, `:B`. */
export const wideRange: Kind<WideRange> = {
  usage: 'A:[B]',
  expected: 'a number of 64 bits, or a range A:B of them',
  examples: () => ['0:', '1:9', '7', ':9', '0:18446744073709551615', '18446744073709551615:'],
  words: 1,
  read([text], context) {
    const colon = text!.indexOf(':')
    const low = colon < 0 ? text! : text!.slice(0, colon)
    const high = colon < 0 ? '' : text!.slice(colon + 1)
    const from = low === '' && colon >= 0 ? 0n : wideNumber.read([low], context)
    const to = high === '' ? UINT64_MAX : wideNumber.read([high], context)
    if (from instanceof Refusal) return from
    if (to instanceof Refusal) return to
    return from <= to ? { from, to } : new Refusal(`the range ${shown(text!)} begins behind its end`)
  },
  print: ({ from, to }) => (to === UINT64_MAX ? String(from) : `${from}:${to}`),
}
