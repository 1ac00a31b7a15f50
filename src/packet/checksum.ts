/**
 * Internet checksum (RFC 1071) and CRC32c (RFC 9260, appendix A). Nothing here allocates.
 *
 * A *sum* is the running 16-bit ones' complement sum, folded to 0–0xffff, in network byte order.
 */

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

/** Bytes of a block, and of so many blocks that their words cannot overflow an int32 on top of a folded sum. */
const BLOCK = 16
const BLOCKS = 4_095 * BLOCK

/** By the bytes of a last block that is not full: which bits of its four words they are. */
const tailMasks = Int32Array.from({ length: BLOCK * 4 }, (_, index) => {
  const bytes = (index >> 2) - (index & 3) * 4
  return bytes <= 0 ? 0 : bytes >= 4 ? -1 : ~(-1 >>> (bytes * 8))
})

/** Adds the bytes from `start` to `end` to a folded sum. An odd last byte is padded with zero. `limit`: bytes of the view. */
export function addSum(
  view: DataView,
  start: number,
  end: number,
  sum: number,
  limit = view.byteLength,
): number {
  let at = start | 0
  let total = sum | 0
  while (end - at >= BLOCK) {
    const stop = (end - at > BLOCKS ? at + BLOCKS : end - ((end - at) & 15)) | 0
    for (; at < stop; at = (at + BLOCK) | 0) {
      const a = view.getInt32(at)
      const b = view.getInt32((at + 4) | 0)
      const c = view.getInt32((at + 8) | 0)
      const d = view.getInt32((at + 12) | 0)
      total = (total + (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff)) | 0
      total = (total + (c >>> 16) + (c & 0xffff) + (d >>> 16) + (d & 0xffff)) | 0
    }
    total = fold(total)
  }
  const rest = (end - at) | 0
  if (at + BLOCK > limit) return addLast(view, at, end, total)
  return rest > 0 ? addRest(view, at, rest, total) : total
}

/**
 * Adds the `rest` (0 to 15) bytes at `at` to a sum below 2^30, where 16 can be read: what is too much is masked out, because no
 * branch could predict how many words it is.
 */
export function addRest(view: DataView, at: number, rest: number, sum: number): number {
  const mask = rest << 2
  const a = view.getInt32(at) & tailMasks[mask]!
  const b = view.getInt32((at + 4) | 0) & tailMasks[mask | 1]!
  const c = view.getInt32((at + 8) | 0) & tailMasks[mask | 2]!
  const d = view.getInt32((at + 12) | 0) & tailMasks[mask | 3]!
  const total = (sum + (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff)) | 0
  return fold((total + (c >>> 16) + (c & 0xffff) + (d >>> 16) + (d & 0xffff)) | 0)
}

/** Where the memory ends before the block does. */
function addLast(view: DataView, start: number, end: number, sum: number): number {
  let total = sum
  let at = start
  for (; end - at >= 2; at += 2) total += view.getUint16(at)
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
