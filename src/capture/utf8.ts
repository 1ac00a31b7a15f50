/** UTF-8 by hand: the engine's language library has no TextEncoder. */

/** A lone surrogate becomes U+FFFD, as in the Encoding Standard. */
export function encodeUtf8(text: string): Uint8Array {
  // A UTF-16 unit takes three bytes at most (a pair takes four).
  const bytes = new Uint8Array(text.length * 3)
  let size = 0
  for (let i = 0; i < text.length; i++) {
    let point = text.codePointAt(i)!
    if (point > 0xffff) i++
    else if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
    if (point < 0x80) {
      bytes[size++] = point
      continue
    }
    if (point < 0x800) {
      bytes[size++] = 0xc0 | (point >> 6)
    } else {
      if (point < 0x10000) {
        bytes[size++] = 0xe0 | (point >> 12)
      } else {
        bytes[size++] = 0xf0 | (point >> 18)
        bytes[size++] = 0x80 | ((point >> 12) & 0x3f)
      }
      bytes[size++] = 0x80 | ((point >> 6) & 0x3f)
    }
    bytes[size++] = 0x80 | (point & 0x3f)
  }
  return bytes.subarray(0, size)
}

/** Each byte that begins no well-formed sequence (RFC 3629, section 4) becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; ) {
    const first = bytes[i]!
    const more =
      first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1
    let point = more === 0 ? first : first & (0x3f >> more)
    let valid = more >= 0 && i + more < end
    for (let k = 1; valid && k <= more; k++) {
      const next = bytes[i + k]!
      valid = (next & 0xc0) === 0x80
      point = (point << 6) | (next & 0x3f)
    }
    // Overlong forms, surrogates, beyond Unicode.
    if (more === 2 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) valid = false
    if (more === 3 && (point < 0x10000 || point > 0x10ffff)) valid = false
    text += valid ? String.fromCodePoint(point) : '\ufffd'
    i += valid ? 1 + more : 1
  }
  return text
}
