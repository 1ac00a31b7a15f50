/** Numbers as the C library's strtoul reads them with base 0. */

const pattern = /^[ \t\n\v\f\r]*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/

/** Decimal, 0x or leading-0 octal, no sign but `+`; null if the text is no number or above 2^53. */
export function parseNumber(text: string): number | null {
  // Nearly every number of a ruleset is a short decimal one.
  if (text.length < 10 && text.charCodeAt(0) > 0x30) {
    let value = 0
    let i = 0
    for (; i < text.length; i++) {
      const digit = text.charCodeAt(i) - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    if (i === text.length) return value
  }
  const digits = text.length > 64 ? undefined : pattern.exec(text)?.[1]
  if (digits === undefined) return null
  const octal = digits.length > 1 && digits[0] === '0' && digits[1]!.toLowerCase() !== 'x'
  const value = octal ? Number.parseInt(digits, 8) : Number(digits)
  return value <= Number.MAX_SAFE_INTEGER ? value : null
}

export function inRange(text: string, min: number, max: number): number | null {
  const value = parseNumber(text)
  return value !== null && value >= min && value <= max ? value : null
}

/** `0x1f`. */
export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}

export const UINT32_MAX = 0xffff_ffff
