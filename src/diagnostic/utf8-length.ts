/** Lengths in bytes: iptables counts bytes, a text counts UTF-16 units. */

/** Bytes that the text takes as UTF-8. */
export function utf8Length(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // A pair of surrogates: two units, four bytes.
    size += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2
  }
  return size
}

/** The text's beginning, `limit` bytes at most, no character cut. */
export function cutUtf8(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text
  let size = 0
  let end = 0
  for (const character of text) {
    size += utf8Length(character)
    if (size > limit) break
    end += character.length
  }
  return text.slice(0, end)
}

/** Order of the bytes, which is that of the code points. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    // Surrogates stand for what is above all single units.
    const pairs = Number((left & 0xf800) === 0xd800) - Number((right & 0xf800) === 0xd800)
    return pairs !== 0 ? pairs : left - right
  }
  return a.length - b.length
}
