/** Addresses and masks as iptables reads and prints them. */
import { formatIPv4, formatIPv6, parseIPv6 } from '../packet/address.ts'
import type { Family, MaskedAddress } from './model.ts'
import { inRange, parseNumber } from './number.ts'

const WORD_BITS = 32

export const wordsOf = (family: Family) => (family === 'ipv4' ? 1 : 4)
export const bitsOf = (family: Family) => wordsOf(family) * WORD_BITS

/** A mask of so many leading ones, as words. */
export function prefixMask(family: Family, bits: number): readonly number[] {
  return masks[family][bits]!
}

const masks = { ipv4: allMasks('ipv4'), ipv6: allMasks('ipv6') }

function allMasks(family: Family): readonly (readonly number[])[] {
  return Array.from({ length: bitsOf(family) + 1 }, (_, bits) =>
    Array.from({ length: wordsOf(family) }, (_, word) => {
      const ones = Math.max(0, Math.min(WORD_BITS, bits - word * WORD_BITS))
      return ones === 0 ? 0 : (-1 << (WORD_BITS - ones)) | 0
    }),
  )
}

/** How many leading ones, or null if ones follow on zeros. */
export function prefixLength(mask: readonly number[]): number | null {
  let bits = 0
  let ended = false
  for (const word of mask) {
    const ones = Math.clz32(~word)
    if (ended ? word !== 0 : word !== (ones === 0 ? 0 : (-1 << (WORD_BITS - ones)) | 0)) return null
    if (ones < WORD_BITS) ended = true
    bits += ones
  }
  return bits
}

/** Up to four numbers between dots, zeros on the right; parts may be hexadecimal or octal. */
function parseShortIPv4(text: string): number | null {
  const parts = text.split('.', 5)
  if (parts.length > 4) return null
  let word = 0
  for (let i = 0; i < 4; i++) {
    const part = i < parts.length ? inRange(parts[i]!, 0, 255) : 0
    if (part === null) return null
    word = (word << 8) | part
  }
  return word
}

/** As inet_aton: the last number fills what is left, so that `256` is 0.0.1.0 and `10.300` is 10.0.1.44. */
function parseFilledIPv4(text: string): number | null {
  const parts = text.split('.', 5)
  if (parts.length > 4) return null
  let word = 0
  for (let i = 0; i < parts.length - 1; i++) {
    const part = inRange(parts[i]!, 0, 255)
    if (part === null) return null
    word |= part << (24 - 8 * i)
  }
  const last = inRange(parts[parts.length - 1]!, 0, 2 ** (8 * (5 - parts.length)) - 1)
  return last === null ? null : word | last
}

/**
 * The words of an address without a mask, or null. IPv4 may be short: `10` is 10.0.0.0; what is none in this way is read as
 * the C library reads it.
 */
export function parseHost(text: string, family: Family): readonly number[] | null {
  if (text.length > 64) return null
  if (family === 'ipv4') {
    const word = parseShortIPv4(text) ?? parseFilledIPv4(text)
    return word === null ? null : [word]
  }
  const words = new Int32Array(4)
  return parseIPv6(text, words) ? [...words] : null
}

/** All four parts of an IPv4 address written out. */
export function parseFullHost(text: string, family: Family): readonly number[] | null {
  return family === 'ipv4' && text.split('.').length !== 4 ? null : parseHost(text, family)
}

/** What stands behind the slash, or null. */
export function parseMask(text: string, family: Family): readonly number[] | null {
  const bits = parseNumber(text)
  if (bits !== null) return bits <= bitsOf(family) ? prefixMask(family, bits) : null
  return parseFullHost(text, family)
}

export function maskAddress(address: readonly number[], mask: readonly number[]): MaskedAddress {
  return { address: address.map((word, index) => word & mask[index]!), mask }
}

export function formatHost(address: readonly number[]): string {
  return address.length === 1
    ? formatIPv4(address[0]!)
    : formatIPv6(address[0]!, address[1]!, address[2]!, address[3]!)
}

/** `24`, or the mask as an address if it is no prefix. */
export function formatMask(mask: readonly number[]): string {
  return String(prefixLength(mask) ?? formatHost(mask))
}

export function isAllOnes(mask: readonly number[]): boolean {
  return mask.every((word) => word === -1)
}

export function isZero(words: readonly number[]): boolean {
  return words.every((word) => word === 0)
}
