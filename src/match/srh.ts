import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_NO, STOP_UNKNOWN } from '../hook/passage.ts'
import { HEADER_ROUTING } from '../packet/ipv6.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import type { MaskedAddress, Setting, Settings } from '../ruleset/model.ts'
import { ExtensionHeader } from './extension-header.ts'
import { keptAddress } from './kept-address.ts'

const segment = keptAddress('full')
const byte = number({ max: 255 })
const inByte = (name: `--${string}`, summary: string) =>
  option(byte, { names: [name], summary, invertible: true })

/** Tests that share one value in the kernel: the one given last. */
const groups = [
  ['lengthIs', 'lengthAbove', 'lengthBelow'],
  ['leftIs', 'leftAbove', 'leftBelow'],
  ['lastIs', 'lastAbove', 'lastBelow'],
] as const

function sharedValues(options: Settings): Settings {
  const result: Record<string, Setting> = { ...options }
  for (const group of groups) {
    const given = Object.keys(options).filter((key) => (group as readonly string[]).includes(key))
    const value = options[given[given.length - 1] ?? '']?.value
    for (const key of given) result[key] = { value, inverted: options[key]!.inverted }
  }
  return result
}

export const srh = defineMatch({
  name: 'srh',
  summary: 'looks at the segment routing header',
  family: 'ipv6',
  options: {
    next: inByte('--srh-next-hdr', 'the next header is this'),
    lengthIs: inByte('--srh-hdr-len-eq', 'the length field is this'),
    lengthAbove: inByte('--srh-hdr-len-gt', 'the length field is greater'),
    lengthBelow: inByte('--srh-hdr-len-lt', 'the length field is less'),
    leftIs: inByte('--srh-segs-left-eq', 'so many segments are left'),
    leftAbove: inByte('--srh-segs-left-gt', 'more segments are left'),
    leftBelow: inByte('--srh-segs-left-lt', 'fewer segments are left'),
    lastIs: inByte('--srh-last-entry-eq', 'the index of the last entry is this'),
    lastAbove: inByte('--srh-last-entry-gt', 'the index of the last entry is greater'),
    lastBelow: inByte('--srh-last-entry-lt', 'the index of the last entry is less'),
    tag: option(number({ max: 65535 }), {
      names: ['--srh-tag'],
      summary: 'the tag is this',
      invertible: true,
    }),
    previous: option(segment, {
      names: ['--srh-psid'],
      summary: 'the segment before is this',
      invertible: true,
    }),
    following: option(segment, {
      names: ['--srh-nsid'],
      summary: 'the segment behind is this',
      invertible: true,
    }),
    final: option(segment, { names: ['--srh-lsid'], summary: 'the last segment is this', invertible: true }),
  },
  normalise: sharedValues,
  /** srh1_mt6 (RFC 8754, 2). */
  compile(options): Test {
    const header = new ExtensionHeader(HEADER_ROUTING)
    return (passage) => {
      if (!header.find(passage)) return missing(passage)
      if (header.room(passage) < header.length || !hasBytes(passage, header, HEADER)) return false
      const { view } = passage.packet
      const { at } = header
      const left = view.getUint8(at + 3)
      const last = view.getUint8(at + 4)
      if (view.getUint8(at + 2) !== SEGMENT_ROUTING || left > last) return false
      if (!equal(options.next, view.getUint8(at))) return false
      if (!compares(options.lengthIs, options.lengthAbove, options.lengthBelow, view.getUint8(at + 1)))
        return false
      if (!compares(options.leftIs, options.leftAbove, options.leftBelow, left)) return false
      if (!compares(options.lastIs, options.lastAbove, options.lastBelow, last)) return false
      // The tool leaves it in the byte order of its machine; nearly all are little-endian.
      if (!equal(options.tag, view.getUint16(at + 6, true))) return false
      const { previous, following, final } = options
      if (previous && (left === last || !hasSegment(passage, header, left + 1, previous))) return false
      if (following && (left === 0 || !hasSegment(passage, header, left - 1, following))) return false
      return !final || hasSegment(passage, header, 0, final)
    }
  },
})

const HEADER = 8
const SEGMENT_ROUTING = 4

/** Other than most, this match drops no packet. */
function missing(passage: Passage): false {
  if (passage.stop !== STOP_UNKNOWN) passage.stop = STOP_NO
  return false
}

function hasBytes(passage: Passage, header: ExtensionHeader, bytes: number): boolean {
  return header.has(passage, bytes) || missing(passage)
}

function equal(setting: Setting<number> | undefined, value: number): boolean {
  return setting === undefined || (setting.value === value) !== setting.inverted
}

function compares(
  is: Setting<number> | undefined,
  above: Setting<number> | undefined,
  below: Setting<number> | undefined,
  value: number,
): boolean {
  if (!equal(is, value)) return false
  if (above !== undefined && value > above.value === above.inverted) return false
  return below === undefined || value < below.value !== below.inverted
}

function hasSegment(
  passage: Passage,
  header: ExtensionHeader,
  index: number,
  { value: { address, mask }, inverted }: Setting<MaskedAddress>,
): boolean {
  const offset = HEADER + index * 16
  if (!hasBytes(passage, header, offset + 16)) return false
  const { view } = passage.packet
  let difference = 0
  for (let i = 0; i < 4; i++) {
    difference |= (view.getInt32(header.at + offset + i * 4) ^ address[i]!) & mask[i]!
  }
  return (difference === 0) !== inverted
}
