/**
 * Internet checksum (RFC 1071) and CRC32c (RFC 9260, appendix A). Nothing here allocates.
 *
 * A *sum* is the running 16-bit ones' complement sum, folded to 0–0xffff, in network byte order.
 */

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

// 16,384 words add at most 2^31 − 32768 to a folded sum: the accumulator stays an int32.
const blockBytes = 16_383 * 4

/** Adds the bytes from `start` to `end` to a folded sum. An odd last byte is padded with zero. */
export function addSum(view: DataView, start: number, end: number, sum: number): number {
  let at = start
  let total = sum
  while (end - at >= 4) {
    const stop = end - at > blockBytes ? at + blockBytes : at + ((end - at) & ~3)
    for (; at < stop; at += 4) {
      const word = view.getInt32(at)
      total += (word >>> 16) + (word & 0xffff)
    }
    total = fold(total)
  }
  if (end - at >= 2) {
    total += view.getUint16(at)
    at += 2
  }
  if (end > at) total += view.getUint8(at) << 8
  return fold(total)
}

/** Adds the two halves of a 32-bit word to a folded sum. */
export function addWord(sum: number, word: number): number {
  return fold(sum + (word >>> 16) + (word & 0xffff))
}

/** Checksum of the bytes, as it goes into a header whose own field is zero; 0 over a header that is right. */
export function internetChecksum(view: DataView, start: number, end: number, sum = 0): number {
  return ~addSum(view, start, end, sum) & 0xffff
}

// Reflected Castagnoli polynomial.
const polynomial = 0x82f63b78
const crcTable = new Int32Array(256)
for (let i = 0; i < 256; i++) {
  let value = i
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ polynomial : value >>> 1
  crcTable[i] = value
}

/** Continues a CRC32c over the bytes; start with -1 and complement the end. */
export function addCrc32c(bytes: Uint8Array, start: number, end: number, crc: number): number {
  let value = crc
  for (let i = start; i < end; i++) value = crcTable[(value ^ bytes[i]!) & 255]! ^ (value >>> 8)
  return value
}

/** CRC32c of the bytes, as an int32. SCTP stores it little-endian (RFC 9260, appendix A). */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  return ~addCrc32c(bytes, start, end, -1)
}
