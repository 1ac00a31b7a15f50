/**
 * IP addresses as text and as signed 32-bit words.
 *
 * Text forms are those of the C library's inet_ntop and inet_pton, because that is what the kernel's
 * tools print and read: lower case, the longest run of zero groups compressed, `::ffff:1.2.3.4`.
 */
import { FAMILY_IPV4, FAMILY_IPV6 } from './packet.ts'

/** Dotted quad of an address word, e.g. `192.0.2.1`. */
export function formatIPv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

/** Group 0–7 of an IPv6 address. */
function group(w0: number, w1: number, w2: number, w3: number, index: number): number {
  const word = index < 2 ? w0 : index < 4 ? w1 : index < 6 ? w2 : w3
  return (index & 1) === 0 ? word >>> 16 : word & 0xffff
}

/** Compressed form as inet_ntop prints it, e.g. `2001:db8::1`, `::ffff:192.0.2.1`, `::192.0.2.1`. */
export function formatIPv6(w0: number, w1: number, w2: number, w3: number): string {
  // The first of the longest runs of zero groups, if it is two groups or longer (RFC 5952, 4.2).
  let bestStart = -1
  let bestLength = 1
  let length = 0
  for (let i = 0; i < 8; i++) {
    length = group(w0, w1, w2, w3, i) === 0 ? length + 1 : 0
    if (length > bestLength) {
      bestLength = length
      bestStart = i - length + 1
    }
  }
  let text = ''
  for (let i = 0; i < 8; i++) {
    if (i === bestStart) {
      text += '::'
      i += bestLength - 1
      continue
    }
    if (text !== '' && !text.endsWith(':')) text += ':'
    // inet_ntop shows IPv4-compatible and IPv4-mapped addresses with their last 32 bits dotted.
    const mapped = bestLength === 5 && (w2 & 0xffff) === 0xffff
    if (i === 6 && bestStart === 0 && (bestLength === 6 || mapped)) return text + formatIPv4(w3)
    text += group(w0, w1, w2, w3, i).toString(16)
  }
  return text
}

/** Eight groups of four digits, as /proc prints: `2001:0db8:0000:0000:0000:0000:0000:0001`. */
export function formatIPv6Full(w0: number, w1: number, w2: number, w3: number): string {
  let text = ''
  for (let i = 0; i < 8; i++) {
    text += (i === 0 ? '' : ':') + group(w0, w1, w2, w3, i).toString(16).padStart(4, '0')
  }
  return text
}

/** Text of an address of either family (FAMILY_*), compressed. */
export function formatAddress(family: number, w0: number, w1: number, w2: number, w3: number): string {
  return family === FAMILY_IPV4 ? formatIPv4(w0) : formatIPv6(w0, w1, w2, w3)
}

/** The word of a dotted quad, or null. As strict as inet_pton: four decimal parts, no leading zeros. */
export function parseIPv4(text: string): number | null {
  let word = 0
  let parts = 0
  let value = -1 // of the part being read; -1 before its first digit
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? 0x2e : text.charCodeAt(i)
    if (code === 0x2e) {
      if (value < 0 || ++parts > 4) return null
      word = (word << 8) | value
      value = -1
    } else if (code >= 0x30 && code <= 0x39 && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - 0x30
      if (value > 255) return null
    } else {
      return null
    }
  }
  return parts === 4 ? word | 0 : null
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Reads an IPv6 address (no zone, no brackets) into four words; false, and `out` undefined, if it is none. */
export function parseIPv6(text: string, out: Int32Array): boolean {
  const groups: number[] = []
  let gap = -1 // number of groups in front of "::"
  let i = 0
  if (text.startsWith('::')) {
    gap = 0
    i = 2
  }
  while (i < text.length) {
    const start = i
    let value = 0
    while (i < text.length && hexDigit(text.charCodeAt(i)) >= 0) {
      if (i - start === 4) break
      value = (value << 4) | hexDigit(text.charCodeAt(i++))
    }
    if (text[i] === '.') {
      const word = parseIPv4(text.slice(start))
      if (word === null) return false
      groups.push(word >>> 16, word & 0xffff)
      break
    }
    if (i === start) return false
    groups.push(value)
    if (groups.length > 8) return false
    if (i === text.length) break
    if (text[i++] !== ':' || i === text.length) return false
    if (text[i] === ':') {
      if (gap >= 0) return false
      gap = groups.length
      i++
    }
  }
  // "::" stands for at least one group.
  if (gap >= 0 ? groups.length > 7 : groups.length !== 8) return false
  const missing = 8 - groups.length
  out.fill(0, 0, 4)
  groups.forEach((value, index) => {
    const at = gap >= 0 && index >= gap ? index + missing : index
    out[at >> 1] = out[at >> 1]! | ((at & 1) === 0 ? value << 16 : value)
  })
  return true
}

/** An address: `words` holds 1 (IPv4) or 4 (IPv6) words, in `Int32Array(4)` either way. */
export interface Address {
  readonly family: typeof FAMILY_IPV4 | typeof FAMILY_IPV6
  readonly words: Int32Array
}

/** Either family, or null if the text is neither. */
export function parseAddress(text: string): Address | null {
  const words = new Int32Array(4)
  const word = parseIPv4(text)
  if (word !== null) {
    words[0] = word
    return { family: FAMILY_IPV4, words }
  }
  return parseIPv6(text, words) ? { family: FAMILY_IPV6, words } : null
}
