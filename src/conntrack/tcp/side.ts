/**
 * What each direction has sent, inside an entry's words: `side` is the index of the direction's first window word.
 * Sequence numbers are int32 with the bits of the unsigned value; comparisons wrap (RFC 9293, 3.4).
 */
import { FLOW, FLOW_SCALE_SHIFT, TCP_END, TCP_SIDE } from '../entry.ts'

export * from './side-words.ts'

export function sideAt(at: number, direction: number): number {
  return at + TCP_END + direction * TCP_SIDE
}

export function sideFlags(words: Int32Array, at: number, direction: number): number {
  return (words[at + FLOW]! >>> (direction * 8)) & 0xff
}

export function setSideFlags(words: Int32Array, at: number, direction: number, flags: number): void {
  const shift = direction * 8
  words[at + FLOW] = (words[at + FLOW]! & ~(0xff << shift)) | (flags << shift)
}

export function sideScale(words: Int32Array, at: number, direction: number): number {
  return (words[at + FLOW]! >>> (FLOW_SCALE_SHIFT + direction * 4)) & 0xf
}

export function setSideScale(words: Int32Array, at: number, direction: number, scale: number): void {
  const shift = FLOW_SCALE_SHIFT + direction * 4
  words[at + FLOW] = (words[at + FLOW]! & ~(0xf << shift)) | (scale << shift)
}

export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

export function after(a: number, b: number): boolean {
  return ((b - a) | 0) < 0
}
