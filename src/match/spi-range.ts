/** Security parameter indexes: ranges of them, and the test on the one that a packet has. */
import type { Passage } from '../hook/passage.ts'
import { without } from '../ruleset/extension.ts'
import { type Range, range } from '../ruleset/kind/number.ts'
import type { Setting, Settings } from '../ruleset/model.ts'
import { UINT32_MAX } from '../ruleset/number.ts'
import { hasHeader } from './transport-header.ts'

/** Ends may be reversed: such a range holds none. */
export const spiRange = range()

/** The kernel cannot tell a range of all from none; inverted it never matches, and is kept. */
export function dropAll(options: Settings, key: string, max = UINT32_MAX): Settings {
  const setting = options[key] as Setting<Range> | undefined
  if (setting === undefined || setting.inverted) return options
  const { from, to } = setting.value
  return from === 0 && to === max ? without(options, key) : options
}

/** spi_match; undefined: any. */
export function inRangeOf(setting: Setting<Range> | undefined, value: number): boolean {
  if (setting === undefined) return true
  return (value >= setting.value.from && value <= setting.value.to) !== setting.inverted
}

/** Reads the index at `offset` of a header of `length` bytes behind the IP header, and compares it. */
export function spiTest(setting: Setting<Range> | undefined, offset: number, length: number) {
  return (passage: Passage): boolean => {
    const { packet } = passage
    if (packet.fragmentOffset !== 0) return false
    // A header that is cut short drops the packet, whatever was captured of it.
    if (packet.transportLength < length) return hasHeader(passage, length)
    if (!hasHeader(passage, offset + 4)) return false
    return inRangeOf(setting, packet.view.getUint32(packet.transportOffset + offset))
  }
}
