/** pcapng's options, and the interface description block (draft-ietf-opsawg-pcapng, 3.5 and 4.2). */

import {
  OPTION_END,
  OPTION_INTERFACE_NAME,
  OPTION_TIME_OFFSET,
  OPTION_TIME_RESOLUTION,
} from './pcapng-format.ts'
import { MAX_SECONDS, TimeScale } from './timestamp.ts'
import { decodeUtf8 } from './utf8.ts'

const SHORTEST_INTERFACE = 20

/** Linux allows 15 bytes, Windows names are long; beyond this a name is cut. */
const MAX_NAME_BYTES = 256

/** One interface of the current section. */
export interface SectionInterface {
  /** In the reader's list. */
  readonly index: number
  readonly linkType: number
  readonly scale: TimeScale
  linkTypeReported: boolean
}

export interface InterfaceDescription {
  readonly name: string | null
  readonly linkType: number
  readonly snapLength: number
  readonly scale: TimeScale
  /** What was wrong with its options, or ''. */
  readonly problem: string
}

/**
 * Offset of the first option with this code in `[at, end)`: its code, its length, then its bytes, all of
 * them inside. 0 where there is none, -1 where an option before it runs past the end.
 */
export function findOption(view: DataView, at: number, end: number, little: boolean, code: number): number {
  // The end marker may be missing where the block ends (draft, 3.5).
  while (at + 4 <= end) {
    const found = view.getUint16(at, little)
    if (found === OPTION_END) return 0
    const length = view.getUint16(at + 2, little)
    if (at + 4 + length > end) return -1
    if (found === code) return at
    at += 4 + ((length + 3) & ~3)
  }
  return 0
}

/** The whole block stands at `at`. Null where it is too short for its fields. */
export function readInterface(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  length: number,
  little: boolean,
): InterfaceDescription | null {
  if (length < SHORTEST_INTERFACE) return null
  const options = at + 16
  const end = at + length - 4
  const nameAt = findOption(view, options, end, little, OPTION_INTERFACE_NAME)
  const resolutionAt = findOption(view, options, end, little, OPTION_TIME_RESOLUTION)
  const offsetAt = findOption(view, options, end, little, OPTION_TIME_OFFSET)
  let problem = ''
  if (nameAt < 0 || resolutionAt < 0 || offsetAt < 0) {
    problem = 'an interface option that runs past its block: those before it are used'
  }
  let resolution = 6
  if (resolutionAt > 0) {
    if (view.getUint16(resolutionAt + 2, little) === 1) resolution = view.getUint8(resolutionAt + 4)
    else problem = 'an if_tsresol option that is not one byte long: microseconds assumed'
  }
  let offset = 0
  if (offsetAt > 0) {
    if (view.getUint16(offsetAt + 2, little) === 8) offset = readOffset(view, offsetAt + 4, little)
    else problem = 'an if_tsoffset option that is not eight bytes long: not applied'
    if (Math.abs(offset) > MAX_SECONDS) {
      problem = 'an if_tsoffset option beyond any calendar: not applied'
      offset = 0
    }
  }
  return {
    name: nameAt > 0 ? readName(view, bytes, nameAt, little) : null,
    linkType: view.getUint16(at + 8, little),
    snapLength: view.getUint32(at + 12, little),
    scale: new TimeScale(resolution, offset),
    problem,
  }
}

/** Signed 64-bit seconds; inexact beyond 2^53, which the caller refuses anyway. */
function readOffset(view: DataView, at: number, little: boolean): number {
  const high = view.getUint32(little ? at + 4 : at, little) | 0
  return high * 4294967296 + view.getUint32(little ? at : at + 4, little)
}

/** Some writers pad a name with zeros. */
function readName(view: DataView, bytes: Uint8Array, at: number, little: boolean): string | null {
  const start = at + 4
  const limit = start + Math.min(view.getUint16(at + 2, little), MAX_NAME_BYTES)
  let end = start
  while (end < limit && bytes[end] !== 0) end++
  return end === start ? null : decodeUtf8(bytes, start, end)
}
