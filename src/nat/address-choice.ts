/**
 * Which address of a range a connection gets (find_best_ips_proto): a hash of its own source address decides, and, unless
 * the rule says `--persistent`, of its destination. The hash has no secret, so the choice is Linux's own: that of a
 * little-endian machine, whose words are the address's bytes turned round.
 */
import { END_SOURCE } from '../packet/translate.ts'
import type { NatRange } from './range.ts'

/**
 * Writes the address chosen to the end `end` of `addresses` (source words 0–3, destination words 4–7; IPv4 in 0 and 4).
 */
export function chooseAddress(
  addresses: Int32Array,
  range: NatRange,
  ipv6: boolean,
  end: number,
  zone: number,
): void {
  if (range.addresses === null) return
  const { from, to } = range.addresses
  const at = end === END_SOURCE ? 0 : 4
  if (from.every((word, index) => word === to[index])) {
    for (let i = 0; i < 4; i++) addresses[at + i] = from[i]!
    return
  }
  const last = ipv6 ? 3 : 0
  let hash = jenkins(addresses, range.persistent ? 0 : swapped(addresses[4 + last]!) ^ zone)
  // Words behind one that is not the last of the range may be anything.
  let free = false
  for (let i = 0; i <= last; i++) {
    const first = free ? 0 : from[i]!
    const count = free ? -1 : (to[i]! - from[i]! + 1) | 0
    addresses[at + i] = first + scaled(hash, count)
    if (addresses[at + i] !== to[i]) free = true
    if (!range.persistent) hash ^= swapped(addresses[4 + i]!)
  }
}

/** `hash` × `count` / 2^32, all of them unsigned (reciprocal_scale). */
function scaled(hash: number, count: number): number {
  const high = hash >>> 16
  const low = hash & 0xffff
  const times = count >>> 0
  // Each product is below 2^48: exact.
  return Math.floor((high * times + Math.floor((low * times) / 0x1_0000)) / 0x1_0000) | 0
}

/** The bytes of a word turned round. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** Bob Jenkins' lookup3 over the four words of the source, as hashword() has it (public domain, 2006). */
function jenkins(words: Int32Array, seed: number): number {
  let a = (0xdeadbeef + (4 << 2) + seed) | 0
  let b = a
  let c = a
  a = (a + swapped(words[0]!)) | 0
  b = (b + swapped(words[1]!)) | 0
  c = (c + swapped(words[2]!)) | 0
  a = (a - c) ^ rotated(c, 4)
  c = (c + b) | 0
  b = (b - a) ^ rotated(a, 6)
  a = (a + c) | 0
  c = (c - b) ^ rotated(b, 8)
  b = (b + a) | 0
  a = (a - c) ^ rotated(c, 16)
  c = (c + b) | 0
  b = (b - a) ^ rotated(a, 19)
  a = (a + c) | 0
  c = (c - b) ^ rotated(b, 4)
  b = (b + a) | 0
  a = (a + swapped(words[3]!)) | 0
  c = ((c ^ b) - rotated(b, 14)) | 0
  a = ((a ^ c) - rotated(c, 11)) | 0
  b = ((b ^ a) - rotated(a, 25)) | 0
  c = ((c ^ b) - rotated(b, 16)) | 0
  a = ((a ^ c) - rotated(c, 4)) | 0
  b = ((b ^ a) - rotated(a, 14)) | 0
  return ((c ^ b) - rotated(b, 24)) | 0
}
