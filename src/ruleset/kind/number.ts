import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'
import { hex, inRange, parseNumber, UINT32_MAX } from '../number.ts'

export interface NumberKind {
  readonly min?: number
  readonly max?: number
  readonly usage?: string
  /** Of the printed form. */
  readonly base?: 10 | 16
  /** Hexadecimal digits at least. */
  readonly digits?: number
  /** Neither hexadecimal nor octal is understood. */
  readonly decimal?: boolean
  /** What it counts, for messages: `packets`. */
  readonly unit?: string
}

/** A number in a range, both ends included; 32 bits unless told. */
export function number({
  min = 0,
  max = UINT32_MAX,
  usage = 'N',
  base = 10,
  digits = 1,
  decimal = false,
  unit = '',
}: NumberKind = {}): Kind<number> {
  const expected = `a number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`
  return {
    usage,
    expected,
    examples: () => [String(min), String(max), decimal ? '9' : hex(Math.min(max, min + 9))],
    words: 1,
    read([text]) {
      const value = decimal && !/^\d+$/.test(text!) ? null : parseNumber(text!)
      if (value === null) return new Refusal(`${shown(text!)} is no number`)
      if (value < min || value > max) return new Refusal(`${shown(text!)} is outside ${min}–${max}`)
      return value
    },
    print: (value) => (base === 10 ? String(value) : `0x${value.toString(16).padStart(digits, '0')}`),
  }
}

/** `A`, `A:B`, `A:`, `:B`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** A number or two with a colon between; a missing end is the least or greatest number. Ends may be reversed. */
export function range({ max = UINT32_MAX, usage = 'A[:B]', unit = '' } = {}): Kind<Range> {
  return {
    usage,
    expected: `a number from 0 to ${max} or a range A:B${unit === '' ? '' : ` (${unit})`}`,
    examples: () => ['0', String(max), '1:9', ':9', '9:'],
    words: 1,
    read([text]) {
      const colon = text!.indexOf(':')
      if (colon < 0) {
        const value = inRange(text!, 0, max)
        return value === null
          ? new Refusal(`${shown(text!)} is no number from 0 to ${max}`)
          : { from: value, to: value }
      }
      const from = text!.slice(0, colon)
      const to = text!.slice(colon + 1)
      const low = from === '' ? 0 : inRange(from, 0, max)
      const high = to === '' ? max : inRange(to, 0, max)
      if (low === null || high === null)
        return new Refusal(`${shown(text!)} is no range of numbers from 0 to ${max}`)
      return { from: low, to: high }
    },
    print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
  }
}

/** 64 bits: a number too large for a double keeps its digits. */
export const wideNumber: Kind<bigint> = {
  usage: 'N',
  expected: 'a number from 0 to 18446744073709551615',
  examples: () => ['0', '7', '18446744073709551615'],
  words: 1,
  read([text]) {
    const small = parseNumber(text!)
    if (small !== null) return BigInt(small)
    if (text!.length <= 20 && /^[1-9][0-9]*$/.test(text!)) {
      const value = BigInt(text!)
      if (value < 1n << 64n) return value
    }
    return new Refusal(`${shown(text!)} is no number from 0 to 18446744073709551615`)
  },
  print: (value) => String(value),
}

/** A value and the bits of it that count. */
export interface MaskedNumber {
  /** Both unsigned 32-bit. */
  readonly value: number
  readonly mask: number
}

/** `VALUE[/MASK]`, printed in hexadecimal. */
export function maskedNumber(print: 'short' | 'full'): Kind<MaskedNumber> {
  return {
    usage: 'VALUE[/MASK]',
    expected: 'a number of 32 bits, or two with a slash between (value and mask)',
    examples: () => ['0', '0xffffffff', '010', '1/0xff', '0x10/0x10', '0/0'],
    words: 1,
    read([text]) {
      const slash = text!.indexOf('/')
      const value = inRange(slash < 0 ? text! : text!.slice(0, slash), 0, UINT32_MAX)
      const mask = slash < 0 ? UINT32_MAX : inRange(text!.slice(slash + 1), 0, UINT32_MAX)
      if (value === null || mask === null)
        return new Refusal(`${shown(text!)} is no number of 32 bits with a mask`)
      return { value, mask }
    },
    print: ({ value, mask }) =>
      print === 'short' && mask === UINT32_MAX ? hex(value) : `${hex(value)}/${hex(mask)}`,
  }
}
