/**
 * Numbers and addresses in FTP commands, read with the kernel's own laxness (Linux nf_conntrack_ftp.c, and
 * in6_pton of net/core/utils.c). Where it differs from the RFCs, firewalls differ with it.
 */

const COLON = 0x3a
const DOT = 0x2e
const NUL = 0

/** A byte, or -1 from `end` on. */
const byteAt = (bytes: Uint8Array, at: number, end: number) => (at < end ? bytes[at]! : -1)

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** 0–15, or -1. */
function hexValue(byte: number): number {
  if (isDigit(byte)) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

interface NumberList {
  /** Unsigned, modulo 2^32: nothing limits them to 255. */
  readonly numbers: Uint32Array
  /** Where the terminator stands. */
  readonly end: number
}

/**
 * `count` numbers with separators between them, ended by `terminator` (null: by any other character), or
 * null. An empty number is 0. The end of the data ends no number.
 */
export function readNumbers(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  separator: number,
  terminator: number | null,
): NumberList | null {
  const numbers = new Uint32Array(count)
  let index = 0
  for (let at = start; at < end && index < count; at++) {
    const byte = bytes[at]!
    if (isDigit(byte)) numbers[index] = Math.imul(numbers[index]!, 10) + byte - 0x30
    else if (byte === separator) index++
    else if ((terminator === null || byte === terminator) && index === count - 1) {
      return { numbers, end: at }
    } else return null
  }
  return null
}

/** The first four numbers of a list as an address word: not cut to bytes, or-ed together. */
export function addressOfNumbers(numbers: Uint32Array): number {
  return (numbers[0]! << 24) | (numbers[1]! << 16) | (numbers[2]! << 8) | numbers[3]!
}

/** A decimal port up to the delimiter, modulo 2^16, or null: 0, empty, another character, no delimiter. */
export function readPort(
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: number,
): { readonly port: number; readonly end: number } | null {
  let port = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === delimiter) return port === 0 ? null : { port, end: at + 1 }
    if (!isDigit(byte)) return null
    port = (port * 10 + byte - 0x30) & 0xffff
  }
  return null
}

/** The 32 bits of a dotted quad, and where it ends: at the delimiter, a NUL, a colon, or the end of the data. */
function readDottedQuad(
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: number,
): { readonly word: number; readonly end: number } | null {
  let word = 0
  let value = -1
  let parts = 0
  for (let at = start; ; at++) {
    const byte = byteAt(bytes, at, end)
    const ended = byte === delimiter || byte === NUL || byte === -1
    if (!ended && isDigit(byte)) {
      value = Math.max(value, 0) * 10 + byte - 0x30
      if (value > 255) return null
      continue
    }
    if (value < 0 || (!ended && byte !== DOT && byte !== COLON)) return null
    word = (word << 8) | value
    value = -1
    parts++
    if (byte !== DOT || ended) return parts === 4 ? { word, end: at } : null
    if (parts === 4) return null
  }
}

/**
 * An IPv6 address as text, ended by the delimiter, by a NUL, or (behind a dotted tail) by a colon.
 * A group may have leading zeros without limit; `::` stands for one group at least.
 */
export function readIPv6(
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: number,
): { readonly words: [number, number, number, number]; readonly end: number } | null {
  const groups: number[] = []
  let gap = -1
  let at = start
  const isEnd = () => {
    const byte = byteAt(bytes, at, end)
    return byte === delimiter || byte === NUL || byte === -1
  }
  const isColon = () => !isEnd() && bytes[at] === COLON
  if (isColon()) {
    at++
    if (!isColon()) return null
    at++
    gap = 0
  }
  // A group that ends with "::" leads back here with the end or the next group ahead.
  while (!(isEnd() && gap === groups.length)) {
    const token = at
    let value = 0
    while (!isEnd() && hexValue(bytes[at]!) >= 0) {
      if (value > 0xfff) return null
      value = (value << 4) | hexValue(bytes[at++]!)
    }
    if (at === token) return null
    const used = groups.length + (gap >= 0 ? 1 : 0)
    if (!isEnd() && bytes[at] === DOT) {
      if (gap >= 0 ? used > 6 : used !== 6) return null
      const tail = readDottedQuad(bytes, token, end, delimiter)
      if (tail === null) return null
      groups.push(tail.word >>> 16, tail.word & 0xffff)
      at = tail.end
      break
    }
    if (used > 7) return null
    groups.push(value)
    if (isEnd()) break
    if (!isColon()) return null
    if (used === 7) return null
    at++
    if (isColon()) {
      if (gap >= 0) return null
      gap = groups.length
      at++
    } else if (isEnd()) return null
  }
  if (gap < 0 && groups.length !== 8) return null
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0))
  const word = (index: number) => (groups[index * 2]! << 16) | groups[index * 2 + 1]!
  return { words: [word(0), word(1), word(2), word(3)], end: at }
}
