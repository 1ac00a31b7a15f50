/** The CRC-32 of gzip (RFC 1952, 8). Node's own came with 20.15. */

// Reflected polynomial of ISO 3309. Table n is for a byte that n more bytes follow: four are added at a time.
const polynomial = 0xedb88320
const tables = new Int32Array(4 * 256)
for (let i = 0; i < 256; i++) {
  let value = i
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ polynomial : value >>> 1
  tables[i] = value
}
for (let i = 256; i < tables.length; i++) {
  const before = tables[i - 256]!
  tables[i] = tables[before & 255]! ^ (before >>> 8)
}

/** Continues a CRC-32 over the bytes; an int32. Start with 0. */
export function crc32(bytes: Uint8Array, crc: number): number {
  let value = ~crc
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    value =
      tables[768 + (value & 255)]! ^
      tables[512 + ((value >>> 8) & 255)]! ^
      tables[256 + ((value >>> 16) & 255)]! ^
      tables[value >>> 24]!
  }
  for (; at < bytes.length; at++) value = tables[(value ^ bytes[at]!) & 255]! ^ (value >>> 8)
  return ~value
}
