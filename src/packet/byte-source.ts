/** Bytes to build from: an array of them, numbers, or text of which each character is one byte. */
export type ByteSource = Uint8Array | readonly number[] | string

export function bytesOf(source: ByteSource): Uint8Array {
  if (typeof source === 'string') return Uint8Array.from(source, (letter) => letter.charCodeAt(0))
  return source instanceof Uint8Array ? source : Uint8Array.from(source)
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
